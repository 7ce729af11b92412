// What lives on a server at a moment, for people who look into it: LiveView collects it.

#ifndef RUNNEL_RUNTIME_SERVER_LIVE_STATE_H_
#define RUNNEL_RUNTIME_SERVER_LIVE_STATE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "runtime/core/codec.h"
#include "runtime/core/method_info.h"
#include "runtime/http/live_connection.h"  // IWYU pragma: export
#include "runtime/server/server_observer.h"
#include "runtime/server/server_stats.h"

namespace runnel {

// A call whose handler runs.
struct LiveCall {
  int loop = 0;
  uint64_t number = 0;  // of the loop's calls, counted from 1
  const MethodInfo* method = nullptr;
  CallTransport transport = CallTransport::kDirect;
  std::string session;        // its id; empty without
  uint64_t session_call = 0;  // its number in the session
  std::string peer;
  std::string principal;
  absl::Duration age;
  absl::Duration time_left = absl::InfiniteDuration();
  bool ended = false;  // it is over, and its handler has yet to notice
  CallTraffic traffic;
  // What either end may still send, and what of it waits: messages that the handler has not read,
  // and bytes that the connection, or a session's turn, has not taken. Windows are those of
  // sessions; where the client has overdrawn its own, it is below zero.
  int64_t send_window = 0;
  int64_t receive_window = 0;
  uint64_t unread_bytes = 0;
  uint64_t unsent_bytes = 0;
};

struct LiveSession {
  int loop = 0;
  std::string id;  // no secret
  std::string peer;
  std::string principal;
  Codec codec = Codec::kJson;
  absl::Duration age;
  absl::Duration silent;  // since its client was heard
  bool attached = false;
  bool bounded = false;       // the stream ends with its first event, or after a time
  absl::Duration stream_age;  // of the stream, or how long there has been none
  uint64_t streams = 0;       // there have been so many
  uint64_t replayed_events = 0;
  bool draining = false;
  uint64_t calls = 0;
  uint64_t total_calls = 0;
  // Frames down: appended, acknowledged. Frames up: taken.
  uint64_t last_sent = 0;
  uint64_t last_acknowledged = 0;
  uint64_t last_received = 0;
  uint64_t unacknowledged_bytes = 0;
  uint64_t unsent_bytes = 0;  // of those
  uint64_t unread_bytes = 0;
  uint64_t window_bytes = 0;  // for messages that are not acknowledged
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_LIVE_STATE_H_
