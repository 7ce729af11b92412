// Clock is where the runtime gets the time from, so that tests can move it by hand
// (testing/manual_clock.h).

#ifndef RUNNEL_RUNTIME_ASYNC_CLOCK_H_
#define RUNNEL_RUNTIME_ASYNC_CLOCK_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"

namespace runnel {

// A pending callback. Destroying it takes the callback back: it will not run.
class Timer {
 public:
  virtual ~Timer() = default;
};

// Thread-safe; outlives every Timer it gave out.
class Clock {
 public:
  virtual ~Clock() = default;

  // Never goes backwards; otherwise reads like the time of day.
  virtual absl::Time Now() const = 0;

  // Runs `callback` on `executor` at `when` (at once if that is past, but never inside this
  // call). Create and destroy the Timer on that executor.
  virtual std::unique_ptr<Timer> CallAt(Executor executor, absl::Time when,
                                        absl::AnyInvocable<void()> callback) = 0;

  std::unique_ptr<Timer> CallAfter(Executor executor, absl::Duration delay,
                                   absl::AnyInvocable<void()> callback) {
    return CallAt(std::move(executor), Now() + delay, std::move(callback));
  }

  // The clock of the machine. Lives for ever.
  static Clock& Real();
};

// Waits until `when`. CANCELLED when the awaiting coroutine is cancelled first.
Awaitable<absl::Status> SleepUntil(Clock& clock, absl::Time when);
Awaitable<absl::Status> SleepFor(Clock& clock, absl::Duration duration);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_ASYNC_CLOCK_H_
