#include "runnel/server_log.h"

#include <string>
#include <utility>

namespace runnel {
namespace {

// Where a line is made: memory that is not allocated for each.
std::string& Scratch() {
  thread_local std::string scratch;
  scratch.clear();
  return scratch;
}

std::string_view TextOf(const absl::Status& status) {
  return std::string_view(status.message().data(), status.message().size());
}

}  // namespace

ServerLog::ServerLog(std::shared_ptr<LogSink> sink, ServerLogOptions options)
    : sink_(std::move(sink)), options_(options) {}

void ServerLog::OnCallEnded(const EndedCall& call) {
  if (options_.calls) {
    std::string& text = Scratch();
    LogLine line(options_.format, call.started + call.duration, text);
    line.Add("event", "call")
        .Add("method", call.context.method().path)
        .Add("kind", CallKindName(call.context.method().kind))
        .Add("code", StatusCodeName(call.status.code()));
    if (!call.status.ok()) line.Add("message", TextOf(call.status));
    line.Add("peer", call.context.peer());
    if (options_.principals) line.Add("principal", call.context.principal());
    line.Add("transport", CallTransportName(call.transport));
    if (!call.session.empty()) line.Add("session", call.session);
    line.AddMilliseconds("duration_ms", call.duration)
        .Add("received", call.traffic.received_messages)
        .Add("received_bytes", call.traffic.received_bytes)
        .Add("sent", call.traffic.sent_messages)
        .Add("sent_bytes", call.traffic.sent_bytes);
    if (options_.spans) {
      line.Add("trace_id", call.context.trace().trace_id)
          .Add("span_id", call.context.trace().span_id);
    }
    line.End();
    sink_->Write(text);
  }
  if (options_.spans) WriteSpan(call);
}

void ServerLog::WriteSpan(const EndedCall& call) {
  std::string& text = Scratch();
  const TraceContext& trace = call.context.trace();
  LogLine line(options_.format, call.started + call.duration, text);
  line.Add("event", "span")
      .Add("trace_id", trace.trace_id)
      .Add("span_id", trace.span_id)
      .Add("parent_id", trace.parent_id)
      .Add("sampled", trace.sampled)
      .Add("name", call.context.method().path.substr(1))
      .Add("kind", "server")
      .Add("start", call.started)
      .AddMilliseconds("duration_ms", call.duration)
      .Add("status", StatusCodeName(call.status.code()))
      .End();
  sink_->Write(text);
}

void ServerLog::OnSession(const SessionEvent& event) {
  if (!options_.sessions) return;
  const bool stream =
      event.change == SessionChange::kResumed || event.change == SessionChange::kDetached;
  if (event.bounded && stream) return;
  std::string& text = Scratch();
  LogLine line(options_.format, event.time, text);
  line.Add("event", "session")
      .Add("change", SessionChangeName(event.change))
      .Add("session", event.id)
      .Add("peer", event.peer);
  if (options_.principals) line.Add("principal", event.principal);
  if (event.change == SessionChange::kOpened) {
    line.Add("codec", event.codec == Codec::kJson ? "json" : "proto");
  } else {
    line.AddMilliseconds("age_ms", event.age)
        .Add("calls", uint64_t{event.calls})
        .Add("held_bytes", uint64_t{event.held_bytes});
  }
  if (event.change == SessionChange::kResumed) {
    line.Add("replayed_events", uint64_t{event.replayed_events});
  }
  if (event.change == SessionChange::kEnded) {
    line.Add("cause", SessionEndName(event.end)).Add("why", event.why);
  }
  line.End();
  sink_->Write(text);
}

void ServerLog::OnRefused(Refusal refusal, std::string_view peer) {
  if (!options_.refusals) return;
  std::string& text = Scratch();
  LogLine line(options_.format, absl::Now(), text);
  line.Add("event", "refused").Add("reason", RefusalName(refusal)).Add("peer", peer).End();
  sink_->Write(text);
}

}  // namespace runnel
