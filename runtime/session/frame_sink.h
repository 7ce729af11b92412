// FrameSink is a session as its calls see it: where their frames go.

#ifndef RUNNEL_RUNTIME_SESSION_FRAME_SINK_H_
#define RUNNEL_RUNTIME_SESSION_FRAME_SINK_H_

#include <cstddef>
#include <cstdint>

#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/core/codec.h"
#include "runtime/core/limits.h"
#include "runtime/session/part_turns.h"
#include "runtime/session/room_queue.h"
#include "runtime/wire/frame.h"

namespace runnel {

// Use on the session's loop only.
class FrameSink {
 public:
  virtual ~FrameSink() = default;

  virtual const Executor& executor() const = 0;
  virtual Codec codec() const = 0;
  virtual const Limits& limits() const = 0;
  virtual Clock& clock() const = 0;

  // Puts a frame behind those already there.
  virtual void Send(const Frame& frame) = 0;

  // Whether another message may start: what is kept until the peer acknowledges it is less than the
  // session's window.
  virtual bool HasRoom() const = 0;
  // Where to wait for it. Whoever was woken calls WakeNext before it looks whether there is.
  virtual RoomQueue& room() = 0;
  // Lets the next who waits look, if there is room.
  virtual void WakeNext() = 0;

  // Has `source` send its parts, in turns with others, as those before them leave.
  virtual void TakeTurns(PartSource& source) = 0;
  // Without effect for one that takes no turns.
  virtual void LeaveTurns(PartSource& source) = 0;

  // Received messages that nobody has read take so many bytes more, or less.
  virtual void OnHeld(int64_t bytes) = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SESSION_FRAME_SINK_H_
