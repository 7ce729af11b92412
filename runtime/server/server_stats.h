// ServerStats are a server's figures since it was started: what Server::Stats returns.

#ifndef RUNNEL_RUNTIME_SERVER_SERVER_STATS_H_
#define RUNNEL_RUNTIME_SERVER_SERVER_STATS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "runtime/core/method_info.h"

namespace runnel {

// Whole messages of calls, as they were before any compression.
struct CallTraffic {
  uint64_t received_messages = 0;
  uint64_t received_bytes = 0;
  uint64_t sent_messages = 0;
  uint64_t sent_bytes = 0;
};

// The upper bounds of the buckets in which durations of calls are counted, in nanoseconds.
inline constexpr std::array<int64_t, 17> kLatencyBounds = {
    100'000,       250'000,       500'000,       1'000'000,      2'500'000,     5'000'000,
    10'000'000,    25'000'000,    50'000'000,    100'000'000,    250'000'000,   500'000'000,
    1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000, 60'000'000'000};

inline constexpr size_t kStatusCodes = 17;  // of absl::StatusCode

// "unary", "client_stream", "server_stream", "bidi_stream": as gRPC's metrics have it.
std::string_view CallKindName(CallKind kind);

struct MethodStats {
  const MethodInfo* method = nullptr;
  uint64_t started = 0;
  std::array<uint64_t, kStatusCodes> ended{};  // by status code
  // Durations from the start to the status: one bucket for each bound, and one for the rest.
  std::array<uint64_t, kLatencyBounds.size() + 1> latency{};
  absl::Duration latency_sum;
  CallTraffic traffic;

  uint64_t live = 0;  // calls that have started and not ended
};

// Why something was refused, or had to wait.
enum class Refusal {
  kMaxConnections,
  kMaxConnectionsPerAddress,
  kMaxCalls,
  kMaxCallsPerSession,
  kMaxSessions,
  kMaxSessionsPerPrincipal,
  kMaxSessionsPerAddress,
  kMaxReceivingBytes,
  kMaxSendBytes,
  // Frames that their client was told to send again.
  kMaxUnreadBytes,
  kMaxBufferedBytes,
  kControlBytes,
  // No limits.
  kDraining,
  kOrigin,
  kAuthentication,
  kUnknownMethod,
};
inline constexpr size_t kRefusals = 16;
// "max_calls": the field of Limits where there is one.
std::string_view RefusalName(Refusal refusal);

// What has ended a session.
enum class SessionEnd {
  kClosed,         // its client
  kAway,           // its client stayed away longer than SessionTimes::resume_window
  kUnresumable,    // its client came back and wanted what has been released
  kBufferLimit,    // Limits::max_buffered_bytes, while its client was away
  kProtocolError,  // its client broke the protocol
  kShutdown,       // the server's end
};
inline constexpr size_t kSessionEnds = 6;
std::string_view SessionEndName(SessionEnd end);  // "closed"

struct SessionStats {
  uint64_t live = 0;      // sessions
  uint64_t attached = 0;  // those of them whose client has a stream
  uint64_t opened = 0;
  std::array<uint64_t, kSessionEnds> ended{};  // by SessionEnd
  uint64_t resumed = 0;                        // streams that went on where others had ended
  uint64_t replayed_events = 0;                // that were sent again
  uint64_t duplicate_frames = 0;               // that came again, and were dropped
  uint64_t expired_leases = 0;
  // Held for clients until they acknowledge it, and messages that no handler has read.
  uint64_t buffered_bytes = 0;
};

struct ConnectionStats {
  uint64_t live = 0;
  uint64_t accepted = 0;
  uint64_t requests = 0;
};

struct ServerStats {
  absl::Time started;
  int loops = 0;
  std::vector<MethodStats> methods;  // those of services, by path
  SessionStats sessions;
  ConnectionStats connections;
  uint64_t receiving_bytes = 0;  // of requests that are arriving
  std::array<uint64_t, kRefusals> refused{};
  bool draining = false;

  CallTraffic traffic() const;  // of all methods
  uint64_t started_calls() const;
  uint64_t live_calls() const;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SERVER_STATS_H_
