// What code needs that runs several coroutines at once: tasks with an owner, signals between
// them, and time. Handlers that only await one thing after another do not.

#ifndef RUNNEL_ASYNC_H_
#define RUNNEL_ASYNC_H_

#include "runtime/async/clock.h"       // IWYU pragma: export
#include "runtime/async/signal.h"      // IWYU pragma: export
#include "runtime/async/task_group.h"  // IWYU pragma: export

#endif  // RUNNEL_ASYNC_H_
