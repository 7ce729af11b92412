// A ServerObserver hears of what happens on a server: calls that ended, and what becomes of
// sessions. Logs are made of it.

#ifndef RUNNEL_RUNTIME_SERVER_SERVER_OBSERVER_H_
#define RUNNEL_RUNTIME_SERVER_SERVER_OBSERVER_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/core/codec.h"
#include "runtime/server/server_context.h"
#include "runtime/server/server_stats.h"

namespace runnel {

// How a call travels (PROTOCOL.md): A.1 and A.2, A.3, part F, part B.
enum class CallTransport { kDirect, kEnvelopes, kApi, kSession };
std::string_view CallTransportName(CallTransport transport);  // "direct"

// What is said of a call that has ended. Valid while the observer is told.
struct EndedCall {
  const ServerContext& context;  // method, peer, principal, metadata, trace
  const absl::Status& status;
  CallTransport transport = CallTransport::kDirect;
  std::string_view session;  // its id, which is no secret; empty without
  absl::Time started;
  absl::Duration duration;
  CallTraffic traffic;
};

enum class SessionChange {
  kOpened,
  kAttached,      // the stream of its Open
  kResumed,       // a stream that goes on where another ended
  kDetached,      // its stream has ended; it waits for another
  kLeaseExpired,  // nobody was heard for SessionTimes::lease: the stream is taken for dead
  kDraining,      // it was told that the server goes away
  kEnded,
};
std::string_view SessionChangeName(SessionChange change);  // "opened"

// Likewise of a session.
struct SessionEvent {
  SessionChange change = SessionChange::kOpened;
  absl::Time time;
  std::string_view id;  // no secret
  std::string_view peer;
  std::string_view principal;
  Codec codec = Codec::kJson;
  absl::Duration age;
  size_t calls = 0;
  size_t held_bytes = 0;                 // see ServerSession::held_bytes
  size_t replayed_events = 0;            // of kResumed
  bool bounded = false;                  // the newest stream carries one event: the client polls
  SessionEnd end = SessionEnd::kClosed;  // of kEnded
  std::string_view why;                  // ditto, for people
};

// One object hears of every loop, at the same time, in the midst of its work: it returns at once.
class ServerObserver {
 public:
  virtual ~ServerObserver() = default;
  virtual void OnCallEnded(const EndedCall& call) { static_cast<void>(call); }
  virtual void OnSession(const SessionEvent& event) { static_cast<void>(event); }
  // Something was refused, or told to come again.
  virtual void OnRefused(Refusal refusal, std::string_view peer) {
    static_cast<void>(refusal);
    static_cast<void>(peer);
  }
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SERVER_OBSERVER_H_
