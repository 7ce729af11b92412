// A crowd of Runnel's clients.

#ifndef RUNNEL_TESTS_BENCHMARK_RUNNEL_CROWD_H_
#define RUNNEL_TESTS_BENCHMARK_RUNNEL_CROWD_H_

#include <string>

#include "runnel/client.h"
#include "tests/benchmark/plan.h"

namespace runnel::benchmark {

// The streams are still open when it returns: they end with the process.
absl::StatusOr<std::string> MeasureCrowd(const Plan& plan, const ChannelOptions& options,
                                         IoThread& io);

}  // namespace runnel::benchmark

#endif  // RUNNEL_TESTS_BENCHMARK_RUNNEL_CROWD_H_
