// Interruptible awaits operations that somebody else may cut short: a deadline, a Cancel().

#ifndef RUNNEL_RUNTIME_ASYNC_INTERRUPTIBLE_H_
#define RUNNEL_RUNTIME_ASYNC_INTERRUPTIBLE_H_

#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/launch.h"

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
    Outcome<T> outcome;
    // The operation owns whoever waits for it, so that a loop which goes first frees both.
    auto resume = std::make_unique<absl::AnyInvocable<void()>>();
    absl::AnyInvocable<void()>* const when_ended = resume.get();
    Launch(executor, Run(std::move(operation), outcome), signal_.slot(),
           [&ended = outcome.ended, resume = std::move(resume)]() mutable {
             ended = true;
             if (*resume) (*std::exchange(resume, nullptr))();
           });
    if (!outcome.ended) {
      co_await asio::async_initiate<const asio::deferred_t, void()>(
          [when_ended](auto handler) { *when_ended = std::move(handler); }, asio::deferred);
    }
    if (caller.is_connected()) caller.clear();
    if (outcome.thrown != nullptr) std::rethrow_exception(outcome.thrown);
    co_return *std::move(outcome.result);
  }

  // Cancels the operation that runs, if one does.
  void Interrupt() { signal_.emit(asio::cancellation_type::terminal); }

 private:
  template <typename T>
  struct Outcome {
    std::optional<T> result;
    std::exception_ptr thrown;
    bool ended = false;
  };

  template <typename T>
  static Awaitable<void> Run(Awaitable<T> operation, Outcome<T>& outcome) {
    try {
      outcome.result.emplace(co_await std::move(operation));
    } catch (...) {
      outcome.thrown = std::current_exception();
    }
  }

  asio::cancellation_signal signal_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_ASYNC_INTERRUPTIBLE_H_
