// How long an EventSource waits before it connects again.

#ifndef RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_PAUSE_H_
#define RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_PAUSE_H_

#include "absl/time/time.h"
#include "runtime/client/event_source_options.h"

namespace runnel {

// After so many `failures` in a row, and for no less than the server has asked for.
absl::Duration PauseAfter(int failures, const EventSourceRetry& retry,
                          absl::Duration reconnection_time, absl::Duration at_least);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_PAUSE_H_
