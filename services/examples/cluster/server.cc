// One of several servers that share the sessions of their clients. `run` starts three.

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "runnel/cluster.h"
#include "services/examples/cluster/tally_service.h"
#include "services/examples/shared/server_program.h"

ABSL_FLAG(std::string, redis, "redis://127.0.0.1:6379", "where the nodes find each other");
ABSL_FLAG(std::string, node_listen, "127.0.0.1:0", "address for the other nodes");

namespace {

runnel::ClusterOptions ClusterOfFlags(const runnel::RedisOptions& redis) {
  runnel::RedisNodeRegistryOptions registry;
  registry.redis = redis;
  // Not a flag: everybody on the machine can read those.
  const char* secret = std::getenv("CLUSTER_SECRET");
  runnel::ClusterOptions cluster;
  cluster.registry = std::make_shared<runnel::RedisNodeRegistry>(std::move(registry));
  cluster.secret = secret == nullptr ? "" : secret;
  cluster.listen = absl::GetFlag(FLAGS_node_listen);
  return cluster;
}

}  // namespace

int main(int argc, char** argv) {
  examples::ServerProgram program(argc, argv, "node",
                                  "One of several servers behind a load balancer. The environment "
                                  "has the cluster's secret as CLUSTER_SECRET.");
  const absl::StatusOr<runnel::RedisOptions> redis =
      runnel::RedisOptions::FromUrl(absl::GetFlag(FLAGS_redis));
  if (!redis.ok()) return examples::Fail(redis.status());
  program.options().cluster = ClusterOfFlags(*redis);
  // nginx is on this machine, and says for whom it asks.
  program.options().trusted_proxies = {"127.0.0.1"};
  examples::cluster::TallyService tally(*redis);
  return program.Serve({&tally},
                       [&](const runnel::Server& server) { tally.SetNode(server.node()); });
}
