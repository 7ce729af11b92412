// What goes on in an EventSource, for others to see.

#ifndef RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_STATUS_H_
#define RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_STATUS_H_

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace runnel {

enum class EventSourceState { kConnecting, kOpen, kWaiting, kClosed };

struct EventSourceStatus {
  EventSourceStatus() = default;

  EventSourceState state = EventSourceState::kConnecting;
  // What the source waits or is closed for. Closed and OK: the server has no more.
  absl::Status reason;
  int http_status = 0;   // of the newest response, but for redirects; 0 before it
  absl::Duration delay;  // how long it waits altogether, and until when
  absl::Time retry_time;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_STATUS_H_
