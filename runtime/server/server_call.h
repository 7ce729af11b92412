// ServerCall runs the handler of one call, however its messages travel, and ends it exactly once:
// with the handler's status, at the deadline, or when it is cancelled.

#ifndef RUNNEL_RUNTIME_SERVER_SERVER_CALL_H_
#define RUNNEL_RUNTIME_SERVER_SERVER_CALL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/async/task_group.h"
#include "runtime/call/message_stream.h"
#include "runtime/server/live_state.h"
#include "runtime/server/loop_telemetry.h"
#include "runtime/server/server_context.h"
#include "runtime/server/service.h"

namespace runnel {

class ServerCall;

// CallGroup holds the calls of one loop whose handlers run. Lives on the loop, and outlives the
// handlers: join it before what they use goes away.
class CallGroup {
 public:
  // `max`: the loop's share of Limits::max_calls. `telemetry` is the loop's.
  CallGroup(Executor executor, size_t max,
            std::shared_ptr<LoopTelemetry> telemetry = std::make_shared<LoopTelemetry>())
      : max_(max), telemetry_(std::move(telemetry)), tasks_(std::move(executor)) {}

  LoopTelemetry& telemetry() const { return *telemetry_; }

  // Whether whoever would start one more refuses it, with TooMany.
  bool full() const { return size_ >= max_; }
  // RESOURCE_EXHAUSTED, reason TOO_MANY_CALLS.
  absl::Status TooMany() const;

  // Whoever would start a call refuses it from now on: the server is shutting down. What runs goes
  // on.
  void Close() { closed_ = true; }
  bool closed() const { return closed_; }
  // UNAVAILABLE, for calls that come then.
  static absl::Status Refusal();

  // Ends every call with `status`. Handlers return when they notice.
  void CancelAll(const absl::Status& status);
  // Waits until no handler runs, but no longer than until `deadline`. Whether none does.
  Awaitable<bool> JoinUntil(Clock& clock, absl::Time deadline) {
    return tasks_.JoinUntil(clock, deadline);
  }
  size_t size() const { return size_; }

  // Those of the first `most` calls after number `after` for which `wanted` says so. Sets `after`
  // to the last that was looked at, or to 0 when there are no more.
  std::vector<LiveCall> Describe(uint64_t& after, size_t most,
                                 const std::function<bool(const ServerCall&)>& wanted) const;

 private:
  friend class ServerCall;

  void Add(ServerCall& call);
  void Remove(ServerCall& call);

  const size_t max_;
  const std::shared_ptr<LoopTelemetry> telemetry_;
  // A list of the calls, in the order of their numbers, through themselves.
  ServerCall* oldest_ = nullptr;
  ServerCall* newest_ = nullptr;
  size_t size_ = 0;
  uint64_t last_number_ = 0;
  bool closed_ = false;
  TaskGroup tasks_;
};

// Lives on its loop, and as long as its handler runs, which may be longer than the call: a handler
// that does not notice that its call was cancelled keeps its context until it returns.
class ServerCall : public MessageReader,
                   public MessageWriter,
                   public std::enable_shared_from_this<ServerCall> {
 public:
  ~ServerCall() override = default;

  // Starts the handler as one of `calls`, and the clock of the deadline; where that has passed the
  // handler does not run. Once. The second form is for handlers of no registry.
  void Start(CallGroup& calls, const ServerMethod& method) {
    Start(calls, method.handler, calls.telemetry().method(method.index));
  }
  void Start(CallGroup& calls, const MethodHandler& handler);

  // Ends the call with `status` unless it has ended: the handler's pending operations return, and
  // later ones fail.
  void Cancel(absl::Status status);

  ServerContext& context() { return context_; }
  const ServerContext& context() const { return context_; }
  bool ended() const { return ended_; }

  virtual CallTransport transport() const = 0;
  // The id of its session; empty without.
  virtual std::string_view session() const { return std::string_view(); }
  // What is known of it: those that have windows and buffers add them.
  virtual LiveCall Describe() const;

 protected:
  explicit ServerCall(ServerContext::Call call) : context_(std::move(call)) {}

  // The call is over. Called once, on the loop.
  virtual void OnEnd(const absl::Status& status) = 0;

  // A message has been read, or written.
  void CountReceived(size_t bytes) {
    ++traffic_.received_messages;
    traffic_.received_bytes += bytes;
    if (counters_ == nullptr) return;
    counters_->received_messages.Add();
    counters_->received_bytes.Add(bytes);
  }
  void CountSent(size_t bytes) {
    ++traffic_.sent_messages;
    traffic_.sent_bytes += bytes;
    if (counters_ == nullptr) return;
    counters_->sent_messages.Add();
    counters_->sent_bytes.Add(bytes);
  }

 private:
  friend class CallGroup;

  void Start(CallGroup& calls, const MethodHandler& handler, MethodCounters& counters);
  void Account(const absl::Status& status);
  static Awaitable<void> Run(std::shared_ptr<ServerCall> call, CallGroup& calls,
                             const MethodHandler& handler);
  void End(absl::Status status);

  ServerContext context_;
  CallGroup* calls_ = nullptr;          // since Start
  MethodCounters* counters_ = nullptr;  // ditto
  uint64_t number_ = 0;                 // of the group's calls
  ServerCall* older_ = nullptr;         // in the group's list
  ServerCall* newer_ = nullptr;
  absl::Time started_;
  CallTraffic traffic_;
  Task task_;
  std::unique_ptr<Timer> deadline_;
  bool ended_ = false;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SERVER_CALL_H_
