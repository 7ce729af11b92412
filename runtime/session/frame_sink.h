// FrameSink is a session as its calls see it: where their frames go.

#ifndef RUNNEL_RUNTIME_SESSION_FRAME_SINK_H_
#define RUNNEL_RUNTIME_SESSION_FRAME_SINK_H_

#include <cstddef>

#include "runtime/async/awaitable.h"
#include "runtime/core/codec.h"
#include "runtime/core/limits.h"
#include "runtime/session/send_window.h"
#include "runtime/wire/frame.h"

namespace runnel {

// Use on the session's loop only.
class FrameSink {
 public:
  virtual ~FrameSink() = default;

  virtual const Executor& executor() const = 0;
  virtual Codec codec() const = 0;
  virtual const Limits& limits() const = 0;

  // Puts a frame behind those already there. `charge` is the size of the message that begins with
  // it.
  virtual void Send(const Frame& frame, size_t charge) = 0;

  // The session's window for messages that are sent.
  virtual SendWindow& send_window() = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SESSION_FRAME_SINK_H_
