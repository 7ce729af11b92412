#include "runtime/client/backoff.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstdint>

namespace runnel {
namespace {

// Drawn where secrets are drawn, so that a test which puts its own source there has all of a
// client's randomness in hand. Without one the seed may be poor: this is no secret.
uint32_t Seed() {
  uint32_t seed = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&seed), sizeof(seed));
  return seed;
}

}  // namespace

Backoff::Backoff(absl::Duration first, absl::Duration limit)
    : first_(first), limit_(limit), next_(first) {}

absl::Duration Backoff::Next() {
  const absl::Duration longest = next_;
  next_ = std::min(next_ * 2, limit_);
  if (!random_) random_.emplace(Seed());
  return longest * std::uniform_real_distribution<double>(0.5, 1.0)(*random_);
}

}  // namespace runnel
