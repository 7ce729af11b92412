// DebugService serves runnel.v1.Debug: which sessions, calls and connections live on a server, and
// its figures (proto/runnel/v1/debug.proto).
//
//   runnel::DebugService debug;
//   runnel::Server server(options);
//   absl::Status added = debug.AddTo(server);
//
// No server has it by itself, as it shows who is connected and what they call. Add it where only
// those may call who may know that: on a loopback address, or with ServerOptions::authenticate.

#ifndef RUNNEL_DEBUG_SERVICE_H_
#define RUNNEL_DEBUG_SERVICE_H_

#include "runnel/server.h"
#include "runnel/v1/debug.runnel.h"

namespace runnel {

struct DebugOptions {
  // Whether answers say who opened a session and who calls, by name (ServerContext::principal).
  bool principals = false;
};

// Made before the server, which it outlives.
class DebugService final : public v1::Debug::Service {
 public:
  explicit DebugService(DebugOptions options = {}) : options_(options) {}

  // Before Server::Start. Adds itself as a service. Of one server only.
  absl::Status AddTo(Server& server);
  // Shows `server` to callers of another one, which has this service by AddService, and which is
  // shut down first.
  void Show(const Server& server) { server_ = &server; }

  Awaitable<absl::StatusOr<v1::ServerState>> GetServer(
      ServerContext& context, const v1::GetServerRequest& request) override;
  Awaitable<absl::Status> WatchServer(ServerContext& context, const v1::WatchServerRequest& request,
                                      Writer<v1::ServerState>& out) override;
  Awaitable<absl::StatusOr<v1::ListSessionsResponse>> ListSessions(
      ServerContext& context, const v1::ListSessionsRequest& request) override;
  Awaitable<absl::StatusOr<v1::ListCallsResponse>> ListCalls(
      ServerContext& context, const v1::ListCallsRequest& request) override;
  Awaitable<absl::StatusOr<v1::ListConnectionsResponse>> ListConnections(
      ServerContext& context, const v1::ListConnectionsRequest& request) override;

 private:
  const DebugOptions options_;
  const Server* server_ = nullptr;
};

}  // namespace runnel

#endif  // RUNNEL_DEBUG_SERVICE_H_
