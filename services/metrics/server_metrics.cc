#include "services/metrics/server_metrics.h"

#include <string>
#include <utility>

#include "services/metrics/families.h"

namespace runnel {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = Families::Labels;

Labels LabelsOf(const MethodInfo& method) {
  const std::string_view path = method.path.substr(1);
  const size_t slash = path.find('/');
  return {{"grpc_type", std::string(CallKindName(method.kind))},
          {"grpc_service", std::string(path.substr(0, slash))},
          {"grpc_method", std::string(path.substr(slash + 1))}};
}

Labels With(Labels labels, std::string name, std::string_view value) {
  labels.push_back({std::move(name), std::string(value)});
  return labels;
}

// One counter of each method.
void AddByMethod(const ServerStats& stats, const std::vector<Labels>& labels,
                 uint64_t (*value)(const MethodStats&), Families& to) {
  for (size_t i = 0; i < labels.size(); ++i) to.Add(value(stats.methods[i]), labels[i]);
}

void AddCalls(const ServerStats& stats, Families& to) {
  std::vector<Labels> labels;
  labels.reserve(stats.methods.size());
  for (const MethodStats& method : stats.methods) labels.push_back(LabelsOf(*method.method));

  to.Begin("grpc_server_started_total", MetricType::Counter, "Calls that were started.");
  AddByMethod(
      stats, labels, [](const MethodStats& m) { return m.started; }, to);

  to.Begin("grpc_server_handled_total", MetricType::Counter, "Calls that have ended, by status.");
  for (size_t i = 0; i < labels.size(); ++i) {
    for (size_t code = 0; code < kStatusCodes; ++code) {
      const uint64_t count = stats.methods[i].ended[code];
      if (count == 0 && code != 0) continue;
      to.Add(count,
             With(labels[i], "grpc_code", GrpcCodeName(static_cast<absl::StatusCode>(code))));
    }
  }
  to.Begin("grpc_server_handling_seconds", MetricType::Histogram,
           "Time from the start of calls to their status.");
  for (size_t i = 0; i < labels.size(); ++i) {
    const MethodStats& method = stats.methods[i];
    if (method.started > 0) to.AddHistogram(method.latency, method.latency_sum, labels[i]);
  }
  to.Begin("grpc_server_msg_received_total", MetricType::Counter, "Messages of calls received.");
  AddByMethod(
      stats, labels, [](const MethodStats& m) { return m.traffic.received_messages; }, to);
  to.Begin("grpc_server_msg_sent_total", MetricType::Counter, "Messages of calls sent.");
  AddByMethod(
      stats, labels, [](const MethodStats& m) { return m.traffic.sent_messages; }, to);
  to.Begin("runnel_server_msg_received_bytes_total", MetricType::Counter,
           "Bytes of the messages received, uncompressed.");
  AddByMethod(
      stats, labels, [](const MethodStats& m) { return m.traffic.received_bytes; }, to);
  to.Begin("runnel_server_msg_sent_bytes_total", MetricType::Counter,
           "Bytes of the messages sent, uncompressed.");
  AddByMethod(
      stats, labels, [](const MethodStats& m) { return m.traffic.sent_bytes; }, to);
  to.Begin("runnel_server_calls", MetricType::Gauge, "Calls that have started and not ended.");
  AddByMethod(
      stats, labels, [](const MethodStats& m) { return m.live; }, to);
}

void AddSessions(const SessionStats& sessions, Families& to) {
  to.AddGauge("runnel_server_sessions", "Sessions.", sessions.live);
  to.AddGauge("runnel_server_sessions_attached", "Sessions whose client has a stream.",
              sessions.attached);
  to.AddCounter("runnel_server_sessions_opened_total", "Sessions that were opened.",
                sessions.opened);
  to.Begin("runnel_server_sessions_ended_total", MetricType::Counter,
           "Sessions that have ended, by why.");
  for (size_t i = 0; i < kSessionEnds; ++i) {
    to.Add(sessions.ended[i], With({}, "cause", SessionEndName(static_cast<SessionEnd>(i))));
  }
  to.AddCounter("runnel_server_streams_resumed_total",
                "Streams of sessions that went on where others had ended.", sessions.resumed);
  to.AddCounter("runnel_server_events_replayed_total", "Events of sessions that were sent again.",
                sessions.replayed_events);
  to.AddCounter("runnel_server_frames_dropped_total",
                "Frames of sessions that came again, and were dropped.", sessions.duplicate_frames);
  to.AddCounter("runnel_server_leases_expired_total",
                "Times that no sign of a session's client came for its lease.",
                sessions.expired_leases);
  to.AddGauge("runnel_server_session_buffered_bytes",
              "Memory that sessions hold until their clients, or handlers, have taken it.",
              sessions.buffered_bytes);
}

}  // namespace

std::string_view GrpcCodeName(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return "OK";
    case absl::StatusCode::kCancelled:
      return "Canceled";
    case absl::StatusCode::kInvalidArgument:
      return "InvalidArgument";
    case absl::StatusCode::kDeadlineExceeded:
      return "DeadlineExceeded";
    case absl::StatusCode::kNotFound:
      return "NotFound";
    case absl::StatusCode::kAlreadyExists:
      return "AlreadyExists";
    case absl::StatusCode::kPermissionDenied:
      return "PermissionDenied";
    case absl::StatusCode::kResourceExhausted:
      return "ResourceExhausted";
    case absl::StatusCode::kFailedPrecondition:
      return "FailedPrecondition";
    case absl::StatusCode::kAborted:
      return "Aborted";
    case absl::StatusCode::kOutOfRange:
      return "OutOfRange";
    case absl::StatusCode::kUnimplemented:
      return "Unimplemented";
    case absl::StatusCode::kInternal:
      return "Internal";
    case absl::StatusCode::kUnavailable:
      return "Unavailable";
    case absl::StatusCode::kDataLoss:
      return "DataLoss";
    case absl::StatusCode::kUnauthenticated:
      return "Unauthenticated";
    default:
      return "Unknown";
  }
}

std::vector<MetricFamily> CollectServerMetrics(const ServerStats& stats) {
  Families families;
  AddCalls(stats, families);
  AddSessions(stats.sessions, families);
  families.AddGauge("runnel_server_connections", "HTTP connections.", stats.connections.live);
  families.AddCounter("runnel_server_connections_accepted_total", "HTTP connections accepted.",
                      stats.connections.accepted);
  families.AddCounter("runnel_server_requests_total", "HTTP requests.", stats.connections.requests);
  families.AddGauge("runnel_server_receiving_bytes", "Memory that arriving requests hold.",
                    stats.receiving_bytes);
  families.Begin("runnel_server_refused_total", MetricType::Counter,
                 "What was refused, or told to come again, by the limit or reason.");
  for (size_t i = 0; i < kRefusals; ++i) {
    families.Add(stats.refused[i], With({}, "reason", RefusalName(static_cast<Refusal>(i))));
  }
  families.AddGauge("runnel_server_draining", "1 while the server shuts down.",
                    stats.draining ? 1 : 0);
  families.Begin("runnel_server_start_time_seconds", MetricType::Gauge,
                 "When the server was started, since the epoch.");
  families.AddMetric({}).gauge.value = absl::ToDoubleSeconds(stats.started - absl::UnixEpoch());
  return families.Take();
}

}  // namespace runnel
