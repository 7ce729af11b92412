// FrameQueue holds the frames a client sends up, encoded and numbered, until the server has
// acknowledged them. What is written while a POST is under way goes into the next one.

#ifndef RUNNEL_RUNTIME_SESSION_FRAME_QUEUE_H_
#define RUNNEL_RUNTIME_SESSION_FRAME_QUEUE_H_

#include <cstdint>
#include <deque>
#include <limits>
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

  static constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();

  explicit FrameQueue(Codec codec) : codec_(codec) {}

  // Adds a frame and returns its number, counted from 1.
  uint64_t Append(const Frame& frame);

  // The frames after the last acknowledged one, up to number `last` and up to `max_bytes`, but at
  // least one if there are any.
  Batch Unacknowledged(size_t max_bytes, uint64_t last = kAll) const {
    return After(acknowledged_, max_bytes, last);
  }
  // The same for the frames after number `seq`, or after the last acknowledged one where that is
  // later.
  Batch After(uint64_t seq, size_t max_bytes, uint64_t last = kAll) const;

  // Frames up to `seq` have been put into a request: the server may have them. A number below the
  // last changes nothing.
  void MarkPosted(uint64_t seq);
  uint64_t last_posted() const { return posted_; }
  // Memory of frames that no request has held yet.
  size_t unposted_bytes() const { return unposted_bytes_; }

  // The server has every frame up to `seq`, which are released.
  void Acknowledge(uint64_t seq);

  bool empty() const { return frames_.empty(); }
  uint64_t last_appended() const { return acknowledged_ + frames_.size(); }
  uint64_t last_acknowledged() const { return acknowledged_; }
  // Memory held, in bytes: of messages, and of all frames.
  size_t message_bytes() const { return message_bytes_; }
  size_t bytes() const { return bytes_; }

 private:
  struct StoredFrame {
    bool has_message;
    std::string bytes;
    size_t size() const;
  };

  const Codec codec_;
  std::deque<StoredFrame> frames_;  // numbers acknowledged_ + 1 …
  uint64_t acknowledged_ = 0;
  uint64_t posted_ = 0;
  size_t unposted_bytes_ = 0;
  size_t message_bytes_ = 0;
  size_t bytes_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SESSION_FRAME_QUEUE_H_
