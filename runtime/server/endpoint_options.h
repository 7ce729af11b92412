// What the parts of one event loop of a server share.

#ifndef RUNNEL_RUNTIME_SERVER_ENDPOINT_OPTIONS_H_
#define RUNNEL_RUNTIME_SERVER_ENDPOINT_OPTIONS_H_

#include <memory>

#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/cluster/session_relay.h"
#include "runtime/core/limits.h"
#include "runtime/server/attachment.h"
#include "runtime/server/authenticator.h"
#include "runtime/server/loop_telemetry.h"
#include "runtime/server/method_registry.h"
#include "runtime/server/mounted_handler.h"
#include "runtime/server/origin_rules.h"
#include "runtime/server/session_table.h"
#include "runtime/server/trusted_proxies.h"

namespace runnel {

// A value; what it points to outlives the endpoints.
struct EndpointOptions {
  Executor executor;           // the loop
  Executor blocking_executor;  // for ServerContext::RunBlocking
  const MethodRegistry* methods = nullptr;
  const MountedHandlers* mounted = nullptr;
  SessionTable* sessions = nullptr;
  Clock* clock = nullptr;
  Limits limits;
  int loops = 1;  // how many share the limits of the whole server
  SessionTimes times;
  std::shared_ptr<LoopTelemetry> telemetry = std::make_shared<LoopTelemetry>();  // the loop's
  Authenticator authenticate;  // everybody is anonymous where not set
  OriginRules origins;
  TrustedProxies proxies;
  const ClusterNode* cluster = nullptr;  // null where the server is the only one
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_ENDPOINT_OPTIONS_H_
