// Signal lets coroutines of one event loop wait for something another one does there.
// It carries no value: a waiter looks at the state it waits for, waits, and looks again:
//
//   while (queue.empty()) RUNNEL_CO_RETURN_IF_ERROR(co_await arrived.Wait());
//
// Not thread-safe: Wait, Notify and the waiters' resumption all happen on one loop.

#ifndef RUNNEL_RUNTIME_ASYNC_SIGNAL_H_
#define RUNNEL_RUNTIME_ASYNC_SIGNAL_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"

namespace runnel {

class Signal {
 public:
  Signal() = default;
  // Waiters that are left return CANCELLED.
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  // Resumes everyone who waits now. They run from the loop, not inside this call.
  void Notify();
  // The same, inside this call, which saves a turn of the loop. For callers that are a handler of
  // the loop, or the end of one, and expect anything to have happened when it returns.
  void NotifyNow();

  // OK after the next Notify; CANCELLED when the awaiting coroutine is or was cancelled.
  Awaitable<absl::Status> Wait();
  // As Wait, and DEADLINE_EXCEEDED when `deadline` comes first.
  Awaitable<absl::Status> WaitUntil(Clock& clock, absl::Time deadline);

  bool has_waiters() const;

 private:
  struct Waiters;
  std::shared_ptr<Waiters> waiters();

  std::shared_ptr<Waiters> waiters_;  // made for the first to wait
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_ASYNC_SIGNAL_H_
