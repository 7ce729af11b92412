// The ticks that benchmarks send, and the check that one arrived whole and in its turn.

#ifndef RUNNEL_TESTS_BENCHMARK_TICKS_H_
#define RUNNEL_TESTS_BENCHMARK_TICKS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "tests/benchmark/tick.pb.h"

namespace runnel::benchmark {

// The tick with sequence number 0.
Tick MakeTick(int payload_bytes);

void SetSequence(Tick& tick, int64_t sequence);

// DATA_LOSS, with what is wrong, unless `tick` is what MakeTick and SetSequence made.
absl::Status CheckTick(const Tick& tick, int64_t sequence, int payload_bytes);

}  // namespace runnel::benchmark

#endif  // RUNNEL_TESTS_BENCHMARK_TICKS_H_
