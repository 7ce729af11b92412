#include "tests/fault/cluster_run.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/core/status_details.h"
#include "tests/fault/dice.h"

namespace fault {

using runnel::Awaitable;

namespace {

// SESSION_LOST comes so soon after a node was killed; and where nobody is refused, as a proxy
// stands between the nodes or the process only hangs, after its lease.
constexpr absl::Duration kLostWithin = absl::Seconds(2);
constexpr absl::Duration kLostWithLease = absl::Seconds(15);
constexpr absl::Duration kHungAfter = absl::Seconds(40);
constexpr char kFollow[] = "/fault.v1.Feed/Follow?connect=v1&encoding=json";

}  // namespace

ClusterRun::ClusterRun(ClusterRunPlan plan, bool trace)
    : plan_(std::move(plan)), trace_(trace), world_(plan_.world, io_) {}

ClusterRun::~ClusterRun() { io_.BlockOn(Drop(this)); }

ClusterRun::Counts ClusterRun::Count() {
  const absl::Status started = world_.Start();
  if (!started.ok()) {
    std::fprintf(stderr, "%s\n", started.ToString().c_str());
    std::exit(1);
  }
  seen_.resize(plan_.calls.size());
  for (size_t i = 0; i < seen_.size(); ++i) seen_[i].call = i + 1;
  io_.BlockOn(Begin(this));
  const absl::Time start = absl::Now();
  for (const ClusterFault& fault : plan_.faults) {
    absl::SleepFor(start + fault.at - absl::Now());
    Apply(fault);
  }
  io_.BlockOn(Await(this, absl::Now() + kHungAfter));
  Counts counts{};
  std::vector<std::string> reports;
  JudgeCalls(counts, reports);
  JudgeFollowers(counts, reports);
  if (!reports.empty() || trace_) Report(reports);
  return counts;
}

size_t ClusterRun::messages() const {
  size_t messages = 0;
  for (const SeenCall& seen : seen_) messages += seen.next;
  return messages;
}

size_t ClusterRun::deliveries() const {
  size_t deliveries = 0;
  for (const auto& follower : followers_) deliveries += follower->marks().size();
  return deliveries;
}

Awaitable<void> ClusterRun::PublishOne(ClusterRun* self) {
  Publishes& publishes = self->publishes_;
  v1::Mark mark;
  const uint32_t number = ++publishes.made;
  mark.set_number(number);
  runnel::CallOptions options;
  options.route = runnel::Route::kDirect;
  absl::StatusOr<v1::Published> published = co_await self->feed_->Publish(mark, std::move(options));
  if (!published.ok()) {
    ++publishes.failed;
    co_return;
  }
  uint64_t id = 0;
  if (!absl::SimpleAtoi(published->id().substr(published->id().rfind('-') + 1), &id)) std::abort();
  publishes.acknowledged[id] = number;
}

// Each beside the others, as one may wait for a Redis that is away. The last one is acknowledged.
Awaitable<void> ClusterRun::PublishAll(ClusterRun* self) {
  Publishes& publishes = self->publishes_;
  const runnel::Executor executor = co_await runnel::asio::this_coro::executor;
  runnel::Clock& clock = runnel::Clock::Real();
  runnel::TaskGroup tasks(executor);
  const absl::Time end = clock.Now() + self->plan_.publish_for;
  while (clock.Now() < end) {
    tasks.Spawn(PublishOne(self));
    const absl::Status slept = co_await SleepFor(clock, self->plan_.publish_every);
    if (!slept.ok()) co_return;
  }
  co_await tasks.Join();
  for (bool acknowledged = false; !acknowledged;) {
    const size_t before = publishes.acknowledged.size();
    co_await PublishOne(self);
    acknowledged = publishes.acknowledged.size() > before;
    const absl::Status slept = co_await SleepFor(clock, absl::Milliseconds(100));
    if (!slept.ok()) co_return;
  }
}

Awaitable<bool> ClusterRun::Begin(ClusterRun* self) {
  const runnel::Executor executor = self->io_.executor();
  self->tasks_ = std::make_unique<runnel::TaskGroup>(executor);
  self->follow_ = std::make_unique<runnel::TaskGroup>(executor);
  Dice dice(self->plan_.world.seed);
  for (size_t i = 0; i <= self->plan_.clients; ++i) {
    runnel::ChannelOptions options;
    options.route = runnel::Route::kSession;
    options.codec = dice.Percent(50) ? runnel::Codec::kJson : runnel::Codec::kProto;
    const std::shared_ptr<runnel::HttpClient> http = self->world_.Client();
    self->channels_.push_back(runnel::Channel::Over(executor, http, options));
    if (i == self->plan_.clients) break;  // the last one publishes
    self->stubs_.push_back(std::make_unique<Counted::Stub>(self->channels_.back()));
    self->followers_.push_back(std::make_unique<ClusterFollower>(http, kFollow));
    self->follow_->Spawn(self->followers_.back()->Run());
  }
  self->feed_ = std::make_unique<v1::Feed::Stub>(self->channels_.back());
  for (size_t i = 0; i < self->plan_.calls.size(); ++i) {
    Counted::Stub& stub = *self->stubs_[i % self->stubs_.size()];
    self->tasks_->Spawn(MakeClusterCall(stub, self->plan_.calls[i], self->seen_[i]));
  }
  self->tasks_->Spawn(PublishAll(self));
  co_return true;
}

Awaitable<bool> ClusterRun::Await(ClusterRun* self, absl::Time deadline) {
  runnel::Clock& clock = runnel::Clock::Real();
  co_await self->tasks_->JoinUntil(clock, deadline);
  self->tasks_->Cancel();
  co_await self->tasks_->Join();
  while (clock.Now() < deadline && !self->AllFollow()) {
    const absl::Status slept = co_await SleepFor(clock, absl::Milliseconds(20));
    if (!slept.ok()) break;
  }
  self->follow_->Cancel();
  co_await self->follow_->Join();
  co_return true;
}
bool ClusterRun::AllFollow() const {
  for (const auto& follower : followers_) {
    if (follower->marks().size() < Last()) return false;
  }
  return true;
}
uint64_t ClusterRun::Last() const {
  return publishes_.acknowledged.empty() ? 0 : publishes_.acknowledged.rbegin()->first;
}

Awaitable<bool> ClusterRun::Drop(ClusterRun* self) {
  self->tasks_.reset();
  self->follow_.reset();
  self->followers_.clear();
  self->stubs_.clear();
  self->feed_.reset();
  self->channels_.clear();
  co_return true;
}

void ClusterRun::Apply(const ClusterFault& fault) {
  absl::Status restarted;
  if (fault.what == "kill") {
    world_.Kill(fault.place);
    absl::SleepFor(fault.lasts);
    restarted = world_.Restart(fault.place);
  } else if (fault.what == "drain") {
    world_.Drain(fault.place);
    restarted = world_.Restart(fault.place);
  } else if (fault.what == "freeze" || fault.what == "hang") {
    if (fault.what == "hang") hung_[world_.node(fault.place)] = absl::Now();
    world_.Freeze(fault.place);
    absl::SleepFor(fault.lasts);
    world_.Thaw(fault.place);
  } else if (fault.what == "redis") {
    world_.redis().Kill();
    absl::SleepFor(fault.lasts);
    restarted = world_.redis().Start();
  } else if (fault.what == "slow") {
    world_.redis().Freeze();
    absl::SleepFor(fault.lasts);
    world_.redis().Thaw();
  }
  if (restarted.ok()) return;
  std::fprintf(stderr, "after %s: %s\n", fault.what.c_str(), restarted.ToString().c_str());
  std::exit(1);
}

void ClusterRun::JudgeCalls(Counts& counts, std::vector<std::string>& reports) {
  std::map<size_t, int> ran;  // how often the method of each call did
  std::ifstream journal(world_.journal());
  for (size_t call = 0; journal >> call;) ++ran[call];
  for (const SeenCall& seen : seen_) {
    std::string why;
    CallResult verdict = Judge(seen, why);
    if (ran[seen.call] > 1) {
      why = absl::StrCat("its method ran ", ran[seen.call], " times; ", why);
      verdict = CallResult::kDoubled;
    }
    ++counts[static_cast<size_t>(verdict)];
    if (verdict > CallResult::kSessionLost || (trace_ && verdict != CallResult::kIdentical)) {
      reports.push_back(absl::StrCat("  call ", seen.call, " on ", seen.node, ": ", why));
    }
  }
}

CallResult ClusterRun::Judge(const SeenCall& seen, std::string& why) {
  why = seen.ended ? seen.status.ToString() : "has not ended";
  if (!seen.ended) return CallResult::kHung;
  if (!seen.fault.empty()) {
    why = seen.fault;
    return seen.bad;
  }
  if (seen.status.ok()) {
    if (seen.next == seen.count) return CallResult::kIdentical;
    why = absl::StrCat(seen.next, " of ", seen.count, " messages");
    return CallResult::kLost;
  }
  if (!absl::IsUnavailable(seen.status)) return CallResult::kLost;
  const bool lost = runnel::ReasonOf(seen.status) == "SESSION_LOST";
  const auto killed = world_.killed().find(seen.node);
  const auto drained = world_.drained().find(seen.node);
  if (killed != world_.killed().end()) {
    const bool at_once = !plan_.world.links;
    return Late(seen, lost, killed->second, at_once ? kLostWithin : kLostWithLease, why);
  }
  // Its time was over.
  if (drained != world_.drained().end()) return CallResult::kSessionLost;
  if (const auto hung = hung_.find(seen.node); hung != hung_.end()) {
    return Late(seen, lost, hung->second, kLostWithLease, why);
  }
  // Nobody has said where it ran.
  const bool none_gone = world_.killed().empty() && world_.drained().empty() && hung_.empty();
  if (seen.node.empty() && !none_gone) return CallResult::kSessionLost;
  why = absl::StrCat("its node lives; ", why);
  return CallResult::kLost;
}

CallResult ClusterRun::Late(const SeenCall& seen, bool lost, absl::Time since,
                            absl::Duration within, std::string& why) {
  if (!lost) return CallResult::kLost;
  const absl::Duration after = seen.ended_at - since;
  if (within == kLostWithin) slowest_loss_ = std::max(slowest_loss_, after);
  ++told_;
  if (after <= within) return CallResult::kSessionLost;
  why = absl::StrCat(absl::FormatDuration(after), " after its node; ", why);
  return CallResult::kHung;
}

void ClusterRun::JudgeFollowers(Counts& counts, std::vector<std::string>& reports) const {
  const std::vector<uint32_t>* longest = &followers_[0]->marks();
  for (const auto& follower : followers_) {
    if (follower->marks().size() > longest->size()) longest = &follower->marks();
  }
  for (size_t i = 0; i < followers_.size(); ++i) {
    std::string why;
    const CallResult result = JudgeFollower(*followers_[i], *longest, why);
    ++counts[static_cast<size_t>(result)];
    if (result == CallResult::kIdentical) continue;
    reports.push_back(
        absl::StrCat("  reader ", i, " (", followers_[i]->connections(), " connections): ", why));
  }
}

CallResult ClusterRun::JudgeFollower(const ClusterFollower& follower,
                                     const std::vector<uint32_t>& longest, std::string& why) const {
  why = follower.fault();
  if (!why.empty()) return follower.doubled() ? CallResult::kDoubled : CallResult::kLost;
  const std::vector<uint32_t>& marks = follower.marks();
  if (marks.size() < Last()) {
    why = absl::StrCat("has ", marks.size(), " of ", Last());
    return CallResult::kHung;
  }
  if (!std::equal(marks.begin(), marks.end(), longest.begin())) {
    why = "has other messages than others";
    return CallResult::kReordered;
  }
  for (const auto& [id, mark] : publishes_.acknowledged) {
    if (marks[id - 1] == mark) continue;
    why = absl::StrCat("has not what was acknowledged as ", id);
    return CallResult::kLost;
  }
  return CallResult::kIdentical;
}

void ClusterRun::Report(std::vector<std::string>& reports) const {
  if (reports.size() > 50) reports.resize(50);
  std::vector<std::string> lines;
  if (plan_.world.links) lines.push_back(absl::StrCat("links, ", world_.cuts(), " cuts"));
  for (const ClusterFault& fault : plan_.faults) {
    lines.push_back(absl::StrCat(absl::FormatDuration(fault.at), " ", fault.what, " ", fault.place,
                                 " for ", absl::FormatDuration(fault.lasts)));
  }
  std::printf("seed %llu: %s; %zu published, %llu not\n%s%s",
              static_cast<unsigned long long>(plan_.world.seed), absl::StrJoin(lines, ", ").c_str(),
              published(), static_cast<unsigned long long>(publishes_.failed),
              absl::StrJoin(reports, "\n").c_str(), reports.empty() ? "" : "\n");
  std::fflush(stdout);
}

}  // namespace fault
