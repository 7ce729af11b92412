// What the parts of one event loop of a server share.

#ifndef RUNNEL_RUNTIME_SERVER_ENDPOINT_OPTIONS_H_
#define RUNNEL_RUNTIME_SERVER_ENDPOINT_OPTIONS_H_

#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/core/limits.h"
#include "runtime/server/method_registry.h"
#include "runtime/server/session_table.h"

namespace runnel {

// A value; what it points to outlives the endpoints.
struct EndpointOptions {
  Executor executor;           // the loop
  Executor blocking_executor;  // for ServerContext::RunBlocking
  const MethodRegistry* methods = nullptr;
  SessionTable* sessions = nullptr;
  Clock* clock = nullptr;
  Limits limits;
  absl::Duration heartbeat = absl::Seconds(15);
  absl::Duration resume_window = absl::Seconds(120);
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_ENDPOINT_OPTIONS_H_
