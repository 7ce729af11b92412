// ClusterWorld is three nodes as processes, a Redis, and a balancer that sends each request to the
// next node: what a run lets go wrong.

#ifndef RUNNEL_TESTS_FAULT_CLUSTER_WORLD_H_
#define RUNNEL_TESTS_FAULT_CLUSTER_WORLD_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/async/io_thread.h"
#include "runtime/http/http_message.h"
#include "runtime/testing/redis_server.h"
#include "tests/end_to_end/child_process.h"
#include "tests/fault/fault_proxy.h"

namespace fault {

class ClusterBalancer;

// Used from one thread, but for clients, which live on the loop of `io`.
class ClusterWorld {
 public:
  static constexpr size_t kNodes = 3;

  struct Options {
    uint64_t seed = 1;
    bool nginx = false;  // the balancer is one; else it is in this process
    bool links = false;  // connections to nodes and between them are cut, again and again
    absl::Duration grace = absl::Milliseconds(600);  // of nodes that drain
    absl::Duration heartbeat = absl::Seconds(2);
  };

  ClusterWorld(const Options& options, runnel::IoThread& io);
  ~ClusterWorld();

  absl::Status Start();
  // A way to the nodes, through the balancer.
  std::shared_ptr<runnel::HttpClient> Client();

  // Each as long as it takes. A node that was killed, or has drained, is another when it is back.
  void Kill(size_t place);
  void Drain(size_t place);
  absl::Status Restart(size_t place);
  void Freeze(size_t place);
  void Thaw(size_t place);
  runnel::RedisServer& redis() { return redis_; }

  const std::string& node(size_t place) const { return places_[place].node; }
  // The nodes that were killed, and when; those that were drained, and when they were gone.
  const std::map<std::string, absl::Time>& killed() const { return killed_; }
  const std::map<std::string, absl::Time>& drained() const { return drained_; }
  // A file with a line for each method that ran.
  std::string journal() const { return folder_ + "/journal"; }
  int cuts() const;

 private:
  struct Place {
    std::string listen;
    std::string cluster_listen;
    std::string node;  // the life's name
    std::unique_ptr<FaultProxy> client_link;
    std::unique_ptr<FaultProxy> node_link;
    std::unique_ptr<end_to_end::ChildProcess> process;
  };

  absl::Status StartNginx();
  std::unique_ptr<FaultProxy> NewLink(const std::string& upstream, uint64_t seed);

  const Options options_;
  runnel::IoThread& io_;
  std::string folder_;
  // A publish that was acknowledged outlives a Redis that is killed.
  runnel::RedisServer redis_{{"--appendonly", "yes", "--appendfsync", "always"}};
  std::array<Place, kNodes> places_;
  std::shared_ptr<ClusterBalancer> balancer_;
  std::unique_ptr<end_to_end::ChildProcess> nginx_;
  std::string nginx_url_;
  std::map<std::string, absl::Time> killed_;
  std::map<std::string, absl::Time> drained_;
};

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_CLUSTER_WORLD_H_
