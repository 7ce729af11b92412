// RetryPolicy says when a call is made again although the server may have run it, which is only
// ever done for methods that declare it harmless (idempotency_level NO_SIDE_EFFECTS or IDEMPOTENT).

#ifndef RUNNEL_RUNTIME_CLIENT_RETRY_POLICY_H_
#define RUNNEL_RUNTIME_CLIENT_RETRY_POLICY_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace runnel {

// A call is made again only before its first response message has come. A call that is known never
// to have run is made again whatever its method and this policy say.
struct RetryPolicy {
  int max_attempts = 3;  // the first included; 1: no retry
  std::vector<absl::StatusCode> codes = {absl::StatusCode::kUnavailable};
  // The pause before the second attempt, and the longest; doubled each time, with jitter.
  absl::Duration first_pause = absl::Milliseconds(100);
  absl::Duration longest_pause = absl::Seconds(5);
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_RETRY_POLICY_H_
