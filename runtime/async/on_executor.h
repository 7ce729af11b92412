// OnExecutor runs a coroutine on another event loop and brings its result back.

#ifndef RUNNEL_RUNTIME_ASYNC_ON_EXECUTOR_H_
#define RUNNEL_RUNTIME_ASYNC_ON_EXECUTOR_H_

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
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
  co_return co_await asio::co_spawn(executor, async_internal::WithoutThrowing(std::move(task)),
                                    asio::use_awaitable);
}

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_ASYNC_ON_EXECUTOR_H_
