// What a process has spent, as the kernel counts it.

#ifndef RUNNEL_TESTS_BENCHMARK_PROCESS_COSTS_H_
#define RUNNEL_TESTS_BENCHMARK_PROCESS_COSTS_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace runnel::benchmark {

// Processor time, user and system, of all its threads. 0 for a process that is not there.
int64_t CpuNanoseconds(int pid);

// Memory it has to itself, and its part of what it shares (Pss). NOT_FOUND where the kernel does
// not say: there is no such process, or it is somebody else's.
absl::StatusOr<int64_t> MemoryBytes(int pid);

}  // namespace runnel::benchmark

#endif  // RUNNEL_TESTS_BENCHMARK_PROCESS_COSTS_H_
