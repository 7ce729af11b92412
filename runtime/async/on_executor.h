// OnExecutor runs a coroutine on another event loop and brings its result back.

#ifndef RUNNEL_RUNTIME_ASYNC_ON_EXECUTOR_H_
#define RUNNEL_RUNTIME_ASYNC_ON_EXECUTOR_H_

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "runtime/async/awaitable.h"

namespace runnel {

namespace async_internal {

template <typename T>
Awaitable<T> WithoutThrowing(Awaitable<T> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_return co_await std::move(task);
}

}  // namespace async_internal

// Awaits `task` on `executor`: directly where that is the caller's own, else by a hop there
// and back. Cancelling the caller cancels the task, and still waits for it to end.
template <typename T>
Awaitable<T> OnExecutor(Executor executor, Awaitable<T> task) {
  const Executor here = co_await asio::this_coro::executor;
  if (here == executor) co_return co_await std::move(task);
  // A cancellation travels to the other loop, where it may arrive when the task has ended: it keeps
  // what it touches. (That of a plain co_spawn would not.)
  auto signal = std::make_shared<asio::cancellation_signal>();
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  asio::cancellation_slot caller = state.slot();
  if (caller.is_connected()) {
    caller.assign([executor, signal](asio::cancellation_type type) {
      asio::dispatch(executor, [signal, type] { signal->emit(type); });
    });
  }
  T result =
      co_await asio::co_spawn(executor, async_internal::WithoutThrowing(std::move(task)),
                              asio::bind_cancellation_slot(signal->slot(), asio::use_awaitable));
  if (caller.is_connected()) caller.clear();
  co_return result;
}

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_ASYNC_ON_EXECUTOR_H_
