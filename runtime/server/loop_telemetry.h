// LoopTelemetry is what one event loop of a server counts of its calls and sessions, and whom it
// tells of them.

#ifndef RUNNEL_RUNTIME_SERVER_LOOP_TELEMETRY_H_
#define RUNNEL_RUNTIME_SERVER_LOOP_TELEMETRY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/core/byte_budget.h"
#include "runtime/core/counter.h"
#include "runtime/server/server_observer.h"
#include "runtime/server/server_stats.h"

namespace runnel {

using ServerObservers = std::vector<std::shared_ptr<ServerObserver>>;

// Of one method.
struct MethodCounters {
  void Ended(absl::StatusCode code, absl::Duration duration);
  void AddTo(MethodStats& stats) const;

  Counter started;
  Counter received_messages;
  Counter received_bytes;
  Counter sent_messages;
  Counter sent_bytes;
  Counter latency_sum;  // nanoseconds
  std::array<Counter, kStatusCodes> ended;
  std::array<Counter, kLatencyBounds.size() + 1> latency;
};

// Written on its loop, read on any thread.
class LoopTelemetry {
 public:
  // `methods`: how many there are (MethodRegistry::methods).
  explicit LoopTelemetry(size_t methods = 0, ServerObservers observers = {})
      : methods_(methods), observers_(std::move(observers)) {}
  LoopTelemetry(const LoopTelemetry&) = delete;
  LoopTelemetry& operator=(const LoopTelemetry&) = delete;

  // By ServerMethod::index. Those of methods that no registry knows are counted together.
  static constexpr size_t kUnregistered = ~size_t{0};
  MethodCounters& method(size_t index) {
    return index < methods_.size() ? methods_[index] : unregistered_;
  }

  // Counts, and tells the observers.
  void Refused(Refusal refusal, std::string_view peer);
  void SessionChanged(const SessionEvent& event);

  bool observed() const { return !observers_.empty(); }
  void CallEnded(const EndedCall& call) const;

  // Adds everything to `stats`, whose methods are those of the registry.
  void AddTo(ServerStats& stats) const;

  Counter attached;  // sessions
  Counter replayed_events;
  Counter duplicate_frames;
  Counter buffered_bytes;
  Counter requests;
  // What requests that arrive take; set before the loop runs.
  std::shared_ptr<const ByteBudget> receiving;

 private:
  std::vector<MethodCounters> methods_;
  MethodCounters unregistered_;
  std::array<Counter, kRefusals> refused_;
  Counter opened_;
  Counter resumed_;
  Counter expired_leases_;
  std::array<Counter, kSessionEnds> ended_;
  const ServerObservers observers_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_LOOP_TELEMETRY_H_
