// AdaptiveWindow is how far a sender may be ahead of its receiver: little for those who are slow,
// as it is memory, and for those who are fast enough not to wait for their line.

#ifndef RUNNEL_RUNTIME_SESSION_ADAPTIVE_WINDOW_H_
#define RUNNEL_RUNTIME_SESSION_ADAPTIVE_WINDOW_H_

#include <algorithm>
#include <cstddef>

#include "absl/time/time.h"

namespace runnel {

// Holds what a receiver takes within a fifth of a second, about a round trip to the other side of
// the world. Not thread-safe.
class AdaptiveWindow {
 public:
  // Begins with `least` bytes.
  AdaptiveWindow(size_t least, size_t most)
      : least_(least), most_(std::max(least, most)), bytes_(least) {}

  size_t bytes() const { return bytes_; }

  // The receiver has taken so many bytes since the last time this was said. The window may be
  // twice as large after it, or half.
  void OnTaken(size_t taken, absl::Time now) {
    if (taken == 0) return;
    const absl::Duration whole =
        (now - last_) * (static_cast<double>(bytes_) / static_cast<double>(taken));
    last_ = now;
    if (whole < absl::Milliseconds(200)) {
      bytes_ = bytes_ < most_ / 2 ? 2 * bytes_ : most_;
    } else if (whole > absl::Seconds(2)) {
      bytes_ = std::max(bytes_ / 2, least_);
    }
  }

 private:
  const size_t least_;
  const size_t most_;
  size_t bytes_;
  absl::Time last_ = absl::InfinitePast();
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SESSION_ADAPTIVE_WINDOW_H_
