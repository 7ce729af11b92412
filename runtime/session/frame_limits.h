// The limits under which a session reads what carries frames.

#ifndef RUNNEL_RUNTIME_SESSION_FRAME_LIMITS_H_
#define RUNNEL_RUNTIME_SESSION_FRAME_LIMITS_H_

#include <limits>

#include "runtime/core/limits.h"

namespace runnel {

// Those of messages are left to the call a frame is for: it refuses a message that is too large or
// too deep, and the session goes on. What a batch may hold in all is bounded by its carrier.
inline Limits FrameLimits(Limits limits) {
  limits.max_message_bytes = std::numeric_limits<size_t>::max();
  limits.max_json_depth = 1'000'000;  // skipping a value does not recurse
  return limits;
}

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SESSION_FRAME_LIMITS_H_
