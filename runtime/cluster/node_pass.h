// NodePass is what a node that accepted a request tells the node that it passes it on to: for whom
// the request is, and who calls. Only who knows the cluster's secret can make one.

#ifndef RUNNEL_RUNTIME_CLUSTER_NODE_PASS_H_
#define RUNNEL_RUNTIME_CLUSTER_NODE_PASS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/http/http_message.h"

namespace runnel {

struct NodePass {
  NodePass() = default;

  std::string to;
  std::string from;
  std::string principal;  // as the accepting node's authenticator has it
  std::string peer;       // of the client
};

// Says which node answers, in every response of a node to another.
inline constexpr std::string_view kNodeHeader = "runnel-node";

// How far the clocks of two nodes may be apart: a pass of another time is refused.
inline constexpr absl::Duration kMaxNodeClockSkew = absl::Minutes(2);

// Writes `pass` into the request's headers, and an HMAC of it, the request's line, its session, its
// place in the stream and `now`. The body is not part of it: who can change that on its way, or
// read it, is kept out by TLS.
void AttachNodePass(const NodePass& pass, std::string_view secret, absl::Time now,
                    HttpRequest& request);

// The pass of a request. UNAUTHENTICATED when there is none, or somebody wrote it who does not know
// `secret`, or at another time.
absl::StatusOr<NodePass> CheckNodePass(const HttpRequest& request, std::string_view secret,
                                       absl::Time now);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLUSTER_NODE_PASS_H_
