// What the runtime knows of itself as the messages of runnel.v1.Debug.

#ifndef SERVICES_DEBUG_DEBUG_MESSAGES_H_
#define SERVICES_DEBUG_DEBUG_MESSAGES_H_

#include "absl/time/time.h"
#include "runnel/server.h"
#include "runnel/v1/debug.pb.h"

namespace runnel {

v1::ServerState MakeServerState(const ServerStats& stats, absl::Time now);
v1::SessionState MakeSessionState(const LiveSession& session);
v1::CallState MakeCallState(const LiveCall& call);
v1::ConnectionState MakeConnectionState(const LiveConnection& connection);

}  // namespace runnel

#endif  // SERVICES_DEBUG_DEBUG_MESSAGES_H_
