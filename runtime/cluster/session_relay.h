// SessionRelay passes the requests for sessions of other nodes on to their owners (PROTOCOL.md,
// part G): bytes move, handlers do not.

#ifndef RUNNEL_RUNTIME_CLUSTER_SESSION_RELAY_H_
#define RUNNEL_RUNTIME_CLUSTER_SESSION_RELAY_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/cluster/node_registry.h"
#include "runtime/http/http_message.h"

namespace runnel {

// A server as one node of a cluster. Shared by its loops; what it points to outlives them.
struct ClusterNode {
  // Makes a client of another node's URL, which lives on the given loop.
  using Connect =
      std::function<absl::StatusOr<std::shared_ptr<HttpClient>>(Executor, const std::string& url)>;

  std::string name;
  std::string secret;
  NodeRegistry* registry = nullptr;
  Connect connect;
  // How long a node whose lease is gone may take to answer, before it is dead.
  absl::Duration patience = absl::Seconds(2);
};

// One per loop, where it lives. Keeps connections to each node that it has met.
class SessionRelay {
 public:
  SessionRelay(const ClusterNode& node, Executor executor, Clock& clock);
  ~SessionRelay();

  // The node that the session of a request belongs to; empty where that is this one, or none.
  std::string_view OwnerElsewhere(const HttpHeaders& headers) const;

  // Passes a request on to `owner`, as one of `principal`, and brings the response, whose body is
  // pulled through as its reader takes it. UNAVAILABLE, reason SESSION_LOST, when the owner is no
  // more; UNAVAILABLE without a reason when nobody knows: the client is to ask again. What is under
  // way when the owner's lease ends is cut, as nobody hears of a machine that has no power.
  Awaitable<absl::StatusOr<HttpResponse>> Pass(std::string owner, std::string principal,
                                               HttpRequest request);

 private:
  class Exchange;
  class PassedBody;
  struct Peer {
    std::string url;
    std::shared_ptr<HttpClient> client;
    std::vector<std::weak_ptr<Exchange>> exchanges;  // those under way, and some that are over
    size_t sweep_at = 0;                             // those that are over go at this size
    bool leased = true;
    absl::Time used;
  };

  // Looks after the peers, each second while there are any.
  void Watch();
  std::shared_ptr<Exchange> NewExchange(const std::string& owner);
  absl::StatusOr<std::shared_ptr<HttpClient>> ClientOf(const std::string& owner,
                                                       const std::string& url);
  // What to tell a client whose session's owner could not be reached because of `failure`.
  Awaitable<absl::Status> WhatOf(std::string owner, absl::Status failure);
  absl::Status Lost(const std::string& owner, std::string_view why);

  const ClusterNode& node_;
  const Executor executor_;
  Clock& clock_;
  absl::flat_hash_map<std::string, Peer> peers_;
  std::unique_ptr<Timer> watch_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLUSTER_SESSION_RELAY_H_
