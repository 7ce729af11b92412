#include "runtime/server/server_stats.h"

namespace runnel {

std::string_view CallKindName(CallKind kind) {
  switch (kind) {
    case CallKind::kUnary:
      return "unary";
    case CallKind::kServerStream:
      return "server_stream";
    case CallKind::kClientStream:
      return "client_stream";
    case CallKind::kBidi:
      return "bidi_stream";
  }
  return "unknown";
}

std::string_view RefusalName(Refusal refusal) {
  switch (refusal) {
    case Refusal::kMaxConnections:
      return "max_connections";
    case Refusal::kMaxConnectionsPerAddress:
      return "max_connections_per_address";
    case Refusal::kMaxCalls:
      return "max_calls";
    case Refusal::kMaxCallsPerSession:
      return "max_calls_per_session";
    case Refusal::kMaxSessions:
      return "max_sessions";
    case Refusal::kMaxSessionsPerPrincipal:
      return "max_sessions_per_principal";
    case Refusal::kMaxSessionsPerAddress:
      return "max_sessions_per_address";
    case Refusal::kMaxReceivingBytes:
      return "max_receiving_bytes";
    case Refusal::kMaxSendBytes:
      return "max_send_bytes";
    case Refusal::kMaxUnreadBytes:
      return "max_unread_bytes";
    case Refusal::kMaxBufferedBytes:
      return "max_buffered_bytes";
    case Refusal::kControlBytes:
      return "control_bytes";
    case Refusal::kDraining:
      return "draining";
    case Refusal::kOrigin:
      return "origin";
    case Refusal::kAuthentication:
      return "authentication";
    case Refusal::kUnknownMethod:
      return "unknown_method";
  }
  return "unknown";
}

std::string_view SessionEndName(SessionEnd end) {
  switch (end) {
    case SessionEnd::kClosed:
      return "closed";
    case SessionEnd::kAway:
      return "away";
    case SessionEnd::kUnresumable:
      return "unresumable";
    case SessionEnd::kBufferLimit:
      return "buffer_limit";
    case SessionEnd::kProtocolError:
      return "protocol_error";
    case SessionEnd::kShutdown:
      return "shutdown";
  }
  return "unknown";
}

CallTraffic ServerStats::traffic() const {
  CallTraffic sum;
  for (const MethodStats& method : methods) {
    sum.received_messages += method.traffic.received_messages;
    sum.received_bytes += method.traffic.received_bytes;
    sum.sent_messages += method.traffic.sent_messages;
    sum.sent_bytes += method.traffic.sent_bytes;
  }
  return sum;
}

uint64_t ServerStats::started_calls() const {
  uint64_t sum = 0;
  for (const MethodStats& method : methods) sum += method.started;
  return sum;
}

uint64_t ServerStats::live_calls() const {
  uint64_t sum = 0;
  for (const MethodStats& method : methods) sum += method.live;
  return sum;
}

}  // namespace runnel
