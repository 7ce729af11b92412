// ServerCall runs the handler of one call, however its messages travel, and ends it exactly once:
// with the handler's status, at the deadline, or when it is cancelled.

#ifndef RUNNEL_RUNTIME_SERVER_SERVER_CALL_H_
#define RUNNEL_RUNTIME_SERVER_SERVER_CALL_H_

#include <memory>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/async/task_group.h"
#include "runtime/call/message_stream.h"
#include "runtime/server/server_context.h"
#include "runtime/server/service.h"

namespace runnel {

class CallGroup;

// Lives on its loop, and as long as its handler runs, which may be longer than the call: a handler
// that does not notice that its call was cancelled keeps its context until it returns.
class ServerCall : public MessageReader,
                   public MessageWriter,
                   public std::enable_shared_from_this<ServerCall> {
 public:
  ~ServerCall() override = default;

  // Starts the handler as one of `calls`, and the clock of the deadline; where that has passed the
  // handler does not run. Once.
  void Start(CallGroup& calls, const MethodHandler& handler);

  // Ends the call with `status` unless it has ended: the handler's pending operations return, and
  // later ones fail.
  void Cancel(absl::Status status);

  ServerContext& context() { return context_; }
  bool ended() const { return ended_; }

 protected:
  explicit ServerCall(ServerContext::Call call) : context_(std::move(call)) {}

  // The call is over. Called once, on the loop.
  virtual void OnEnd(const absl::Status& status) = 0;

 private:
  static Awaitable<void> Run(std::shared_ptr<ServerCall> call, CallGroup& calls,
                             const MethodHandler& handler);
  void End(absl::Status status);

  ServerContext context_;
  Task task_;
  std::unique_ptr<Timer> deadline_;
  bool ended_ = false;
};

// CallGroup holds the calls of one loop whose handlers run. Lives on the loop, and outlives the
// handlers: join it before what they use goes away.
class CallGroup {
 public:
  // `max`: the loop's share of Limits::max_calls.
  CallGroup(Executor executor, size_t max) : max_(max), tasks_(std::move(executor)) {}

  // Whether whoever would start one more refuses it, with TooMany.
  bool full() const { return calls_.size() >= max_; }
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
  size_t size() const { return calls_.size(); }

 private:
  friend class ServerCall;

  const size_t max_;
  absl::flat_hash_set<ServerCall*> calls_;
  bool closed_ = false;
  TaskGroup tasks_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SERVER_CALL_H_
