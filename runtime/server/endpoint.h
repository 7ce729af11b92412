// Endpoint is a server without its sockets: it answers HTTP requests by running the methods
// they name, directly or on a session.

#ifndef RUNNEL_RUNTIME_SERVER_ENDPOINT_H_
#define RUNNEL_RUNTIME_SERVER_ENDPOINT_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "runtime/cluster/session_relay.h"
#include "runtime/http/http_message.h"
#include "runtime/server/api_endpoint.h"
#include "runtime/server/endpoint_options.h"
#include "runtime/server/server_call.h"
#include "runtime/server/session_endpoint.h"

namespace runnel {

// One per event loop; lives on it.
class Endpoint final : public HttpHandler {
 public:
  explicit Endpoint(EndpointOptions options);

  Awaitable<HttpResponse> Handle(HttpRequest request) override;

  CallGroup& calls() { return calls_; }
  SessionEndpoint& sessions() { return sessions_; }
  // Closes the connections to other nodes, which would keep the loop busy. When no request is under
  // way any more, and no other will come.
  void LeaveCluster() { relay_.reset(); }

 private:
  Awaitable<HttpResponse> Answer(HttpRequest request);
  Awaitable<absl::StatusOr<std::string>> Authenticate(const HttpRequest& request);
  // The API that a request is for, if it is for one and for nothing of our own.
  ApiRoutes::Match FindApi(std::string_view verb, std::string_view path) const;
  Awaitable<HttpResponse> HandleDirect(std::string path, std::string query, std::string principal,
                                       HttpRequest request);

  const EndpointOptions options_;
  CallGroup calls_;
  const std::shared_ptr<ByteBudget> receiving_;
  SessionEndpoint sessions_;
  std::optional<SessionRelay> relay_;  // where the server is one of a cluster
  ApiEndpoint apis_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_ENDPOINT_H_
