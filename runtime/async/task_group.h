// TaskGroup owns coroutines that run beside their owner: it can cancel them all and wait
// until the last has ended. Not thread-safe: it lives on its executor's loop.

#ifndef RUNNEL_RUNTIME_ASYNC_TASK_GROUP_H_
#define RUNNEL_RUNTIME_ASYNC_TASK_GROUP_H_

#include <cstddef>
#include <memory>

#include "runtime/async/awaitable.h"

namespace runnel {

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
  void Spawn(Awaitable<void> task);

  void Cancel();
  // Returns when no task runs.
  Awaitable<void> Join();

  size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_ASYNC_TASK_GROUP_H_
