#include "runtime/async/launch.h"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

namespace runnel {
namespace {

// What asio's own co_spawn begins with; its public interface has no other way in.
using EntryPoint = asio::awaitable<asio::detail::awaitable_thread_entry_point, Executor>;

bool IsLoopOfThisThread(const Executor& executor) {
  const auto* loop = executor.target<asio::io_context::executor_type>();
  return loop != nullptr && loop->running_in_this_thread();
}

// By itself, as a coroutine keeps room for what it awaits: Run rarely needs it.
Awaitable<void> SwitchTo(Executor executor) { co_await asio::dispatch(executor, asio::deferred); }

EntryPoint Run(Executor executor, Awaitable<void> task, absl::AnyInvocable<void()> ended) {
  const auto work = asio::prefer(executor, asio::execution::outstanding_work.tracked);
  co_await asio::this_coro::throw_if_cancelled(false);
  if (!IsLoopOfThisThread(executor)) co_await SwitchTo(executor);
  std::exception_ptr thrown;
  try {
    co_await std::move(task);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown == nullptr) co_return ended();
  asio::post(executor, [thrown] { std::rethrow_exception(thrown); });
}

}  // namespace

void Launch(const Executor& executor, Awaitable<void> task, asio::cancellation_slot cancel,
            absl::AnyInvocable<void()> ended) {
  asio::detail::awaitable_handler<Executor>(Run(executor, std::move(task), std::move(ended)),
                                            executor, cancel, asio::cancellation_state(cancel))
      .launch();
}

}  // namespace runnel
