// Attachment is a session's tie to its client: which down-stream carries it, until when, and
// whether the client is still there (PROTOCOL.md, B.5).

#ifndef RUNNEL_RUNTIME_SERVER_ATTACHMENT_H_
#define RUNNEL_RUNTIME_SERVER_ATTACHMENT_H_

#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"

namespace runnel {

// How long things last that only time can end.
struct SessionTimes {
  absl::Duration heartbeat = absl::Seconds(15);       // a comment after so long a silence
  absl::Duration ping = absl::Seconds(30);            // a ping after so long without the client
  absl::Duration lease = absl::Seconds(90);           // then the client is taken for gone
  absl::Duration resume_window = absl::Seconds(120);  // then the session is lost
  absl::Duration rotation = absl::Minutes(10);        // life of a down-stream, give or take a fifth
};

// Lives on the session's loop.
class Attachment {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // The client is to be asked for a sign of life.
    virtual void OnPingDue() = 0;
    // The stream that was current is not any more, or has to look at the time.
    virtual void OnStreamChange() = 0;
    // Nobody was heard for the lease's time: the client is taken for gone, as OnAttached says next.
    virtual void OnLeaseExpired() {}
    // The client has gone (nobody is attached), or has come back.
    virtual void OnAttached(bool attached) = 0;
    // The client has stayed away for longer than the resume window.
    virtual void OnAway(const std::string& why) = 0;
  };

  // The listener outlives the attachment.
  Attachment(Clock& clock, Executor executor, const SessionTimes& times, Listener& listener);

  // A stream takes over from the one that may be there. Returns its number. `attempt` is 0 for
  // streams that Open made. `max` is how long a bounded stream may wait for its first event; zero:
  // the stream is not bounded. ABORTED, reason SUPERSEDED, for a late copy.
  absl::StatusOr<uint64_t> Begin(uint64_t attempt, absl::Duration max);
  // The stream is gone.
  void End(uint64_t stream);
  // The client has sent something that it could not have sent before it had the stream of Open.
  void Heard();
  // Nothing happens any more.
  void Stop();

  bool IsCurrent(uint64_t stream) const { return attached_ && stream == stream_; }
  bool attached() const { return attached_; }
  // Of the current stream: whether it ends with its first events, and when it ends anyway.
  bool bounded() const { return bounded_; }
  absl::Time ends_at() const { return ends_at_; }

  // How many streams there have been, since when there has been this one, or none, and when the
  // client was heard.
  uint64_t streams() const { return stream_; }
  absl::Time changed_at() const { return changed_at_; }
  absl::Time heard_at() const { return heard_; }

 private:
  void Arm();
  void Check();
  void Leave();

  Clock& clock_;
  const Executor executor_;
  const SessionTimes times_;
  Listener& listener_;
  std::minstd_rand random_;

  uint64_t stream_ = 0;
  uint64_t attempt_ = 0;
  bool opened_ = false;  // the client has the stream of Open: another Open is a late copy
  bool attached_ = false;
  bool bounded_ = false;
  absl::Time ends_at_;
  absl::Time heard_;
  absl::Time changed_at_;
  bool pinged_ = false;  // since heard_
  std::unique_ptr<Timer> timer_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_ATTACHMENT_H_
