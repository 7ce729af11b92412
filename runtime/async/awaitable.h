// Awaitable<T> is what every coroutine of Runnel returns. It starts when awaited, and its
// arguments must live until it ends: pass them by value unless you await at once.
//
// Cancellation: a coroutine that Runnel runs is never thrown out of an await. Runnel's own
// operations look at the coroutine's cancellation state and return CANCELLED.

#ifndef RUNNEL_RUNTIME_ASYNC_AWAITABLE_H_
#define RUNNEL_RUNTIME_ASYNC_AWAITABLE_H_

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace runnel {

namespace asio = boost::asio;

template <typename T>
using Awaitable = asio::awaitable<T>;

// Whatever runs coroutines: an event loop, or a strand. An IoThread has one.
using Executor = asio::any_io_executor;

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_ASYNC_AWAITABLE_H_
