// FrameQueue holds the frames a client sends up, encoded and numbered, until the server has
// acknowledged them. What is written while a POST is under way goes into the next one.

#ifndef RUNNEL_RUNTIME_SESSION_FRAME_QUEUE_H_
#define RUNNEL_RUNTIME_SESSION_FRAME_QUEUE_H_

#include <cstdint>
#include <deque>
#include <string>

#include "runtime/core/codec.h"
#include "runtime/wire/frame.h"

namespace runnel {

// Not thread-safe: lives on its session's loop.
class FrameQueue {
 public:
  struct Batch {
    uint64_t first = 0;  // number of the first frame
    uint64_t last = 0;
    size_t count = 0;
    std::string frames;  // encoded, joined
  };

  explicit FrameQueue(Codec codec) : codec_(codec) {}

  // Adds a frame; the first is number 1. `charge` is what it takes from the session's window
  // until it is acknowledged.
  void Append(const Frame& frame, size_t charge);

  // The frames after the last acknowledged one, up to `max_bytes`, but at least one if there are
  // any.
  Batch Unacknowledged(size_t max_bytes) const;

  // The server has every frame up to `seq`. Returns the charge this frees.
  size_t Acknowledge(uint64_t seq);

  bool empty() const { return frames_.empty(); }
  uint64_t last_appended() const { return acknowledged_ + frames_.size(); }
  uint64_t last_acknowledged() const { return acknowledged_; }
  size_t bytes() const { return bytes_; }

 private:
  struct StoredFrame {
    size_t charge;
    std::string bytes;
  };

  const Codec codec_;
  std::deque<StoredFrame> frames_;  // numbers acknowledged_ + 1 …
  uint64_t acknowledged_ = 0;
  size_t bytes_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SESSION_FRAME_QUEUE_H_
