// What gRPC's client of the benchmarks can do, by each of gRPC's interfaces.

#ifndef RUNNEL_TESTS_BENCHMARK_GRPC_CLIENT_H_
#define RUNNEL_TESTS_BENCHMARK_GRPC_CLIENT_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/benchmark/plan.h"
#include "tests/benchmark/tick.grpc.pb.h"

namespace runnel::benchmark {

// Carry out a plan of calls, of a stream or of a ping-pong, and return the figures.
absl::StatusOr<std::string> MeasureByCallbacks(const Plan& plan, Ticks::Stub& stub);
absl::StatusOr<std::string> MeasureByQueue(const Plan& plan, Ticks::Stub& stub);

inline absl::Status FromGrpc(const grpc::Status& status) {
  return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
}

// The request of a stream.
WatchRequest MakeWatchRequest(const Plan& plan);

// DATA_LOSS unless the trailers of the finished stream say that the server sent `received`
// messages.
absl::Status CheckSent(const grpc::ClientContext& context, int64_t received);

}  // namespace runnel::benchmark

#endif  // RUNNEL_TESTS_BENCHMARK_GRPC_CLIENT_H_
