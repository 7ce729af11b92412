// ClusterRun is calls and a feed on the nodes of a ClusterWorld, what goes wrong meanwhile, and a
// verdict on each call and each of the feed's readers.

#ifndef RUNNEL_TESTS_FAULT_CLUSTER_RUN_H_
#define RUNNEL_TESTS_FAULT_CLUSTER_RUN_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/async/io_thread.h"
#include "runtime/async/task_group.h"
#include "runtime/client/channel.h"
#include "tests/fault/cluster.runnel.h"
#include "tests/fault/cluster_calls.h"
#include "tests/fault/cluster_follower.h"
#include "tests/fault/cluster_world.h"

namespace fault {

// One thing that goes wrong.
struct ClusterFault {
  absl::Duration at;
  std::string what;
  size_t place = 0;
  absl::Duration lasts;
};

struct ClusterRunPlan {
  ClusterWorld::Options world;
  size_t clients = 0;
  std::vector<ClusterCallPlan> calls;  // the i-th is made by client i % clients
  std::vector<ClusterFault> faults;
  absl::Duration publish_every;
  absl::Duration publish_for;
};

// Once.
class ClusterRun {
 public:
  using Counts = std::array<int, kCallResults>;

  // With `trace` it prints what it did, else only where something was that must not be.
  ClusterRun(ClusterRunPlan plan, bool trace);
  ~ClusterRun();

  // Runs it. The number of calls and readers of each result.
  Counts Count();

  // After that:
  size_t messages() const;    // of calls, that came back
  size_t deliveries() const;  // of the feed
  size_t published() const { return publishes_.acknowledged.size(); }
  uint64_t failed_publishes() const { return publishes_.failed; }
  int cuts() const { return world_.cuts(); }
  // The calls that heard that their node was gone, and the longest that this took after a kill.
  size_t told() const { return told_; }
  absl::Duration slowest_loss() const { return slowest_loss_; }

 private:
  // What was published; on the clients' loop.
  struct Publishes {
    std::map<uint64_t, uint32_t> acknowledged;  // the number in the id, and the mark
    uint32_t made = 0;
    uint64_t failed = 0;
  };

  static runnel::Awaitable<void> PublishOne(ClusterRun* self);
  static runnel::Awaitable<void> PublishAll(ClusterRun* self);
  static runnel::Awaitable<bool> Begin(ClusterRun* self);
  // Until the calls have ended and the readers have everything.
  static runnel::Awaitable<bool> Await(ClusterRun* self, absl::Time deadline);
  static runnel::Awaitable<bool> Drop(ClusterRun* self);
  bool AllFollow() const;
  uint64_t Last() const;
  void Apply(const ClusterFault& fault);
  void JudgeCalls(Counts& counts, std::vector<std::string>& reports);
  CallResult Judge(const SeenCall& seen, std::string& why);
  CallResult Late(const SeenCall& seen, bool lost, absl::Time since, absl::Duration within,
                  std::string& why);
  void JudgeFollowers(Counts& counts, std::vector<std::string>& reports) const;
  CallResult JudgeFollower(const ClusterFollower& follower, const std::vector<uint32_t>& longest,
                           std::string& why) const;
  void Report(std::vector<std::string>& reports) const;

  const ClusterRunPlan plan_;
  const bool trace_;
  runnel::IoThread io_;
  ClusterWorld world_;
  std::vector<std::shared_ptr<runnel::Channel>> channels_;
  std::vector<std::unique_ptr<Counted::Stub>> stubs_;
  std::vector<std::unique_ptr<ClusterFollower>> followers_;
  std::unique_ptr<v1::Feed::Stub> feed_;
  std::vector<SeenCall> seen_;
  Publishes publishes_;
  std::unique_ptr<runnel::TaskGroup> tasks_;
  std::unique_ptr<runnel::TaskGroup> follow_;
  std::map<std::string, absl::Time> hung_;  // nodes, and when they began to
  size_t told_ = 0;                         // calls that heard that their node was gone
  absl::Duration slowest_loss_;
};

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_CLUSTER_RUN_H_
