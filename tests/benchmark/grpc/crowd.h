// A crowd of gRPC's clients, by either of its interfaces.

#ifndef RUNNEL_TESTS_BENCHMARK_GRPC_CROWD_H_
#define RUNNEL_TESTS_BENCHMARK_GRPC_CROWD_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tests/benchmark/plan.h"
#include "tests/benchmark/tick.grpc.pb.h"

namespace runnel::benchmark {

// `connect` makes a channel with a connection of its own. The streams are still open when it
// returns: they end with the process.
using Connect = std::function<std::shared_ptr<grpc::Channel>()>;
absl::StatusOr<std::string> MeasureCrowd(const Plan& plan, const Connect& connect);

}  // namespace runnel::benchmark

#endif  // RUNNEL_TESTS_BENCHMARK_GRPC_CROWD_H_
