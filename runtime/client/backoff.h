// Backoff says how long to wait before the next attempt: longer each time, and never the
// same for everyone, so that clients of a server that comes back do not come all at once.

#ifndef RUNNEL_RUNTIME_CLIENT_BACKOFF_H_
#define RUNNEL_RUNTIME_CLIENT_BACKOFF_H_

#include <optional>
#include <random>

#include "absl/time/time.h"

namespace runnel {

// Exponential with full jitter over its upper half. Not thread-safe.
class Backoff {
 public:
  explicit Backoff(absl::Duration first = absl::Milliseconds(100),
                   absl::Duration limit = absl::Seconds(5));

  absl::Duration Next();
  void Reset() { next_ = first_; }

 private:
  const absl::Duration first_;
  const absl::Duration limit_;
  absl::Duration next_;
  std::optional<std::minstd_rand> random_;  // seeded when needed: most calls never wait
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_BACKOFF_H_
