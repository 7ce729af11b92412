// What the operator of an SseHandler decides.

#ifndef RUNNEL_RUNTIME_SSE_SSE_OPTIONS_H_
#define RUNNEL_RUNTIME_SSE_SSE_OPTIONS_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/server/origin_rules.h"

namespace runnel {

// What the clients of one handler can make it spend. Every refusal names the field.
struct SseLimits {
  size_t max_clients = 10'000;            // connections, those whose client is away too
  size_t max_clients_per_caller = 1'000;  // of one principal; without one, of one address
  // Clients that have left and may come back: how far they had come is remembered, of the newest.
  size_t max_remembered = 10'000;
  size_t max_client_id_bytes = 256;
  size_t max_message_bytes = 4 * 1024 * 1024;  // body of one POST
  // Of one client: messages that arrived before one that was sent earlier. Dart's has at most 1,000
  // POSTs under way.
  size_t max_early_messages = 1'000;
  // Of one client: messages that nobody has read. POSTs wait while there are more.
  size_t max_unread_bytes = 16 * 1024 * 1024;
  // Of one client: messages that no stream has taken. Send waits while there are more.
  size_t max_unsent_bytes = 16 * 1024 * 1024;
  // Of one client: messages that a stream has taken, for a client that has not got them.
  size_t max_kept_bytes = 1024 * 1024;
  // Of all clients together, of all these kinds of message.
  size_t max_buffered_bytes = 256 * 1024 * 1024;
};

struct SseHandlerOptions {
  // How long a connection outlives its stream, for the client to come back to it. Zero: not at all;
  // who comes back gets a new connection.
  absl::Duration keep_alive;
  // Not zero: a stream of a client that has one takes its place, on the same connection. (With
  // keep_alive it does so in any case. What comes of the old stream later is known to be old; how
  // long it takes does not matter, as it does to Dart's handler.)
  absl::Duration ignore_disconnect;
  // Without keep_alive: how long messages are still read that a client had queued when it left.
  absl::Duration late_messages = absl::Seconds(5);
  // A message that does not come, though later ones have, is lost after so long, and with it the
  // connection.
  absl::Duration gap_timeout = absl::Seconds(30);
  // How long it is remembered how far a client had come that has left.
  absl::Duration remember = absl::Minutes(10);
  // A comment after so long a silence, by which proxies and the server see who is there.
  absl::Duration heartbeat = absl::Seconds(15);
  // How long browsers wait before they connect again (`retry:`), by themselves about 3 s. Dart's
  // client gives up 5 s after its stream broke: less than that.
  std::optional<absl::Duration> retry;
  SseLimits limits;
  // Which pages may call where no Server asks that for the handler (see SseHandler).
  OriginPolicy origins;
  Clock* clock = nullptr;  // Clock::Real() where not set
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SSE_SSE_OPTIONS_H_
