// Launch starts a coroutine of its own, as asio::co_spawn does, but without the turn of the loop
// that co_spawn takes at the end of a coroutine that never had to wait.

#ifndef RUNNEL_RUNTIME_ASYNC_LAUNCH_H_
#define RUNNEL_RUNTIME_ASYNC_LAUNCH_H_

#include <boost/asio/cancellation_signal.hpp>

#include "absl/functional/any_invocable.h"
#include "runtime/async/awaitable.h"

namespace runnel {

// Runs `task` until it has to wait, inside this call where the caller is on `executor`'s loop, and
// from then on from the loop. Whoever emits the signal of `cancel` cancels it. `ended` is called
// when the task has ended and what it used is gone, which may be inside this call too; it is
// destroyed uncalled when the loop goes first. An exception that leaves the task leaves the loop's
// run.
void Launch(const Executor& executor, Awaitable<void> task, asio::cancellation_slot cancel,
            absl::AnyInvocable<void()> ended);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_ASYNC_LAUNCH_H_
