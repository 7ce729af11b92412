#include "runtime/async/task_group.h"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>
#include <list>
#include <utility>

#include "runtime/async/launch.h"
#include "runtime/async/signal.h"

namespace runnel {

// Shared with the tasks, which may end after their group.
struct TaskGroup::State {
  // Owned by its coroutine.
  struct Running : std::enable_shared_from_this<Running> {
    explicit Running(std::shared_ptr<State> g)
        : group(std::move(g)), position(group->tasks.insert(group->tasks.end(), this)) {}
    ~Running() { Leave(); }
    void Leave() {
      if (std::exchange(listed, false)) group->tasks.erase(position);
    }

    const std::shared_ptr<State> group;
    const std::list<Running*>::iterator position;
    bool listed = true;
    asio::cancellation_signal signal;
  };

  explicit State(Executor e) : executor(std::move(e)) {}

  Executor executor;
  std::list<Running*> tasks;
  Signal ended;
};

TaskGroup::TaskGroup(Executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

TaskGroup::~TaskGroup() { Cancel(); }

void TaskGroup::Release() { state_ = std::make_shared<State>(state_->executor); }

Task TaskGroup::Spawn(Awaitable<void> task) {
  auto running = std::make_shared<State::Running>(state_);
  const std::shared_ptr<asio::cancellation_signal> signal(running, &running->signal);
  Launch(state_->executor, std::move(task), signal->slot(), [running = std::move(running)] {
    running->Leave();
    if (running->group->tasks.empty()) running->group->ended.Notify();
  });
  return Task(signal);
}

void TaskGroup::Cancel() {
  // A task may end, and so leave the list, while it is being cancelled.
  std::shared_ptr<State> state = state_;
  for (auto task = state->tasks.begin(); task != state->tasks.end();) {
    // Off the loop, and from a loop that is ending, emit() would leave a reference to the
    // signal in the loop's queue, where a task that ends first makes it dangle.
    asio::dispatch(state->executor, [running = (*task++)->shared_from_this()] {
      running->signal.emit(asio::cancellation_type::terminal);
    });
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
