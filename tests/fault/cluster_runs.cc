// Random runs of calls and a feed on three nodes behind a balancer without stickiness, with a real
// Redis: nodes are killed, drained and frozen, Redis is killed and frozen, connections to nodes and
// between them are cut, while all goes on.
//
//   cluster_runs --runs N --seed S [--clients N] [--faults kill,drain,freeze,hang,redis,slow,links]
//                [--trace]
//
// Run i has the seed S + i; `--runs 1 --seed <S+i>` draws the same calls and faults again.
// Processes and sockets are real, so what meets what is not the same each time. The last line
// counts the calls and the feed's readers as random_runs does; what must not be makes the exit
// status 1.
//
//   cluster_runs --crowd N [--seconds S] [--seed S]
//
// One run instead, with nginx as the balancer and N clients, each with a call that lasts all the
// time on a session of its own, and a feed: a node is killed, another drained, Redis killed and
// started again.

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "tests/fault/cluster_node.h"
#include "tests/fault/cluster_run.h"
#include "tests/fault/dice.h"

namespace fault {
namespace {

struct Options {
  uint64_t runs = 10;
  uint64_t seed = 1;
  size_t clients = 12;
  std::vector<std::string> faults = {"kill", "drain", "freeze", "hang", "redis", "slow", "links"};
  bool trace = false;
  size_t crowd = 0;
  uint64_t seconds = 40;
};

// Of each client: a conversation all the time, a stream, and a few single calls.
ClusterRunPlan DrawPlan(const Options& options, uint64_t seed) {
  Dice dice(seed);
  ClusterRunPlan plan;
  plan.world.seed = seed;
  plan.clients = options.clients;
  plan.publish_every = absl::Milliseconds(20);
  plan.publish_for = absl::Seconds(3);
  for (size_t i = 0; i < options.clients * 6; ++i) {
    ClusterCallPlan call;
    using Kind = ClusterCallPlan::Kind;
    const size_t turn = i / options.clients;
    call.kind = turn == 0 ? Kind::kBoth : turn == 1 ? Kind::kDown : Kind::kUnary;
    call.start = dice.MillisecondsBetween(0, turn == 0 ? 200 : 3000);
    call.pause = dice.MillisecondsBetween(5, 60);
    call.messages = call.kind == Kind::kBoth
                        ? static_cast<uint32_t>(3000 / absl::ToInt64Milliseconds(call.pause))
                    : call.kind == Kind::kDown ? static_cast<uint32_t>(dice.Between(1, 80))
                                               : 1;
    call.bytes = dice.Between(0, dice.Percent(10) ? 100'000 : 300);
    plan.calls.push_back(call);
  }
  std::vector<std::string> faults = options.faults;
  const bool links = std::erase(faults, "links") > 0;
  plan.world.links = links && (faults.empty() || dice.Percent(30));
  const uint64_t count = faults.empty() ? 0 : dice.Between(1, 3);
  for (uint64_t i = 0; i < count; ++i) {
    ClusterFault fault;
    fault.at = dice.MillisecondsBetween(200, 2800);
    fault.what = faults[dice.Between(0, faults.size() - 1)];
    fault.place = dice.Between(0, ClusterWorld::kNodes - 1);
    // Longer than a lease.
    fault.lasts = fault.what == "hang" ? absl::Seconds(8) : dice.MillisecondsBetween(50, 900);
    plan.faults.push_back(fault);
  }
  std::sort(plan.faults.begin(), plan.faults.end(),
            [](const ClusterFault& a, const ClusterFault& b) { return a.at < b.at; });
  return plan;
}

ClusterRunPlan PlanOfCrowd(const Options& options) {
  Dice dice(options.seed);
  const absl::Duration time = absl::Seconds(static_cast<int64_t>(options.seconds));
  const uint64_t ms = options.seconds * 1000;
  ClusterRunPlan plan;
  plan.world.seed = options.seed;
  plan.world.nginx = true;
  // Calls that run may end.
  plan.world.grace = time;
  plan.world.heartbeat = absl::Seconds(10);
  plan.clients = options.crowd;
  plan.publish_every = absl::Milliseconds(400);
  plan.publish_for = time;
  for (size_t i = 0; i < options.crowd * 3; ++i) {
    ClusterCallPlan call;
    using Kind = ClusterCallPlan::Kind;
    const bool long_one = i < options.crowd;
    call.kind = long_one ? Kind::kBoth : Kind::kUnary;
    call.start = dice.MillisecondsBetween(0, long_one ? ms / 8 : ms);
    call.pause = dice.MillisecondsBetween(1500, 3000);
    call.messages =
        long_one ? static_cast<uint32_t>(ms / absl::ToInt64Milliseconds(call.pause)) : 1;
    call.bytes = dice.Between(0, 300);
    plan.calls.push_back(call);
  }
  ClusterFault kill;
  kill.at = time * 3 / 8;
  kill.what = "kill";
  kill.lasts = absl::Seconds(3);
  ClusterFault redis;
  redis.at = time / 2;
  redis.what = "redis";
  redis.lasts = absl::Seconds(2);
  ClusterFault drain;
  drain.at = time * 5 / 8;
  drain.what = "drain";
  drain.place = 1;
  plan.faults = {kill, redis, drain};
  return plan;
}

int Main(const Options& options) {
  ClusterRun::Counts counts{};
  absl::Duration slowest;
  size_t told = 0;
  size_t published = 0;
  uint64_t failed = 0;
  size_t messages = 0;
  size_t deliveries = 0;
  int cuts = 0;
  const uint64_t runs = options.crowd > 0 ? 1 : options.runs;
  for (uint64_t i = 0; i < runs; ++i) {
    ClusterRun run(options.crowd > 0 ? PlanOfCrowd(options) : DrawPlan(options, options.seed + i),
                   options.trace);
    const ClusterRun::Counts one = run.Count();
    for (size_t c = 0; c < counts.size(); ++c) counts[c] += one[c];
    slowest = std::max(slowest, run.slowest_loss());
    told += run.told();
    published += run.published();
    failed += run.failed_publishes();
    messages += run.messages();
    deliveries += run.deliveries();
    cuts += run.cuts();
  }
  std::printf(
      "seed %llu; %zu messages of calls, %zu deliveries of %zu acknowledged publishes (%llu "
      "failed), %d connections cut\n",
      static_cast<unsigned long long>(options.seed), messages, deliveries, published,
      static_cast<unsigned long long>(failed), cuts);
  std::printf("%zu calls heard that their node was gone, those of a killed one within %s\n", told,
              absl::FormatDuration(slowest).c_str());
  std::printf(
      "%llu runs: %d identical, %d session_lost, %d lost, %d doubled, %d reordered, %d hung\n",
      static_cast<unsigned long long>(runs), counts[0], counts[1], counts[2], counts[3], counts[4],
      counts[5]);
  return counts[2] + counts[3] + counts[4] + counts[5] > 0 ? 1 : 0;
}

bool Parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (name == "--trace") {
      options.trace = true;
      continue;
    }
    std::string value;
    if (const size_t equals = name.find('='); equals != name.npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (i + 1 < argc) {
      value = argv[++i];
    }
    bool understood = false;
    if (name == "--runs") understood = absl::SimpleAtoi(value, &options.runs);
    if (name == "--seed") understood = absl::SimpleAtoi(value, &options.seed);
    if (name == "--clients") understood = absl::SimpleAtoi(value, &options.clients);
    if (name == "--crowd") understood = absl::SimpleAtoi(value, &options.crowd);
    if (name == "--seconds") understood = absl::SimpleAtoi(value, &options.seconds);
    if (name == "--faults") {
      options.faults = absl::StrSplit(value, ',', absl::SkipEmpty());
      understood = true;
    }
    if (understood) continue;
    std::fprintf(stderr, "not understood: %s %s\n", name.c_str(), value.c_str());
    return false;
  }
  return true;
}

}  // namespace
}  // namespace fault

int main(int argc, char** argv) {
  if (fault::IsClusterNode(argc, argv)) return fault::RunClusterNode(argv);
  fault::Options options;
  return fault::Parse(argc, argv, options) ? fault::Main(options) : 2;
}
