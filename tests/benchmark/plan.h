// Plan is what one run of a benchmark's client is asked to do, as its command line says it, and
// ServerPlan what its server is. Every peer (Runnel, what it is compared with) understands the
// same command lines.

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
    kPing,    // one bidi stream, on which a message follows the answer to the one before
    kCrowd,   // `subscribers` of one feed (crowd.h)
  };

  std::string server;  // "http://127.0.0.1:8080", or https
  int server_pid = 0;  // of the same machine; 0: what it spends is not measured
  std::string ca_file;
  Workload workload = Workload::kUnary;
  std::string codec = "proto";   // Runnel: or json
  std::string route = "direct";  // Runnel: or session
  std::string api = "callback";  // gRPC: or cq, its completion queues
  int outstanding = 1;
  int payload_bytes = 100;
  int subscribers = 1000;
  std::string connections = "own";  // of each subscriber; or one that is shared
  std::string publisher;            // Runnel: where a crowd's messages are published; or `server`
  absl::Duration period = absl::Milliseconds(20);  // between those whose deliveries are timed
  // How long: `warm_up` uncounted, then `duration`; or, if not 0, so many messages.
  absl::Duration warm_up = absl::Milliseconds(100);
  absl::Duration duration = absl::Milliseconds(500);
  int64_t messages = 0;
};

struct ServerPlan {
  std::string certificate_file;  // TLS, where set
  std::string key_file;
  int threads = 1;               // event loops: Runnel's, or threads of a completion queue
  std::string api = "callback";  // gRPC: or cq
  // gRPC: how many messages of a stream it may gather in one write (WriteOptions::set_buffer_hint
  // on all but each so manyth); 1: no hints.
  int gather = 1;
};

// INVALID_ARGUMENT names the argument that is wrong.
absl::StatusOr<Plan> ParsePlan(int argc, char** argv);
absl::StatusOr<ServerPlan> ParseServerPlan(int argc, char** argv);

}  // namespace runnel::benchmark

#endif  // RUNNEL_TESTS_BENCHMARK_PLAN_H_
