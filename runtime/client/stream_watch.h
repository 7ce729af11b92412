// StreamWatch tells what has become of a down-stream that is silent: whether its connection is
// dead, or a proxy on the way holds it back until it ends (PROTOCOL.md, B.5).

#ifndef RUNNEL_RUNTIME_CLIENT_STREAM_WATCH_H_
#define RUNNEL_RUNTIME_CLIENT_STREAM_WATCH_H_

#include <memory>

#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"

namespace runnel {

// Lives on its session's loop. Looks at one stream at a time.
class StreamWatch {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // The server is to be pinged, so that it has something to say. OnPingAnswered is to be called
    // when the request that carried the ping has its reply.
    virtual void OnPingWanted() = 0;
    // Nothing comes on the stream, and nothing will.
    virtual void OnStreamDead() = 0;
    // The server has sent something, and it did not come.
    virtual void OnStreamHeldBack() = 0;
  };

  enum class Kind {
    kOpen,     // the session's first: there is nobody yet to ping
    kAttach,   // a stream without end
    kBounded,  // one that ends after its first event, or after kBoundedTime
  };

  // How long something that was sent may take.
  static constexpr absl::Duration kPatience = absl::Seconds(3);
  // How long a bounded stream waits for its first event: less than proxies let a response last.
  static constexpr absl::Duration kBoundedTime = absl::Seconds(10);

  // The listener outlives the watch.
  StreamWatch(Clock& clock, Executor executor, Listener& listener);

  void Begin(Kind kind);
  void End() { timer_.reset(); }
  void OnBytes();
  void OnPingAnswered();
  // The server's promise: a comment after so long a silence.
  void set_heartbeat(absl::Duration heartbeat) { heartbeat_ = heartbeat; }

  bool has_bytes() const { return has_bytes_; }
  // Whether bytes have come one after the other, so that nothing holds the stream back.
  bool flows() const { return flows_; }

 private:
  void Check();
  void ArmAt(absl::Time due);
  // When the stream counts as dead, if it stays silent.
  absl::Time DeadAt() const;

  Clock& clock_;
  const Executor executor_;
  Listener& listener_;
  absl::Duration heartbeat_ = absl::Seconds(15);

  Kind kind_ = Kind::kOpen;
  absl::Time began_;
  absl::Time last_bytes_;
  bool has_bytes_ = false;
  bool flows_ = false;
  bool pinged_ = false;  // once for each stream
  absl::Time answered_;  // when the ping was
  std::unique_ptr<Timer> timer_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_STREAM_WATCH_H_
