#include "runtime/client/event_source_pause.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace runnel {
namespace {

// Longer pauses than a stream may set, and than clocks like.
constexpr absl::Duration kLongestReconnectionTime = absl::Hours(24 * 365);
// Where the stream has set none at all, repeated failures still wait.
constexpr absl::Duration kLeastRepeatedPause = absl::Milliseconds(100);

// From 0 to 1.
double Random() {
  uint32_t bits = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&bits), sizeof(bits));
  return bits / 4294967296.0;
}

}  // namespace

absl::Duration PauseAfter(int failures, const EventSourceRetry& retry,
                          absl::Duration reconnection_time, absl::Duration at_least) {
  absl::Duration pause =
      std::clamp(reconnection_time, absl::ZeroDuration(), kLongestReconnectionTime);
  if (failures > 1) {
    const absl::Duration longest = std::max(pause, retry.longest_pause);
    pause = std::max(pause, kLeastRepeatedPause);
    // No further than a double can count.
    pause *= std::pow(std::max(retry.growth, 1.0), std::min(failures - 1, 100));
    pause = std::min(pause, longest);
  }
  pause = std::max(pause, std::min(at_least, kLongestReconnectionTime));
  return pause * (1 + std::max(retry.jitter, 0.0) * Random());
}

}  // namespace runnel
