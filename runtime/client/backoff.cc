#include "runtime/client/backoff.h"

#include <algorithm>

namespace runnel {

Backoff::Backoff(absl::Duration first, absl::Duration limit)
    : first_(first), limit_(limit), next_(first), random_(std::random_device()()) {}

absl::Duration Backoff::Next() {
  const absl::Duration longest = next_;
  next_ = std::min(next_ * 2, limit_);
  return longest * std::uniform_real_distribution<double>(0.5, 1.0)(random_);
}

}  // namespace runnel
