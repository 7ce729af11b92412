// Plan is what one run of a benchmark's client is asked to do, as its command line says it.
// Every client (of Runnel, of what it is compared with) understands the same one.

#ifndef RUNNEL_TESTS_BENCHMARK_PLAN_H_
#define RUNNEL_TESTS_BENCHMARK_PLAN_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace runnel::benchmark {

struct Plan {
  enum class Workload {
    kUnary,   // `outstanding` loops, each making one call after the other
    kStream,  // one server stream, read as fast as it comes
  };

  std::string server;  // "http://127.0.0.1:8080"
  Workload workload = Workload::kUnary;
  std::string codec = "proto";
  std::string route = "direct";
  int outstanding = 1;
  int payload_bytes = 100;
  // How long: `warm_up` uncounted, then `duration`; or, if not 0, so many messages.
  absl::Duration warm_up = absl::Milliseconds(100);
  absl::Duration duration = absl::Milliseconds(500);
  int64_t messages = 0;
};

// INVALID_ARGUMENT names the argument that is wrong.
absl::StatusOr<Plan> ParsePlan(int argc, char** argv);

}  // namespace runnel::benchmark

#endif  // RUNNEL_TESTS_BENCHMARK_PLAN_H_
