// Polling says whether a session's next down-stream is to be a bounded one, as a proxy on the way
// holds responses back until they end (PROTOCOL.md, B.5).

#ifndef RUNNEL_RUNTIME_CLIENT_POLLING_H_
#define RUNNEL_RUNTIME_CLIENT_POLLING_H_

#include <algorithm>

#include "absl/time/time.h"

namespace runnel {

// A value.
class Polling {
 public:
  // A stream was held back.
  void Begin(absl::Time now) {
    on_ = true;
    try_again_ = now + pause_;
    pause_ = std::min(2 * pause_, absl::Minutes(10));
  }
  // A stream without end has flowed.
  void End() {
    on_ = false;
    pause_ = absl::Minutes(1);
  }

  bool on() const { return on_; }
  // Now and then a stream without end is tried again: the network was perhaps only slow.
  bool bounded(absl::Time now) const { return on_ && now < try_again_; }

 private:
  bool on_ = false;
  absl::Time try_again_;
  absl::Duration pause_ = absl::Minutes(1);
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_POLLING_H_
