// RedisNodeRegistry lets the nodes of a cluster find each other in a Redis: each has its URL there,
// and a lease that it renews, and remembers the others' URLs. So a Redis that is away changes
// nothing between nodes that have met.

#ifndef RUNNEL_RUNTIME_REDIS_REDIS_NODE_REGISTRY_H_
#define RUNNEL_RUNTIME_REDIS_REDIS_NODE_REGISTRY_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "runtime/async/io_thread.h"
#include "runtime/cluster/node_registry.h"
#include "runtime/redis/redis_options.h"

namespace runnel {

struct RedisNodeRegistryOptions {
  RedisNodeRegistryOptions() = default;

  RedisOptions redis;
  // Clusters that share a Redis have different ones. Keys: "<prefix>:nodes", a hash of URLs, and
  // "<prefix>:node:<name>", the leases.
  std::string prefix = "runnel";
  // A node that has not renewed its lease for so long may be dead. It is renewed five times as
  // often, and the others' are looked at as often.
  absl::Duration lease = absl::Seconds(5);
  // How long Join waits for Redis.
  absl::Duration join_timeout = absl::Seconds(10);
};

// Has a thread of its own. A lease that Redis does not know is kGone only when Redis has answered
// all the time since every node must have renewed it: one that has lost its memory, as a restart
// or a failover may, says nothing about nodes.
class RedisNodeRegistry final : public NodeRegistry {
 public:
  explicit RedisNodeRegistry(RedisNodeRegistryOptions options);
  ~RedisNodeRegistry() override;

  absl::Status Join(const std::string& name, const std::string& url) override;
  // Waits for Redis, but not long. Not for use on a loop.
  void Leave(const std::string& name) override;
  Awaitable<NodePlace> Find(std::string name) override;
  NodePlace Remembered(const std::string& name) override;

 private:
  class Core;

  IoThread io_;
  const std::shared_ptr<Core> core_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_REDIS_REDIS_NODE_REGISTRY_H_
