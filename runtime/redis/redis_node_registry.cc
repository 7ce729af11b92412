#include "runtime/redis/redis_node_registry.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/async/clock.h"
#include "runtime/async/on_executor.h"
#include "runtime/async/signal.h"
#include "runtime/async/task_group.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/redis/redis_client.h"

namespace runnel {
namespace {

// How long a request waits for Redis to say where a node is that nobody here has heard of.
constexpr absl::Duration kFindTime = absl::Milliseconds(500);
// Redis is not asked more often than that, whatever clients ask for.
constexpr absl::Duration kLeastPause = absl::Milliseconds(20);
// The URL of a node that nobody has seen alive for so long is forgotten. Until then one that lives
// and cannot reach Redis is found.
constexpr absl::Duration kForgetAfter = absl::Hours(1);

// Whoever cannot connect tries again so soon that its lease is there before anybody looks for it.
RedisOptions SoonAgain(RedisOptions redis, absl::Duration interval) {
  redis.connect_timeout = std::min(redis.connect_timeout, interval);
  redis.longest_pause = std::min(redis.longest_pause, interval);
  redis.first_pause = std::min(redis.first_pause, redis.longest_pause);
  return redis;
}

}  // namespace

// What is under the mutex is read anywhere; the rest happens on the registry's own loop.
class RedisNodeRegistry::Core {
 public:
  Core(Executor executor, RedisNodeRegistryOptions options)
      : executor_(executor),
        options_(std::move(options)),
        clock_(*options_.redis.clock),
        redis_(executor, SoonAgain(options_.redis, Interval())),
        tasks_(executor) {}

  const Executor& executor() const { return executor_; }

  static Awaitable<bool> Start(std::shared_ptr<Core> self) {
    self->tasks_.Spawn(Run(self));
    co_return true;
  }
  static Awaitable<bool> Stop(std::shared_ptr<Core> self) {
    self->tasks_.Cancel();
    co_await self->tasks_.Join();
    co_return true;
  }

  void Add(const std::string& name, const std::string& url) {
    std::lock_guard lock(mutex_);
    own_[name] = url;
  }
  void Drop(const std::string& name) {
    std::lock_guard lock(mutex_);
    own_.erase(name);
    known_.erase(name);
  }

  static Awaitable<bool> Forget(std::shared_ptr<Core> self, std::string name) {
    co_await self->Delete(std::move(name), kFindTime);
    co_return true;
  }

  // What is known without asking; nullopt where only Redis can know more.
  std::optional<NodePlace> Known(const std::string& name) {
    std::lock_guard lock(mutex_);
    const absl::Time now = clock_.Now();
    const bool answers = now - answered_ < 2 * Interval();
    if (const auto own = own_.find(name); own != own_.end()) {
      return NodePlace(NodePlace::Lease::kHeld, own->second);
    }
    const auto found = known_.find(name);
    if (found == known_.end()) return std::nullopt;
    const bool gone = answers && now >= trusted_from_ && !found->second.leased;
    return NodePlace(gone                              ? NodePlace::Lease::kGone
                     : answers && found->second.leased ? NodePlace::Lease::kHeld
                                                       : NodePlace::Lease::kUnknown,
                     found->second.url);
  }

  static Awaitable<NodePlace> FindThere(std::shared_ptr<Core> self, std::string name) {
    const absl::Status read = co_await ReadAnew(self, self->clock_.Now() + kFindTime);
    std::optional<NodePlace> known = self->Known(name);
    if (known) co_return *std::move(known);
    std::lock_guard lock(self->mutex_);
    const bool certain = read.ok() && self->clock_.Now() >= self->trusted_from_;
    co_return NodePlace(certain ? NodePlace::Lease::kGone : NodePlace::Lease::kUnknown, "");
  }

  // Returns when Redis has, and what it then had is known here.
  static Awaitable<absl::Status> Register(std::shared_ptr<Core> self) {
    co_return co_await ReadAnew(self, self->clock_.Now() + self->options_.join_timeout);
  }

  // Why nothing was read the last time.
  std::string Problem() {
    std::lock_guard lock(mutex_);
    return problem_.empty() ? absl::StrCat("Redis at ", options_.redis.Address(), " is too slow")
                            : problem_;
  }

 private:
  struct Peer {
    std::string url;
    bool leased = false;
    absl::Time seen;  // when its lease was there last
  };

  absl::Duration Interval() const { return options_.lease / 5; }
  std::string HashKey() const { return options_.prefix + ":nodes"; }
  std::string LeaseKey(const std::string& name) const {
    return absl::StrCat(options_.prefix, ":node:", name);
  }

  static Awaitable<void> Run(std::shared_ptr<Core> self) {
    while (true) {
      const uint64_t reading = ++self->begun_;
      self->asked_ = false;
      const absl::Status done = co_await self->RenewAndRead();
      const absl::Time now = self->clock_.Now();
      if (done.ok()) {
        self->read_ = reading;
        self->read_signal_.Notify();
      } else {
        std::lock_guard lock(self->mutex_);
        self->interrupted_ = true;
        self->problem_ = std::string(StdView(done.message()));
      }
      if (absl::IsCancelled(done)) co_return;
      absl::Status paused = co_await SleepUntil(self->clock_, now + kLeastPause);
      if (!paused.ok()) co_return;
      const absl::Time next = now + self->Interval();
      while (!self->asked_ && self->clock_.Now() < next) {
        absl::Status waited = co_await self->asked_signal_.WaitUntil(self->clock_, next);
        if (absl::IsCancelled(waited)) co_return;
      }
    }
  }

  // Waits for a reading that begins from now on: it sees every node that has joined before.
  static Awaitable<absl::Status> ReadAnew(std::shared_ptr<Core> self, absl::Time deadline) {
    const uint64_t wanted = self->begun_ + 1;
    while (self->read_ < wanted) {
      self->asked_ = true;
      self->asked_signal_.Notify();
      absl::Status waited = co_await self->read_signal_.WaitUntil(self->clock_, deadline);
      if (!waited.ok()) co_return waited;
    }
    co_return absl::OkStatus();
  }

  // Whether what Redis does not know says something.
  void NoteAnswer(absl::Time now) {
    const uint64_t connections = redis_.state().connections;
    if (interrupted_ || connections != connections_) trusted_from_ = now + options_.lease;
    interrupted_ = false;
    connections_ = connections;
    answered_ = now;
  }

  // One turn: our own leases, then everybody's.
  Awaitable<absl::Status> RenewAndRead() {
    std::map<std::string, std::string> own;
    {
      std::lock_guard lock(mutex_);
      own = own_;
    }
    const std::string lease_ms = std::to_string(absl::ToInt64Milliseconds(options_.lease));
    for (const auto& [name, url] : own) {
      std::vector<std::string> set = {"SET", LeaseKey(name), "1", "PX", lease_ms};
      RUNNEL_CO_RETURN_IF_ERROR(co_await Ask(std::move(set)));
      std::vector<std::string> hset = {"HSET", HashKey(), name, url};
      RUNNEL_CO_RETURN_IF_ERROR(co_await Ask(std::move(hset)));
    }
    std::vector<std::string> all = {"HGETALL", HashKey()};
    RUNNEL_CO_RETURN_IF_ERROR(co_await Ask(std::move(all)));
    std::map<std::string, Peer> peers;
    std::vector<std::string> mget = {"MGET"};
    for (size_t i = 0; i + 1 < reply_.elements.size(); i += 2) {
      peers[reply_.elements[i].text].url = reply_.elements[i + 1].text;
    }
    for (const auto& [name, peer] : peers) mget.push_back(LeaseKey(name));
    if (!peers.empty()) {
      RUNNEL_CO_RETURN_IF_ERROR(co_await Ask(std::move(mget)));
      size_t i = 0;
      for (auto& [name, peer] : peers) {
        peer.leased = i < reply_.elements.size() && !reply_.elements[i].is_nil();
        ++i;
      }
    }
    const std::vector<std::string> forgotten = Merge(std::move(peers));
    for (const std::string& name : forgotten) co_await Delete(name, absl::Seconds(1));
    co_return absl::OkStatus();
  }

  // Those that nobody needs to find any more.
  std::vector<std::string> Merge(std::map<std::string, Peer> peers) {
    std::lock_guard lock(mutex_);
    const absl::Time now = clock_.Now();
    NoteAnswer(now);
    // A node that Redis has forgotten may live: it is remembered here.
    for (auto& [name, peer] : known_) {
      if (!peers.contains(name)) peer.leased = false;
    }
    for (auto& [name, peer] : peers) {
      const auto before = known_.find(name);
      peer.seen = peer.leased || before == known_.end() ? now : before->second.seen;
      known_[name] = std::move(peer);
    }
    std::vector<std::string> forgotten;
    for (const auto& [name, peer] : known_) {
      if (peer.seen + kForgetAfter < now && now >= trusted_from_) forgotten.push_back(name);
    }
    for (const std::string& name : forgotten) known_.erase(name);
    return forgotten;
  }

  Awaitable<void> Delete(std::string name, absl::Duration timeout) {
    std::vector<std::string> del = {"DEL", LeaseKey(name)};
    const absl::StatusOr<RedisReply> deleted = co_await redis_.Command(std::move(del), timeout);
    deleted.status().IgnoreError();  // it ends by itself
    std::vector<std::string> hdel = {"HDEL", HashKey(), name};
    const absl::StatusOr<RedisReply> removed = co_await redis_.Command(std::move(hdel), timeout);
    removed.status().IgnoreError();
  }

  // The reply is left in reply_.
  Awaitable<absl::Status> Ask(std::vector<std::string> command) {
    absl::StatusOr<RedisReply> reply = co_await redis_.Command(std::move(command), Interval());
    if (!reply.ok()) co_return std::move(reply).status();
    reply_ = *std::move(reply);
    co_return absl::OkStatus();
  }

  const Executor executor_;
  const RedisNodeRegistryOptions options_;
  Clock& clock_;
  RedisClient redis_;
  RedisReply reply_;
  uint64_t begun_ = 0;  // readings
  uint64_t read_ = 0;   // the last one that was answered
  bool asked_ = false;  // for a reading at once
  Signal asked_signal_;
  Signal read_signal_;

  std::mutex mutex_;
  std::map<std::string, std::string> own_;
  std::map<std::string, Peer> known_;
  absl::Time answered_ = absl::InfinitePast();
  absl::Time trusted_from_ = absl::InfiniteFuture();
  bool interrupted_ = true;
  std::string problem_;
  uint64_t connections_ = 0;

  TaskGroup tasks_;
};

RedisNodeRegistry::RedisNodeRegistry(RedisNodeRegistryOptions options)
    : core_(std::make_shared<Core>(io_.executor(), std::move(options))) {
  io_.BlockOn(Core::Start(core_));
}

RedisNodeRegistry::~RedisNodeRegistry() { io_.BlockOn(Core::Stop(core_)); }

absl::Status RedisNodeRegistry::Join(const std::string& name, const std::string& url) {
  core_->Add(name, url);
  if (io_.BlockOn(Core::Register(core_)).ok()) return absl::OkStatus();
  const std::string problem = core_->Problem();
  Leave(name);
  return absl::UnavailableError(absl::StrCat("the other nodes would not find this one: ", problem));
}

void RedisNodeRegistry::Leave(const std::string& name) {
  core_->Drop(name);
  io_.BlockOn(Core::Forget(core_, name));
}

Awaitable<NodePlace> RedisNodeRegistry::Find(std::string name) {
  const std::shared_ptr<Core> core = core_;
  if (std::optional<NodePlace> known = core->Known(name)) co_return *std::move(known);
  co_return co_await OnExecutor(core->executor(), Core::FindThere(core, std::move(name)));
}

NodePlace RedisNodeRegistry::Remembered(const std::string& name) {
  return core_->Known(name).value_or(NodePlace());
}

}  // namespace runnel
