// ServerSession is the server's end of a session: the frames of any number of calls, down on
// whichever event stream is attached, up by POSTs (PROTOCOL.md, part B).

#ifndef RUNNEL_RUNTIME_SERVER_SERVER_SESSION_H_
#define RUNNEL_RUNTIME_SERVER_SERVER_SESSION_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/async/signal.h"
#include "runtime/core/limits.h"
#include "runtime/server/attachment.h"
#include "runtime/server/live_state.h"
#include "runtime/server/loop_telemetry.h"
#include "runtime/server/method_registry.h"
#include "runtime/server/server_call.h"
#include "runtime/server/session_budget.h"
#include "runtime/session/adaptive_window.h"
#include "runtime/session/frame_sink.h"
#include "runtime/session/replay_buffer.h"
#include "runtime/wire/frame_codec.h"

namespace runnel {

class SessionCall;

// Lives on one loop, its home, and is used there only; the identity may be read anywhere.
class ServerSession final : public FrameSink,
                            public std::enable_shared_from_this<ServerSession>,
                            private Attachment::Listener,
                            private SessionBudget::Holder {
 public:
  struct Options {
    std::string id;
    std::string peer;
    std::string principal;  // who opened it, and alone may use it
    Codec codec = Codec::kJson;
    Limits limits;
    size_t client_call_window = 0;     // for messages to the client
    size_t client_session_window = 0;  // ditto, at most
    SessionTimes times;
    Clock* clock = nullptr;
    Executor executor;
    Executor blocking_executor;
    const MethodRegistry* methods = nullptr;
    CallGroup* calls = nullptr;             // the home loop's
    std::shared_ptr<SessionBudget> budget;  // ditto
    // Called once when the session is over.
    std::function<void(const std::string& id)> on_end;
  };

  // Whichever thread lets go of it last: it is destroyed on its home.
  static std::shared_ptr<ServerSession> Create(Options options);

  const std::string& id() const { return options_.id; }
  const std::string& principal() const { return options_.principal; }

  // The first event of a stream that Open made.
  std::string SessionInfoEvent() const;

  // A stream attaches and takes over from the one that may be there (Attachment::Begin). Returns
  // its number for NextEvent. `after`: the last frame the client has, with the epoch that was said
  // with it. SESSION_LOST when what follows it has been released, or the epoch is another's.
  struct AttachOptions {
    AttachOptions() = default;
    uint64_t attempt = 0;
    absl::Duration max = absl::ZeroDuration();
    bool opened = false;  // the stream begins with SessionInfoEvent
    uint64_t after = 0;
    std::optional<std::string> epoch;
  };
  absl::StatusOr<uint64_t> Attach(const AttachOptions& attach);
  // The next event for this stream: null after a heartbeat's silence; nullopt when the stream is to
  // end, because another has taken over, its time is up, or the session is over. The last event of
  // a session that is over is `end`.
  Awaitable<absl::StatusOr<std::optional<std::shared_ptr<const std::string>>>> NextEvent(
      uint64_t stream);
  // The stream is gone. The session waits for another for as long as its resume window.
  void Detach(uint64_t stream);

  // Takes frames that were sent up, `seq` being the number of the first. Those it has seen are
  // dropped. Says which is the last it has now, and, where it had no room for all, when to try
  // again.
  absl::StatusOr<SendResponse> Take(uint64_t seq, std::vector<Frame> frames);
  // A Send: the same, from a client that has every frame up to `ack`.
  absl::StatusOr<SendResponse> Receive(uint64_t seq, uint64_t ack, std::vector<Frame> frames);

  // Takes no more calls: says so, and drops those that were opened before the client has heard it.
  // The others may go on until `deadline`.
  void Drain(absl::Time deadline);
  // Returns when the client has everything, the session is over, or `deadline` has come.
  Awaitable<void> WaitUntilAcknowledged(absl::Time deadline);

  // Ends the session and with it every call (UNAVAILABLE, reason SESSION_LOST). `why` is for
  // people.
  void End(const std::string& why, SessionEnd cause = SessionEnd::kShutdown);
  bool ended() const { return ended_; }
  size_t call_count() const { return calls_.size(); }
  // Memory held for the client, and by messages that no handler has read.
  size_t held_bytes() const { return sent_.bytes() + unread_bytes_; }

  // FrameSink.
  const Executor& executor() const override { return options_.executor; }
  Codec codec() const override { return options_.codec; }
  const Limits& limits() const override { return options_.limits; }
  Clock& clock() const override { return *options_.clock; }
  void Send(const Frame& frame) override;
  bool HasRoom() const override;
  RoomQueue& room() override;
  void WakeNext() override;
  void TakeTurns(PartSource& source) override;
  void LeaveTurns(PartSource& source) override { turns_.Remove(source); }
  void OnHeld(int64_t bytes) override;

  const Options& options() const { return options_; }
  void ForgetCall(uint64_t call);

  // Tells the loop's telemetry.
  void Report(SessionChange change);
  LiveSession Describe() const;

 private:
  explicit ServerSession(Options options);
  ~ServerSession() override;

  // Attachment::Listener.
  void OnPingDue() override { Send(Frame{0, PingFrame()}); }
  void OnStreamChange() override { changed_.Notify(); }
  void OnAttached(bool attached) override;
  void OnLeaseExpired() override { Report(SessionChange::kLeaseExpired); }
  void OnAway(const std::string& why) override { End(why, SessionEnd::kAway); }
  // SessionBudget::Holder.
  void GiveUp(const std::string& why) override;

  // Why there is no room for it, if there is none.
  std::optional<Refusal> NoRoomFor(const Frame& frame) const;
  SessionEvent EventOf(SessionChange change) const;
  LoopTelemetry& telemetry() const { return options_.calls->telemetry(); }
  absl::Status Acknowledge(uint64_t seq);
  void Account();
  absl::Status Dispatch(Frame&& frame);
  absl::Status OpenCall(uint64_t call, OpenFrame open);
  void Refuse(uint64_t call, Refusal reason, absl::Status status);
  void Refuse(uint64_t call, absl::Status status);

  const Options options_;
  const std::string epoch_;
  const absl::Time created_;
  ReplayBuffer sent_;
  AdaptiveWindow window_;  // for what is kept until it is acknowledged
  RoomQueue room_;
  PartTurns turns_;
  size_t unread_bytes_ = 0;
  size_t accounted_bytes_ = 0;  // what the budget knows of
  uint64_t received_ = 0;       // number of the last frame that was taken
  uint64_t last_call_ = 0;      // the largest call id so far
  uint64_t total_calls_ = 0;
  std::map<uint64_t, std::shared_ptr<SessionCall>> calls_;
  Attachment attachment_;
  bool stream_has_sent_ = false;  // the current one, an event
  Signal changed_;                // what NextEvent looks at
  Signal acknowledged_;
  bool draining_ = false;
  bool ended_ = false;
  std::shared_ptr<const std::string> end_event_;  // until it is sent
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SERVER_SESSION_H_
