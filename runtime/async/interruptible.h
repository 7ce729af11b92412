// Interruptible awaits operations that somebody else may cut short: a deadline, a Cancel().

#ifndef RUNNEL_RUNTIME_ASYNC_INTERRUPTIBLE_H_
#define RUNNEL_RUNTIME_ASYNC_INTERRUPTIBLE_H_

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "runtime/async/awaitable.h"
#include "runtime/async/on_executor.h"

namespace runnel {

// One operation at a time. Not thread-safe: everything happens on one loop. Outlives the
// operation.
class Interruptible {
 public:
  // As `co_await operation`, except that Interrupt cancels it.
  template <typename T>
  Awaitable<T> Await(Awaitable<T> operation) {
    const Executor executor = co_await asio::this_coro::executor;
    // The operation listens to our signal alone, so the caller's cancellation goes there too.
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    asio::cancellation_slot caller = state.slot();
    if (caller.is_connected()) {
      caller.assign([this](asio::cancellation_type type) { signal_.emit(type); });
    }
    T result =
        co_await asio::co_spawn(executor, async_internal::WithoutThrowing(std::move(operation)),
                                asio::bind_cancellation_slot(signal_.slot(), asio::use_awaitable));
    if (caller.is_connected()) caller.clear();
    co_return result;
  }

  // Cancels the operation that runs, if one does.
  void Interrupt() { signal_.emit(asio::cancellation_type::terminal); }

 private:
  asio::cancellation_signal signal_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_ASYNC_INTERRUPTIBLE_H_
