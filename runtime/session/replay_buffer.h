// ReplayBuffer holds the frames a session sends down, as finished events, until the client has
// acknowledged them. It is the send queue too: an append-only run with three cursors,
// acknowledged <= sent <= appended, so there is no second copy, and re-attaching
// only moves `sent` back.

#ifndef RUNNEL_RUNTIME_SESSION_REPLAY_BUFFER_H_
#define RUNNEL_RUNTIME_SESSION_REPLAY_BUFFER_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/core/codec.h"
#include "runtime/wire/frame.h"

namespace runnel {

// Not thread-safe: lives on its session's loop. The events it hands out are immutable and
// may be read on any.
class ReplayBuffer {
 public:
  // Event ids are "<epoch>-<seq>", seq being that of the event's last frame.
  ReplayBuffer(Codec codec, std::string epoch);

  // Adds a frame and returns its number, counted from 1.
  uint64_t Append(const Frame& frame);

  // The next event to send, which counts as sent from now; null when all has been sent.
  // Frames that are appended together leave in one event.
  std::shared_ptr<const std::string> NextToSend();
  bool AllSent() const { return sent_ == events_.size() && open_frames_ == 0; }

  // The client has every frame up to `seq`, which are released. INVALID_ARGUMENT for a number that
  // was never sent.
  absl::Status Acknowledge(uint64_t seq);

  // The client has every frame up to `seq` and none after: what follows is to be sent again.
  // OUT_OF_RANGE when some of that has been released, or `seq` was never sent.
  absl::Status Rewind(uint64_t seq);

  uint64_t last_appended() const { return appended_; }
  uint64_t last_acknowledged() const { return acknowledged_; }
  // Memory held until it is acknowledged, by messages and by all other frames, in bytes. What an
  // event costs beside its frames is counted too.
  size_t message_bytes() const { return message_bytes_; }
  size_t control_bytes() const { return control_bytes_; }
  size_t bytes() const { return message_bytes_ + control_bytes_; }
  // What of it has still to be sent.
  size_t unsent_bytes() const { return unsent_bytes_; }
  // Events that Rewind has had sent again, so far.
  uint64_t replayed_events() const { return replayed_events_; }

 private:
  struct StoredEvent {
    uint64_t last_seq;
    size_t message_bytes;
    size_t control_bytes;
    std::shared_ptr<const std::string> bytes;
  };

  // Makes an event of the frames that were appended since the last.
  void Seal();

  const Codec codec_;
  const std::string epoch_;
  std::deque<StoredEvent> events_;
  size_t sent_ = 0;         // events_[0 … sent_) have been sent, and are not to be sent again
  uint64_t last_sent_ = 0;  // number of the last frame that was ever sent
  size_t message_bytes_ = 0;
  size_t control_bytes_ = 0;
  size_t unsent_bytes_ = 0;
  uint64_t appended_ = 0;
  uint64_t acknowledged_ = 0;
  uint64_t replayed_events_ = 0;
  // Encoded frames that no event holds yet.
  std::string open_;
  size_t open_frames_ = 0;
  size_t open_message_bytes_ = 0;
  size_t open_control_bytes_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SESSION_REPLAY_BUFFER_H_
