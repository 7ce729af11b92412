// ClientSession is the client's end of a session: it opens it, attaches again whenever the event
// stream ends, posts what its calls send, and repeats what got lost (PROTOCOL.md, part B).

#ifndef RUNNEL_RUNTIME_CLIENT_CLIENT_SESSION_H_
#define RUNNEL_RUNTIME_CLIENT_CLIENT_SESSION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/async/signal.h"
#include "runtime/async/task_group.h"
#include "runtime/client/backoff.h"
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
  virtual void OnFrame(Frame frame) = 0;
  // The session is over before the call was. The last that a call hears.
  virtual void OnSessionEnd(const absl::Status& status) = 0;
};

// Lives on its channel's loop. Holds itself alive until it is over.
class ClientSession final : public FrameSink, public std::enable_shared_from_this<ClientSession> {
 public:
  ClientSession(Executor executor, std::shared_ptr<HttpClient> http, Codec codec,
                const Limits& limits, Clock& clock);

  // Begins a call: gives it an id and sends `open`. Opens the session if this is its first.
  // The listener hears of the call until it is forgotten.
  uint64_t OpenCall(SessionCallListener& listener, OpenFrame open, size_t charge);
  void ForgetCall(uint64_t call);

  // What the server lets a call send ahead. Before it has said how much, one message; calls that
  // are open when it does get the rest as credit.
  size_t call_send_window() const { return call_send_window_; }

  // OK until the session is over.
  const absl::Status& over() const { return over_; }

  // Ends every call, and tells the server.
  void Close();

  // FrameSink.
  const Executor& executor() const override { return executor_; }
  Codec codec() const override { return codec_; }
  const Limits& limits() const override { return limits_; }
  void Send(const Frame& frame, size_t charge) override;
  SendWindow& send_window() override { return send_window_; }

 private:
  using Self = std::shared_ptr<ClientSession>;

  // The two directions, each a task.
  static Awaitable<void> RunDown(Self self);
  static Awaitable<void> RunUp(Self self);
  static Awaitable<void> SayClose(std::shared_ptr<HttpClient> http, HttpRequest request);

  // One event stream: Open until the session is established, then Attach.
  Awaitable<absl::Status> RunStream();
  Awaitable<absl::Status> ReadEvents(HttpBody& body);
  absl::Status TakeEvent(const EventView& event);
  absl::Status TakeBatch(uint64_t last, FrameBatch batch);
  void Dispatch(Frame frame);
  void Establish(const FrameBatch::SessionInfo& info);

  // One POST of frames or an acknowledgement.
  Awaitable<absl::Status> PostFrames();
  bool AckDue() const;

  HttpRequest MakeRequest(std::string_view method, std::string body) const;
  // Whether to go on after `status`; if not, the session is over.
  bool MayRetry(const absl::Status& status);
  void End(absl::Status status);

  const Executor executor_;
  const std::shared_ptr<HttpClient> http_;
  const Codec codec_;
  const Limits limits_;
  const Limits frame_limits_;
  Clock& clock_;

  const std::string secret_;
  std::string name_;  // "<id>.<secret>", once established
  std::string epoch_;
  bool started_ = false;
  bool open_sent_ = false;
  uint64_t open_last_ = 0;  // number of the last frame that Open carried
  absl::Duration resume_window_ = absl::Seconds(120);
  absl::Time last_contact_;
  uint64_t attempt_ = 0;

  FrameQueue queue_;
  SendWindow send_window_;
  size_t call_send_window_ = 1;
  Signal up_changed_;  // something to post, or established, or over
  Backoff down_backoff_;
  Backoff up_backoff_;

  uint64_t received_ = 0;      // number of the last frame that was taken
  uint64_t acknowledged_ = 0;  // … and of the last one the server knows we have
  size_t unacknowledged_bytes_ = 0;
  size_t ack_after_;  // so many
  absl::Time ack_due_ = absl::InfiniteFuture();

  uint64_t last_call_ = 0;
  std::map<uint64_t, SessionCallListener*> calls_;
  absl::Status over_;
  TaskGroup tasks_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_CLIENT_SESSION_H_
