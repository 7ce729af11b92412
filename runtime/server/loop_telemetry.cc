#include "runtime/server/loop_telemetry.h"

#include <algorithm>

namespace runnel {

std::string_view CallTransportName(CallTransport transport) {
  switch (transport) {
    case CallTransport::kDirect:
      return "direct";
    case CallTransport::kEnvelopes:
      return "envelopes";
    case CallTransport::kApi:
      return "api";
    case CallTransport::kSession:
      return "session";
  }
  return "unknown";
}

std::string_view SessionChangeName(SessionChange change) {
  switch (change) {
    case SessionChange::kOpened:
      return "opened";
    case SessionChange::kAttached:
      return "attached";
    case SessionChange::kResumed:
      return "resumed";
    case SessionChange::kDetached:
      return "detached";
    case SessionChange::kLeaseExpired:
      return "lease_expired";
    case SessionChange::kDraining:
      return "draining";
    case SessionChange::kEnded:
      return "ended";
  }
  return "unknown";
}

void MethodCounters::Ended(absl::StatusCode code, absl::Duration duration) {
  // A clock that was set back is no reason to count less than nothing.
  const int64_t nanoseconds = std::max<int64_t>(absl::ToInt64Nanoseconds(duration), 0);
  const auto bucket = std::lower_bound(kLatencyBounds.begin(), kLatencyBounds.end(), nanoseconds);
  latency[static_cast<size_t>(bucket - kLatencyBounds.begin())].Add();
  latency_sum.Add(static_cast<uint64_t>(nanoseconds));
  const auto number = static_cast<size_t>(code);
  ended[number < kStatusCodes ? number : static_cast<size_t>(absl::StatusCode::kUnknown)].Add();
}

void MethodCounters::AddTo(MethodStats& stats) const {
  // Ends before starts, so that no end is seen without its start.
  uint64_t all_ended = 0;
  for (size_t i = 0; i < kStatusCodes; ++i) {
    const uint64_t count = ended[i].value();
    stats.ended[i] += count;
    all_ended += count;
  }
  const uint64_t all_started = started.value();
  stats.started += all_started;
  stats.live += all_started > all_ended ? all_started - all_ended : 0;
  for (size_t i = 0; i < latency.size(); ++i) stats.latency[i] += latency[i].value();
  stats.latency_sum += absl::Nanoseconds(latency_sum.value());
  stats.traffic.received_messages += received_messages.value();
  stats.traffic.received_bytes += received_bytes.value();
  stats.traffic.sent_messages += sent_messages.value();
  stats.traffic.sent_bytes += sent_bytes.value();
}

void LoopTelemetry::Refused(Refusal refusal, std::string_view peer) {
  refused_[static_cast<size_t>(refusal)].Add();
  for (const auto& observer : observers_) observer->OnRefused(refusal, peer);
}

void LoopTelemetry::SessionChanged(const SessionEvent& event) {
  switch (event.change) {
    case SessionChange::kOpened:
      opened_.Add();
      break;
    case SessionChange::kResumed:
      resumed_.Add();
      break;
    case SessionChange::kLeaseExpired:
      expired_leases_.Add();
      break;
    case SessionChange::kEnded:
      ended_[static_cast<size_t>(event.end)].Add();
      break;
    case SessionChange::kAttached:
    case SessionChange::kDetached:
    case SessionChange::kDraining:
      break;
  }
  for (const auto& observer : observers_) observer->OnSession(event);
}

void LoopTelemetry::CallEnded(const EndedCall& call) const {
  for (const auto& observer : observers_) observer->OnCallEnded(call);
}

void LoopTelemetry::AddTo(ServerStats& stats) const {
  for (size_t i = 0; i < std::min(methods_.size(), stats.methods.size()); ++i) {
    methods_[i].AddTo(stats.methods[i]);
  }
  SessionStats& sessions = stats.sessions;
  for (size_t i = 0; i < kSessionEnds; ++i) sessions.ended[i] += ended_[i].value();
  sessions.attached += attached.value();
  sessions.opened += opened_.value();
  sessions.resumed += resumed_.value();
  sessions.replayed_events += replayed_events.value();
  sessions.duplicate_frames += duplicate_frames.value();
  sessions.expired_leases += expired_leases_.value();
  sessions.buffered_bytes += buffered_bytes.value();
  stats.connections.requests += requests.value();
  for (size_t i = 0; i < kRefusals; ++i) stats.refused[i] += refused_[i].value();
  if (receiving == nullptr) return;
  stats.receiving_bytes += receiving->held();
  stats.refused[static_cast<size_t>(Refusal::kMaxReceivingBytes)] += receiving->refusals();
}

}  // namespace runnel
