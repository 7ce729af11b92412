#include "services/debug/debug_messages.h"

#include <string>

namespace runnel {
namespace {

void Set(absl::Duration duration, google::protobuf::Duration& to) {
  absl::Duration rest;
  to.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  to.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
}

void Set(absl::Time time, google::protobuf::Timestamp& to) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  to.set_seconds(seconds);
  to.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

void Set(const CallTraffic& traffic, v1::Traffic& to) {
  to.set_received_messages(traffic.received_messages);
  to.set_received_bytes(traffic.received_bytes);
  to.set_sent_messages(traffic.sent_messages);
  to.set_sent_bytes(traffic.sent_bytes);
}

// What sessions, calls and connections have in common.
template <typename Live, typename State>
void SetPlace(const Live& live, State& state) {
  state.set_peer(live.peer);
  state.set_event_loop(static_cast<uint32_t>(live.loop));
  Set(live.age, *state.mutable_age());
}

v1::CallKind KindOf(const MethodInfo& method) {
  switch (method.kind) {
    case CallKind::kUnary:
      return v1::CALL_KIND_UNARY;
    case CallKind::kServerStream:
      return v1::CALL_KIND_SERVER_STREAM;
    case CallKind::kClientStream:
      return v1::CALL_KIND_CLIENT_STREAM;
    case CallKind::kBidi:
      return v1::CALL_KIND_BIDI_STREAM;
  }
  return v1::CALL_KIND_UNSPECIFIED;
}

uint64_t EndedCalls(const MethodStats& stats) {
  uint64_t ended = 0;
  for (const uint64_t count : stats.ended) ended += count;
  return ended;
}

uint64_t FailedCalls(const MethodStats& stats) {
  return EndedCalls(stats) - stats.ended[static_cast<size_t>(absl::StatusCode::kOk)];
}

v1::MethodState MakeMethodState(const MethodStats& stats) {
  v1::MethodState state;
  state.set_method(std::string(stats.method->path));
  state.set_calls(stats.live);
  state.set_started(stats.started);
  state.set_failed(FailedCalls(stats));
  if (const uint64_t ended = EndedCalls(stats); ended > 0) {
    Set(stats.latency_sum / static_cast<int64_t>(ended), *state.mutable_mean_duration());
  }
  Set(stats.traffic, *state.mutable_traffic());
  return state;
}

}  // namespace

v1::ServerState MakeServerState(const ServerStats& stats, absl::Time now) {
  v1::ServerState state;
  Set(now, *state.mutable_time());
  Set(stats.started, *state.mutable_started());
  state.set_event_loops(static_cast<uint32_t>(stats.loops));
  state.set_draining(stats.draining);
  state.set_connections(stats.connections.live);
  state.set_sessions(stats.sessions.live);
  state.set_attached_sessions(stats.sessions.attached);
  state.set_calls(stats.live_calls());
  state.set_buffered_bytes(stats.sessions.buffered_bytes);
  state.set_receiving_bytes(stats.receiving_bytes);
  state.set_accepted_connections(stats.connections.accepted);
  state.set_requests(stats.connections.requests);
  state.set_opened_sessions(stats.sessions.opened);
  state.set_resumed_streams(stats.sessions.resumed);
  state.set_replayed_events(stats.sessions.replayed_events);
  state.set_duplicate_frames(stats.sessions.duplicate_frames);
  state.set_expired_leases(stats.sessions.expired_leases);
  state.set_started_calls(stats.started_calls());
  uint64_t failed = 0;
  for (const MethodStats& method : stats.methods) failed += FailedCalls(method);
  state.set_failed_calls(failed);
  Set(stats.traffic(), *state.mutable_traffic());
  for (size_t i = 0; i < kRefusals; ++i) {
    const std::string reason(RefusalName(static_cast<Refusal>(i)));
    if (stats.refused[i] > 0) (*state.mutable_refused())[reason] = stats.refused[i];
  }
  for (size_t i = 0; i < kSessionEnds; ++i) {
    const std::string why(SessionEndName(static_cast<SessionEnd>(i)));
    if (stats.sessions.ended[i] > 0) {
      (*state.mutable_ended_sessions())[why] = stats.sessions.ended[i];
    }
  }
  for (const MethodStats& method : stats.methods) {
    if (method.started > 0) *state.add_methods() = MakeMethodState(method);
  }
  return state;
}

v1::SessionState MakeSessionState(const LiveSession& session) {
  v1::SessionState state;
  state.set_id(session.id);
  SetPlace(session, state);
  state.set_principal(session.principal);
  state.set_codec(session.codec == Codec::kJson ? "json" : "proto");
  Set(session.silent, *state.mutable_silent());
  state.set_attached(session.attached);
  Set(session.stream_age, *state.mutable_stream_age());
  state.set_polling(session.bounded);
  state.set_streams(session.streams);
  state.set_replayed_events(session.replayed_events);
  state.set_draining(session.draining);
  state.set_calls(session.calls);
  state.set_total_calls(session.total_calls);
  state.set_last_sent(session.last_sent);
  state.set_last_acknowledged(session.last_acknowledged);
  state.set_last_received(session.last_received);
  state.set_unacknowledged_bytes(session.unacknowledged_bytes);
  state.set_unsent_bytes(session.unsent_bytes);
  state.set_window_bytes(session.window_bytes);
  state.set_unread_bytes(session.unread_bytes);
  return state;
}

v1::CallState MakeCallState(const LiveCall& call) {
  v1::CallState state;
  state.set_method(std::string(call.method->path));
  state.set_kind(KindOf(*call.method));
  state.set_transport(std::string(CallTransportName(call.transport)));
  state.set_session(call.session);
  state.set_session_call(call.session_call);
  SetPlace(call, state);
  state.set_principal(call.principal);
  state.set_number(call.number);
  if (call.time_left != absl::InfiniteDuration()) Set(call.time_left, *state.mutable_time_left());
  state.set_ended(call.ended);
  Set(call.traffic, *state.mutable_traffic());
  state.set_send_window(call.send_window);
  state.set_receive_window(call.receive_window);
  state.set_unread_bytes(call.unread_bytes);
  state.set_unsent_bytes(call.unsent_bytes);
  return state;
}

v1::ConnectionState MakeConnectionState(const LiveConnection& connection) {
  v1::ConnectionState state;
  SetPlace(connection, state);
  state.set_number(connection.number);
  state.set_requests(connection.requests);
  state.set_serving(connection.serving);
  state.set_responding(connection.responding);
  state.set_input_bytes(connection.input_bytes);
  return state;
}

}  // namespace runnel
