// The calls that clients of a cluster make in a run, and what they see.

#ifndef RUNNEL_TESTS_FAULT_CLUSTER_CALLS_H_
#define RUNNEL_TESTS_FAULT_CLUSTER_CALLS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "tests/fault/counted_service.h"

namespace fault {

struct ClusterCallPlan {
  absl::Duration start;
  absl::Duration pause;  // between messages
  uint32_t messages = 0;
  size_t bytes = 0;
  enum class Kind { kUnary, kDown, kBoth } kind = Kind::kBoth;
};

enum class CallResult { kIdentical, kSessionLost, kLost, kDoubled, kReordered, kHung };
inline constexpr size_t kCallResults = 6;

// What a call came to. Written on the clients' loop.
struct SeenCall {
  void Take(const Item& item, Direction direction);

  size_t call = 0;
  bool ended = false;
  absl::Status status;
  absl::Time ended_at;
  std::string node;  // where it ran, if anybody said
  uint32_t next = 0;
  uint32_t count = 0;
  std::string fault;  // of the messages
  CallResult bad = CallResult::kIdentical;
};

// Makes the call, and waits for its end.
runnel::Awaitable<void> MakeClusterCall(Counted::Stub& stub, ClusterCallPlan plan, SeenCall& seen);

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_CLUSTER_CALLS_H_
