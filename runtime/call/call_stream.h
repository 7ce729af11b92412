// CallStream is one call's two streams of messages on a session, at either end: it splits
// large messages and puts them together, and keeps both directions within their windows.

#ifndef RUNNEL_RUNTIME_CALL_CALL_STREAM_H_
#define RUNNEL_RUNTIME_CALL_CALL_STREAM_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/signal.h"
#include "runtime/session/adaptive_window.h"
#include "runtime/session/frame_sink.h"
#include "runtime/session/send_window.h"
#include "runtime/wire/frame.h"

namespace runnel {

// Not thread-safe: lives on its session's loop. One coroutine may send while another receives.
class CallStream final : private PartSource {
 public:
  // The sink outlives the stream. Windows are what either end may send before the other has
  // taken it; that of what is received grows up to Limits::max_call_window_bytes.
  CallStream(FrameSink& sink, uint64_t call, size_t send_window, size_t receive_window);
  ~CallStream();
  CallStream(const CallStream&) = delete;
  CallStream& operator=(const CallStream&) = delete;

  // What a message of this size takes from a window: its size, but never nothing, as an empty
  // message takes memory too.
  static size_t WindowCharge(size_t bytes);
  // Whether a message of this size goes into one frame, and so may travel inside `open` or `end`.
  static bool FitsOneFrame(size_t bytes);

  // Waits until a message may start: OK, or what the call has failed with.
  Awaitable<absl::Status> WaitToSend();
  // Whether it would not wait, and return OK.
  bool MaySend() const;
  // Sends a message, in parts if it is large: those leave one by one, and nothing else may be sent
  // before WaitToSend has returned, except by SendLast.
  // Takes the bytes of `payload`, but not its memory, which is for the next message, unless it is
  // large.
  void SendMessage(std::string& payload);
  // Sends the call's last frame of this direction, behind the parts that are still to leave.
  void SendLast(Frame frame);
  // What either end may still send; overdrawn by a large message, it is below zero.
  int64_t send_window() const { return send_window_.available(); }
  int64_t receive_window() const {
    return static_cast<int64_t>(receive_window_.bytes()) -
           static_cast<int64_t>(unread_bytes_ + ungranted_bytes_);
  }
  // Of messages that nobody has taken, and of the parts of one that are still to leave.
  size_t held_bytes() const { return held_bytes_; }
  size_t unsent_bytes() const {
    return outgoing_ ? outgoing_->payload.size() - outgoing_->sent : 0;
  }

  // Whether parts are still to leave.
  bool sending() const { return outgoing_.has_value(); }
  // What a message frame of this payload is, for those that travel inside `open` or `end`.
  static MessageFrame WholeMessage(std::string payload);
  // To be called when such a frame is sent.
  void ChargeMessage(size_t bytes);

  // Frames that arrived. An error is the peer's fault: it broke its window or sent nonsense.
  absl::Status OnMessage(MessageFrame message);
  void OnHalfClose();
  void OnCredit(uint64_t bytes);

  // Ends both directions: what waits, and whatever is tried later, returns `status`. Messages that
  // have arrived are dropped unless `keep_received`, when Receive hands them out first.
  void Fail(absl::Status status, bool keep_received = false);

  // The next whole message; nullopt after the peer's half-close. Parsing it is the caller's.
  Awaitable<absl::StatusOr<std::optional<std::string>>> Receive();
  // The same for a message that is here already. Nullopt says nothing: Receive tells.
  std::optional<std::string> TryReceive();

 private:
  // A large message on its way.
  struct Outgoing {
    std::string payload;
    size_t sent = 0;
    std::optional<Frame> last;  // what follows it
  };

  bool SendPart() override;
  void StopSending();
  void GrantCredit(size_t charge);
  void Hold(size_t bytes);
  void Unhold(size_t bytes);

  FrameSink& sink_;
  const uint64_t call_;
  SendWindow send_window_;
  AdaptiveWindow receive_window_;
  std::optional<Outgoing> outgoing_;
  Signal may_send_;                       // WaitToSend is to look again
  RoomQueue::Waiter in_line_{may_send_};  // for the session's room

  std::deque<std::string> received_;
  std::string partial_;
  uint64_t partial_size_ = 0;   // of the message that is being put together; 0: none is
  size_t unread_bytes_ = 0;     // charges of messages that started and that nobody has taken
  size_t ungranted_bytes_ = 0;  // taken, but not yet given back as credit
  size_t held_bytes_ = 0;       // of received_ and partial_
  bool half_closed_ = false;
  absl::Status failed_;
  Signal arrived_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CALL_CALL_STREAM_H_
