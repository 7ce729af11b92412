// Limits bound what a peer can make this process spend. Every refusal names the field.

#ifndef RUNNEL_RUNTIME_CORE_LIMITS_H_
#define RUNNEL_RUNTIME_CORE_LIMITS_H_

#include <cstddef>

#include "absl/time/time.h"

namespace runnel {

// What becomes of a field in JSON, or of an enum's name, that the receiver does not know.
enum class UnknownJson { kIgnore, kRefuse };

struct Limits {
  // HTTP.
  size_t max_header_bytes = 16 * 1024;
  size_t max_header_fields = 100;
  size_t max_target_bytes = 8 * 1024;
  size_t max_connections = 10'000;
  // Of one address, but for loopback addresses and ServerOptions::trusted_proxies.
  size_t max_connections_per_address = 1'000;
  // From the first byte to the end of a head; also for a whole TLS handshake.
  absl::Duration header_timeout = absl::Seconds(10);
  absl::Duration body_progress_timeout = absl::Seconds(10);  // between two pieces of a body
  absl::Duration keep_alive_timeout = absl::Seconds(75);     // between two requests

  // Of a whole server, divided among its loops: calls of all kinds whose handlers run.
  size_t max_calls = 100'000;
  // Likewise: bodies of requests, and messages of streams in envelopes, that are arriving or that
  // no handler has read.
  size_t max_receiving_bytes = 256 * 1024 * 1024;

  // Messages.
  size_t max_message_bytes = 4 * 1024 * 1024;  // after decompression
  int max_json_depth = 100;                    // objects and arrays
  UnknownJson unknown_json = UnknownJson::kIgnore;

  // Channel.
  size_t max_send_bytes = 1024 * 1024;  // body of one Send
  size_t max_sessions = 10'000;
  // Of one principal, and of callers without one at one address.
  size_t max_sessions_per_principal = 64;
  size_t max_sessions_per_address = 1'000;
  size_t max_calls_per_session = 1'000;
  // How far a sender may be ahead of its receiver: at first, and at most, when it is fast.
  size_t call_window_bytes = 64 * 1024;
  size_t max_call_window_bytes = 4 * 1024 * 1024;
  size_t session_window_bytes = 1024 * 1024;
  size_t max_session_window_bytes = 8 * 1024 * 1024;
  // Of one session: messages that arrived and that no handler has read.
  size_t max_unread_bytes = 16 * 1024 * 1024;
  // Of all sessions of a server, divided among its loops: frames that clients have not
  // acknowledged, whether they are attached or not, and unread messages.
  size_t max_buffered_bytes = 256 * 1024 * 1024;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_LIMITS_H_
