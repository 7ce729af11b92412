#include "runtime/async/task_group.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <list>
#include <utility>

#include "runtime/async/signal.h"

namespace runnel {
namespace {

Awaitable<void> WithoutThrowing(Awaitable<void> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(task);
}

}  // namespace

// Shared with the tasks, which may end after their group.
struct TaskGroup::State {
  explicit State(Executor e) : executor(std::move(e)) {}

  Executor executor;
  std::list<std::shared_ptr<asio::cancellation_signal>> tasks;
  Signal ended;
};

TaskGroup::TaskGroup(Executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

TaskGroup::~TaskGroup() { Cancel(); }

void TaskGroup::Release() { state_ = std::make_shared<State>(state_->executor); }

Task TaskGroup::Spawn(Awaitable<void> task) {
  auto position =
      state_->tasks.insert(state_->tasks.end(), std::make_shared<asio::cancellation_signal>());
  std::shared_ptr<asio::cancellation_signal> signal = *position;
  asio::co_spawn(state_->executor, WithoutThrowing(std::move(task)),
                 asio::bind_cancellation_slot(
                     signal->slot(), [state = state_, position](std::exception_ptr failure) {
                       if (failure != nullptr) std::rethrow_exception(failure);
                       state->tasks.erase(position);
                       if (state->tasks.empty()) state->ended.Notify();
                     }));
  return Task(signal);
}

void TaskGroup::Cancel() {
  // A task may end, and so leave the list, while it is being cancelled.
  std::shared_ptr<State> state = state_;
  for (auto task = state->tasks.begin(); task != state->tasks.end();) {
    // Off the loop, and from a loop that is ending, emit() would leave a reference to the
    // signal in the loop's queue, where a task that ends first makes it dangle.
    asio::dispatch(state->executor,
                   [signal = *task++] { signal->emit(asio::cancellation_type::terminal); });
  }
}

Awaitable<void> TaskGroup::Join() {
  std::shared_ptr<State> state = state_;
  // Whoever is cancelled while joining still waits: the tasks use what the caller owns.
  while (!state->tasks.empty()) {
    const absl::Status waited = co_await state->ended.Wait();
    if (!waited.ok()) co_await asio::this_coro::reset_cancellation_state();
  }
}

Awaitable<bool> TaskGroup::JoinUntil(Clock& clock, absl::Time deadline) {
  std::shared_ptr<State> state = state_;
  while (!state->tasks.empty()) {
    const absl::Status waited = co_await state->ended.WaitUntil(clock, deadline);
    if (!waited.ok()) break;
  }
  co_return state->tasks.empty();
}

size_t TaskGroup::size() const { return state_->tasks.size(); }

}  // namespace runnel
