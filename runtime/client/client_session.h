// ClientSession is the client's end of a session: it opens it, attaches again whenever the event
// stream ends, posts what its calls send, and repeats what got lost (PROTOCOL.md, part B).

#ifndef RUNNEL_RUNTIME_CLIENT_CLIENT_SESSION_H_
#define RUNNEL_RUNTIME_CLIENT_CLIENT_SESSION_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/async/interruptible.h"
#include "runtime/async/signal.h"
#include "runtime/async/task_group.h"
#include "runtime/client/backoff.h"
#include "runtime/client/channel_state.h"
#include "runtime/client/credentials.h"
#include "runtime/client/error_response.h"
#include "runtime/client/polling.h"
#include "runtime/client/stream_watch.h"
#include "runtime/core/limits.h"
#include "runtime/http/http_message.h"
#include "runtime/session/frame_queue.h"
#include "runtime/session/frame_sink.h"
#include "runtime/wire/event.h"
#include "runtime/wire/frame_codec.h"

namespace runnel {

// What a session tells a call.
class SessionCallListener {
 public:
  virtual ~SessionCallListener() = default;
  // A frame for this call.
  virtual void OnFrame(Frame&& frame) = 0;
  // The server lets the call send so much more than was known when it was opened.
  virtual void OnWindow(size_t more_bytes) = 0;
  // The session takes no part in the call any more: it is over before the call was, or the server
  // has refused the call. The last that a call hears. `never_ran`: the server has not run the
  // method, and will not.
  virtual void OnSessionEnd(const absl::Status& status, bool never_ran) = 0;
};

// Lives on its channel's loop. Holds itself alive until it is over.
class ClientSession final : public FrameSink,
                            public std::enable_shared_from_this<ClientSession>,
                            private StreamWatch::Listener {
 public:
  struct Options {
    Executor executor;
    std::shared_ptr<HttpClient> http;
    Codec codec = Codec::kProto;
    Limits limits;
    Clock* clock = nullptr;
    Credentials credentials;
    // Told of every change, on the loop.
    std::function<void(const ChannelStatus&)> on_status;
  };

  explicit ClientSession(Options options);

  // Begins a call: gives it an id and sends `open`. Opens the session if this is its first.
  // The listener hears of the call until it is forgotten. `repeatable`: it does no harm to run the
  // method twice.
  uint64_t OpenCall(SessionCallListener& listener, OpenFrame open, bool repeatable);
  void ForgetCall(uint64_t call);

  // What the server lets a call send ahead. Before it has said how much, one message; calls that
  // are open when it does hear the rest (OnWindow).
  size_t call_send_window() const { return call_send_window_; }

  // OK until the session is over.
  const absl::Status& over() const { return over_; }
  // The server takes no more calls on it; those that run may end.
  bool draining() const { return draining_; }
  // Of a server that drains: not before then should anybody come back to it.
  absl::Time retry_at() const { return retry_at_; }
  // Since when its server has been out of reach; InfiniteFuture while it is not.
  absl::Time resuming_since() const { return resuming_since_; }

  // Ends every call, and tells the server.
  void Close();

  // FrameSink.
  const Executor& executor() const override { return options_.executor; }
  Codec codec() const override { return options_.codec; }
  const Limits& limits() const override { return options_.limits; }
  Clock& clock() const override { return clock_; }
  void Send(const Frame& frame) override;
  bool HasRoom() const override { return queue_.message_bytes() < session_send_window_; }
  RoomQueue& room() override { return room_; }
  void WakeNext() override {
    if (HasRoom()) room_.WakeFirst();
  }
  void TakeTurns(PartSource& source) override;
  void LeaveTurns(PartSource& source) override { turns_.Remove(source); }
  void OnHeld(int64_t) override {}  // bounded by the windows it gives

 private:
  using Self = std::shared_ptr<ClientSession>;

  // Well under what a default nginx takes in one body.
  static constexpr size_t kMaxPostBytes = 512 * 1024;
  // What carries the frames of a POST, at most.
  static constexpr size_t kPostOverhead = 1024;
  static constexpr absl::Duration kAckDelay = absl::Seconds(1);
  // How long a POST may take. Servers answer at once.
  static constexpr absl::Duration kReplyTime = absl::Seconds(15);
  // After an Upload that has failed.
  static constexpr absl::Duration kUploadPause = absl::Minutes(1);

  // What calls end with whose session is gone.
  static absl::Status Lost(std::string_view why);

  struct Call {
    SessionCallListener* listener;
    uint64_t open_seq;  // number of its first frame
  };

  // --- client_session_down.cc: the event streams

  // StreamWatch::Listener.
  void OnPingWanted() override;
  void OnStreamDead() override;
  void OnStreamHeldBack() override;

  static Awaitable<void> RunDown(Self self);
  // One event stream: Open until the session is established, then Attach. OK: it ended as streams
  // do.
  Awaitable<absl::Status> RunStream();
  absl::StatusOr<HttpRequest> StreamRequest();
  Awaitable<absl::Status> ReadEvents(HttpBody& body);
  absl::Status TakeEvent(const EventView& event);
  absl::Status TakeBatch(uint64_t last, FrameBatch batch);
  void Dispatch(Frame&& frame);
  void Establish(const FrameBatch::SessionInfo& info);
  void OnGoAway(const GoAwayFrame& go_away);

  // --- client_session_up.cc: the POSTs

  static Awaitable<void> RunUp(Self self);
  // What a reply to a POST, or on an Upload, says.
  absl::Status TakeReply(const SendResponse& reply);
  // One POST of frames or an acknowledgement.
  Awaitable<absl::Status> PostFrames();
  Awaitable<absl::Status> PostFramesInTime();
  bool AckDue() const;
  // What is not posted must be small enough, or is made so. False: it cannot be.
  bool ShrinkPosts(size_t body_bytes);

  // --- client_session_upload.cc: a request that is kept open, in place of POSTs that follow one
  // another

  class UploadBody;
  enum class UploadState {
    kNone,
    kTrying,  // nobody knows yet whether it gets through; frames are posted meanwhile
    kReady,   // it does: RunUp is to leave the frames to it
    kActive,
  };

  // Begins one when many POSTs have followed one another. Called after each.
  void ConsiderUpload();
  static Awaitable<void> RunUpload(Self self);
  Awaitable<absl::Status> Upload();
  absl::Status TakeUploadReply(const SendResponse& reply);
  void WatchUpload();

  // --- client_session.cc: the rest

  // Runs the two directions, each a task.
  static Awaitable<void> Run(Self self);
  static Awaitable<void> SayClose(std::shared_ptr<HttpClient> http, HttpRequest request);
  absl::StatusOr<HttpRequest> MakeRequest(std::string_view method, std::string body) const;
  // What to make of an answer that is no success. Ends the session where that is final.
  absl::Status TakeRefusal(ResponseError error);
  // Ends the session when nothing has been heard of the server for too long.
  void CheckContact(const absl::Status& failure);
  void SetState(ChannelState state, absl::Status reason = absl::OkStatus());
  void End(absl::Status status, bool never_ran = false);

  const Options options_;
  const Limits frame_limits_;
  Clock& clock_;

  std::string secret_;
  std::string name_;  // "<id>.<secret>", once established
  std::string epoch_;
  bool started_ = false;
  bool open_may_have_arrived_ = false;
  // The last frame that Open may carry. Nobody can say whether an Open without an answer was heard,
  // so it carries only what may be repeated: then losing it loses nothing.
  uint64_t open_last_ = FrameQueue::kAll;
  absl::Duration resume_window_ = absl::Seconds(120);
  absl::Time last_contact_;
  uint64_t attempt_ = 0;
  ChannelStatus status_;
  absl::Time resuming_since_ = absl::InfiniteFuture();
  bool draining_ = false;
  absl::Time retry_at_ = absl::InfinitePast();

  Interruptible down_;
  StreamWatch watch_;
  Polling polling_;
  bool progress_ = false;     // the current stream has brought something new
  absl::Status down_broken_;  // why we gave the current stream up
  Backoff down_backoff_;

  FrameQueue queue_;
  PartTurns turns_;
  size_t session_send_window_;
  size_t call_send_window_ = 1;
  RoomQueue room_;
  Signal up_changed_;  // something to post, or established, or over
  Interruptible up_;
  bool post_timed_out_ = false;
  uint64_t ping_seq_ = 0;  // number of the ping that is not answered; 0: none is
  size_t max_post_bytes_;
  absl::Duration post_delay_;  // the server's wish
  Backoff up_backoff_;

  absl::Duration upload_idle_;  // zero where the server has no Upload
  UploadState upload_state_ = UploadState::kNone;
  Interruptible upload_;
  Signal upload_over_;
  std::unique_ptr<Timer> upload_timer_;
  int quick_posts_ = 0;  // that have followed one another
  absl::Time last_post_ = absl::InfinitePast();
  absl::Time upload_at_ = absl::InfinitePast();  // not before, as one has failed
  absl::Duration upload_pause_ = kUploadPause;
  uint64_t uploads_ = 0;              // that have begun or ended
  uint64_t upload_sent_ = 0;          // number of the last frame that went out on it
  absl::Time upload_heard_;           // when the server had acknowledged something, or owed nothing
  uint64_t upload_acknowledged_ = 0;  // up to there, when we looked
  bool upload_closing_ = false;

  std::string event_bytes_;    // of the event that is being read, decoded
  uint64_t received_ = 0;      // number of the last frame that was taken
  uint64_t acknowledged_ = 0;  // … and of the last one the server knows we have
  size_t unacknowledged_bytes_ = 0;
  size_t ack_after_;  // so many
  absl::Time ack_due_ = absl::InfiniteFuture();

  uint64_t last_call_ = 0;
  std::map<uint64_t, Call> calls_;
  absl::Status over_;
  TaskGroup tasks_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_CLIENT_SESSION_H_
