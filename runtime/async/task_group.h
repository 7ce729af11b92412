// TaskGroup owns coroutines that run beside their owner: it can cancel them all and wait
// until the last has ended. Not thread-safe: it lives on its executor's loop.

#ifndef RUNNEL_RUNTIME_ASYNC_TASK_GROUP_H_
#define RUNNEL_RUNTIME_ASYNC_TASK_GROUP_H_

#include <boost/asio/cancellation_signal.hpp>
#include <cstddef>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"

namespace runnel {

// One task of a group. Outlives neither the group's executor nor needs the task to live.
class Task {
 public:
  Task() = default;
  explicit Task(std::weak_ptr<asio::cancellation_signal> signal) : signal_(std::move(signal)) {}
  // Without effect once the task has ended.
  void Cancel() const {
    if (auto signal = signal_.lock()) signal->emit(asio::cancellation_type::terminal);
  }

 private:
  std::weak_ptr<asio::cancellation_signal> signal_;
};

class TaskGroup {
 public:
  explicit TaskGroup(Executor executor);
  // Cancels what still runs. The coroutines end later, on the loop: whoever needs them
  // gone first awaits Join().
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts `task` from the loop. An exception that leaves it ends the program: a task
  // reports errors through what it was given.
  Task Spawn(Awaitable<void> task);

  void Cancel();
  // Lets what runs go on after the group's end, uncancelled. For tasks that own all they use.
  void Release();
  // Returns when no task runs.
  Awaitable<void> Join();
  // The same, but no longer than until `deadline`. Whether no task runs.
  Awaitable<bool> JoinUntil(Clock& clock, absl::Time deadline);

  size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_ASYNC_TASK_GROUP_H_
