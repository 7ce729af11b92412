// NodeEndpoint answers the other nodes of a cluster: the requests of clients for the sessions of
// this one that came to another (PROTOCOL.md, part G).

#ifndef RUNNEL_RUNTIME_SERVER_NODE_ENDPOINT_H_
#define RUNNEL_RUNTIME_SERVER_NODE_ENDPOINT_H_

#include "runtime/cluster/node_pass.h"
#include "runtime/http/http_message.h"
#include "runtime/server/endpoint_options.h"
#include "runtime/server/session_endpoint.h"

namespace runnel {

// One per loop, beside its Endpoint. Believes what a node that knows the secret says of who calls,
// and nothing that anybody else does. Passes nothing on.
class NodeEndpoint final : public HttpHandler {
 public:
  // `options.cluster` is set. The sessions outlive it.
  NodeEndpoint(const EndpointOptions& options, SessionEndpoint& sessions)
      : options_(options), sessions_(sessions) {}

  Awaitable<HttpResponse> Handle(HttpRequest request) override;

 private:
  Awaitable<HttpResponse> Answer(NodePass pass, HttpRequest request);

  const EndpointOptions options_;
  SessionEndpoint& sessions_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_NODE_ENDPOINT_H_
