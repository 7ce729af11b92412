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
#include "runtime/server/method_registry.h"
#include "runtime/server/server_call.h"
#include "runtime/session/frame_sink.h"
#include "runtime/session/replay_buffer.h"
#include "runtime/wire/frame_codec.h"

namespace runnel {

class SessionCall;

// Lives on one loop, its home, and is used there only; the identity may be read anywhere.
class ServerSession final : public FrameSink, public std::enable_shared_from_this<ServerSession> {
 public:
  struct Options {
    std::string id;
    std::string peer;
    Codec codec = Codec::kJson;
    Limits limits;
    size_t client_call_window = 0;     // for messages to the client
    size_t client_session_window = 0;  // ditto
    absl::Duration heartbeat;
    absl::Duration resume_window;
    Clock* clock = nullptr;
    Executor executor;
    Executor blocking_executor;
    const MethodRegistry* methods = nullptr;
    CallGroup* calls = nullptr;  // the home loop's
    // Called once when the session is over.
    std::function<void(const std::string& id)> on_end;
  };

  explicit ServerSession(Options options);

  const std::string& id() const { return options_.id; }

  // The first event of a stream that Open made.
  std::string SessionInfoEvent() const;

  // A stream attaches and takes over from the one that may be there. Returns its number for
  // NextEvent. `after`: the last frame the client has. SESSION_LOST when what follows it has been
  // released.
  absl::StatusOr<uint64_t> Attach(uint64_t after);
  // The next event for this stream: null after a heartbeat's silence; nullopt when the stream is to
  // end, because another has taken over or the session is over. The last event of a session that is
  // over is `end`.
  Awaitable<absl::StatusOr<std::optional<std::shared_ptr<const std::string>>>> NextEvent(
      uint64_t stream);
  // The stream is gone. The session waits for another for as long as its resume window.
  void Detach(uint64_t stream);

  // Takes frames that were sent up, `seq` being the number of the first. Those it has seen are
  // dropped. Returns the number of the last it has now.
  absl::StatusOr<uint64_t> Receive(uint64_t seq, uint64_t ack, std::vector<Frame> frames);

  // Ends the session and with it every call (UNAVAILABLE, reason SESSION_LOST). `why` is for
  // people.
  void End(const std::string& why);
  bool ended() const { return ended_; }
  size_t call_count() const { return calls_.size(); }

  // FrameSink.
  const Executor& executor() const override { return options_.executor; }
  Codec codec() const override { return options_.codec; }
  const Limits& limits() const override { return options_.limits; }
  void Send(const Frame& frame, size_t charge) override;
  SendWindow& send_window() override { return send_window_; }

  const Options& options() const { return options_; }
  void ForgetCall(uint64_t call);

 private:
  absl::Status Dispatch(Frame frame);
  absl::Status OpenCall(uint64_t call, OpenFrame open);
  void Refuse(uint64_t call, absl::Status status);

  const Options options_;
  const std::string epoch_;
  ReplayBuffer sent_;
  SendWindow send_window_;
  uint64_t received_ = 0;   // number of the last frame that was taken
  uint64_t last_call_ = 0;  // the largest call id so far
  std::map<uint64_t, std::shared_ptr<SessionCall>> calls_;
  uint64_t stream_ = 0;  // number of the attached stream, or of the last one
  bool attached_ = false;
  std::unique_ptr<Timer> resume_timer_;
  Signal changed_;
  bool ended_ = false;
  std::shared_ptr<const std::string> end_event_;  // until it is sent
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SERVER_SESSION_H_
