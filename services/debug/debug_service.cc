#include "runnel/debug_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "services/debug/debug_messages.h"

namespace runnel {
namespace {

constexpr size_t kDefaultPage = 100;
constexpr size_t kLargestPage = 1000;
constexpr absl::Duration kDefaultInterval = absl::Seconds(1);
constexpr absl::Duration kShortestInterval = absl::Milliseconds(100);

size_t PageSize(uint32_t asked) {
  return asked == 0 ? kDefaultPage : std::min<size_t>(asked, kLargestPage);
}

}  // namespace

absl::Status DebugService::AddTo(Server& server) {
  Show(server);
  return server.AddService(*this);
}

Awaitable<absl::StatusOr<v1::ServerState>> DebugService::GetServer(ServerContext& context,
                                                                   const v1::GetServerRequest&) {
  co_return MakeServerState(server_->Stats(), context.clock().Now());
}

Awaitable<absl::Status> DebugService::WatchServer(ServerContext& context,
                                                  const v1::WatchServerRequest& request,
                                                  Writer<v1::ServerState>& out) {
  absl::Duration interval =
      absl::Seconds(request.interval().seconds()) + absl::Nanoseconds(request.interval().nanos());
  interval = request.has_interval() ? std::max(interval, kShortestInterval) : kDefaultInterval;
  while (true) {
    const v1::ServerState state = MakeServerState(server_->Stats(), context.clock().Now());
    RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(state));
    RUNNEL_CO_RETURN_IF_ERROR(co_await context.Sleep(interval));
  }
}

Awaitable<absl::StatusOr<v1::ListSessionsResponse>> DebugService::ListSessions(
    ServerContext&, const v1::ListSessionsRequest& request) {
  RUNNEL_CO_ASSIGN_OR_RETURN(
      LivePage<LiveSession> page,
      co_await server_->live().Sessions(request.page_token(), PageSize(request.page_size())));
  v1::ListSessionsResponse response;
  for (LiveSession& session : page.items) {
    if (!options_.principals) session.principal.clear();
    *response.add_sessions() = MakeSessionState(session);
  }
  response.set_next_page_token(std::move(page.next));
  co_return response;
}

Awaitable<absl::StatusOr<v1::ListCallsResponse>> DebugService::ListCalls(
    ServerContext&, const v1::ListCallsRequest& request) {
  LiveView::CallFilter filter;
  filter.session = request.session();
  filter.method = request.method();
  RUNNEL_CO_ASSIGN_OR_RETURN(
      LivePage<LiveCall> page,
      co_await server_->live().Calls(request.page_token(), PageSize(request.page_size()),
                                     std::move(filter)));
  v1::ListCallsResponse response;
  for (LiveCall& call : page.items) {
    if (!options_.principals) call.principal.clear();
    *response.add_calls() = MakeCallState(call);
  }
  response.set_next_page_token(std::move(page.next));
  co_return response;
}

Awaitable<absl::StatusOr<v1::ListConnectionsResponse>> DebugService::ListConnections(
    ServerContext&, const v1::ListConnectionsRequest& request) {
  RUNNEL_CO_ASSIGN_OR_RETURN(
      LivePage<LiveConnection> page,
      co_await server_->live().Connections(request.page_token(), PageSize(request.page_size())));
  v1::ListConnectionsResponse response;
  for (const LiveConnection& connection : page.items) {
    *response.add_connections() = MakeConnectionState(connection);
  }
  response.set_next_page_token(std::move(page.next));
  co_return response;
}

}  // namespace runnel
