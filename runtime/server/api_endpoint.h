// ApiEndpoint answers the requests of HTTP APIs (PROTOCOL.md, part F), beside SessionEndpoint.

#ifndef RUNNEL_RUNTIME_SERVER_API_ENDPOINT_H_
#define RUNNEL_RUNTIME_SERVER_API_ENDPOINT_H_

#include <string>

#include "runtime/core/byte_budget.h"
#include "runtime/http/http_message.h"
#include "runtime/server/api_routes.h"
#include "runtime/server/endpoint_options.h"
#include "runtime/server/server_call.h"

namespace runnel {

// One per event loop; lives on it.
class ApiEndpoint {
 public:
  // What is passed outlives it.
  ApiEndpoint(const EndpointOptions& options, CallGroup& calls, ByteBudget& receiving)
      : options_(options), calls_(calls), receiving_(receiving) {}

  // Answers a request that `match` is for, by `principal`.
  Awaitable<HttpResponse> Handle(ApiRoutes::Match match, std::string query, std::string principal,
                                 HttpRequest request);

 private:
  const EndpointOptions& options_;
  CallGroup& calls_;
  ByteBudget& receiving_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_API_ENDPOINT_H_
