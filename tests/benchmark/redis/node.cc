// One node of a feed of several, as the benchmark of feeds over Redis runs it; or, without --redis,
// the server of a feed of its own, to compare with.
//
// Prints its URL on a line of its own, and serves until its standard input ends. With --load it
// serves nothing: it publishes as fast as Redis takes it, and prints what that came to.

#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "runnel/redis_topic.h"
#include "runnel/server.h"
#include "runnel/topic.h"
#include "runtime/async/io_thread.h"
#include "runtime/async/task_group.h"
#include "runtime/core/string_view.h"
#include "tests/benchmark/tick.runnel.h"
#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

using Time = std::chrono::steady_clock;

constexpr char kUsage[] =
    "node [--redis=URL] [--feed=NAME] [--threads=N] [--readers=N] [--load=MESSAGES] "
    "[--payload_bytes=N] [--outstanding=N]";

struct NodePlan {
  std::string redis;
  std::string feed = "ticks";
  int threads = 1;
  int readers = 0;   // so many more read the feed, as nodes would
  int64_t load = 0;  // messages
  int payload_bytes = 100;
  int outstanding = 1000;
};

bool Set(NodePlan& plan, std::string_view name, std::string_view value) {
  const auto number = [&](auto& to, int least) {
    return absl::SimpleAtoi(AbslView(value), &to) && to >= least;
  };
  if (name == "--redis") plan.redis = std::string(value);
  if (name == "--feed") plan.feed = std::string(value);
  if (name == "--redis" || name == "--feed") return !value.empty();
  if (name == "--threads") return number(plan.threads, 1);
  if (name == "--readers") return number(plan.readers, 0);
  if (name == "--load") return number(plan.load, 1);
  if (name == "--payload_bytes") return number(plan.payload_bytes, 0);
  if (name == "--outstanding") return number(plan.outstanding, 1);
  return false;
}

// What Topic and RedisTopic have in common, and where they differ.
class Feed {
 public:
  virtual ~Feed() = default;
  virtual absl::StatusOr<Subscription<Tick>> Subscribe(Executor executor) = 0;
  // Ticks of this size with the sequence numbers from `first` on. Begins them all before it waits.
  virtual Awaitable<absl::Status> Publish(int payload_bytes, int64_t first, int count) = 0;
  virtual void Close() = 0;
};

class EmbeddedFeed final : public Feed {
 public:
  absl::StatusOr<Subscription<Tick>> Subscribe(Executor executor) override {
    return topic_.Subscribe(std::move(executor));
  }
  Awaitable<absl::Status> Publish(int payload_bytes, int64_t first, int count) override {
    Tick tick = MakeTick(payload_bytes);
    for (int i = 0; i < count; ++i) {
      SetSequence(tick, first + i);
      RUNNEL_CO_RETURN_IF_ERROR(topic_.Publish(tick).status());
    }
    co_return absl::OkStatus();
  }
  void Close() override { topic_.Close(); }

 private:
  Topic<Tick> topic_;
};

class RedisFeedOfTicks final : public Feed {
 public:
  RedisFeedOfTicks(std::shared_ptr<RedisClient> client, const std::string& name)
      : topic_(std::move(client), name) {}

  Awaitable<absl::Status> Loaded() { return topic_.Loaded(); }
  absl::StatusOr<Subscription<Tick>> Subscribe(Executor executor) override {
    return topic_.Subscribe(std::move(executor));
  }
  Awaitable<absl::Status> Publish(int payload_bytes, int64_t first, int count) override {
    Tick tick = MakeTick(payload_bytes);
    absl::Status failed;
    TaskGroup tasks(co_await asio::this_coro::executor);
    for (int i = 0; i < count; ++i) {
      SetSequence(tick, first + i);
      tasks.Spawn(PublishOne(topic_.Publish(tick), failed));
    }
    co_await tasks.Join();
    co_return failed;
  }
  void Close() override { topic_.Close(); }

 private:
  static Awaitable<void> PublishOne(Awaitable<absl::StatusOr<std::string>> publish,
                                    absl::Status& failed) {
    const absl::StatusOr<std::string> id = co_await std::move(publish);
    if (!id.ok()) failed = id.status();
  }

  RedisTopic<Tick> topic_;
};

class NodeService final : public Ticks::Service {
 public:
  explicit NodeService(Feed& feed) : feed_(feed) {}

  Awaitable<absl::Status> Follow(ServerContext& context, const WatchRequest& request,
                                 Writer<Tick>& out) override {
    RUNNEL_CO_ASSIGN_OR_RETURN(Subscription<Tick> subscription,
                               feed_.Subscribe(context.executor()));
    {
      const Tick first = MakeTick(request.payload_bytes());
      RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(first));
    }
    co_return co_await subscription.SendTo(out, Subscription<Tick>::Ids::kWithout);
  }

  // Of one loop, so that nothing comes between the number of a tick and its publishing.
  Awaitable<absl::StatusOr<PublishResponse>> Publish(ServerContext&,
                                                     const PublishRequest& request) override {
    PublishResponse response;
    response.set_time_ns(std::chrono::nanoseconds(Time::now().time_since_epoch()).count());
    const int64_t first = published_ + 1;
    published_ += request.messages();
    response.set_last(published_);
    RUNNEL_CO_RETURN_IF_ERROR(
        co_await feed_.Publish(request.payload_bytes(), first, request.messages()));
    co_return response;
  }

 private:
  Feed& feed_;
  int64_t published_ = 0;
};

Awaitable<void> PublishInTurn(Feed& feed, const NodePlan& plan, int64_t& begun,
                              absl::Status& failed) {
  while (begun < plan.load && failed.ok()) {
    const int64_t sequence = begun++;
    const absl::Status published = co_await feed.Publish(plan.payload_bytes, sequence, 1);
    if (!published.ok()) failed = published;
  }
}

Awaitable<absl::Status> Load(Feed& feed, const NodePlan& plan) {
  absl::Status failed;
  int64_t begun = 0;
  TaskGroup tasks(co_await asio::this_coro::executor);
  for (int i = 0; i < plan.outstanding; ++i) {
    tasks.Spawn(PublishInTurn(feed, plan, begun, failed));
  }
  co_await tasks.Join();
  co_return failed;
}

int Fail(const absl::Status& status) {
  std::cerr << "node: " << status << "\n";
  return 1;
}

int Serve(const NodePlan& plan, Feed& feed) {
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.threads = plan.threads;
  options.limits.max_connections = 100'000;
  NodeService service(feed);
  Server server(options);
  absl::Status started = server.AddService(service);
  if (started.ok()) started = server.Start();
  if (!started.ok()) return Fail(started);
  std::cout << server.url() << std::endl;
  while (std::getchar() != EOF) {
  }
  feed.Close();
  server.Shutdown(absl::ZeroDuration());
  return 0;
}

int LoadRedis(const NodePlan& plan, Feed& feed, IoThread& io) {
  const Time::time_point begin = Time::now();
  const absl::Status published = io.BlockOn(Load(feed, plan));
  if (!published.ok()) return Fail(published);
  const double seconds = std::chrono::duration<double>(Time::now() - begin).count();
  std::cout << absl::StrFormat("{\"rate\":%.1f,\"seconds\":%.6f}",
                               static_cast<double>(plan.load) / seconds, seconds)
            << std::endl;
  return 0;
}

int Main(int argc, char** argv) {
  NodePlan plan;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const size_t equals = argument.find('=');
    if (equals == argument.npos ||
        !Set(plan, argument.substr(0, equals), argument.substr(equals + 1))) {
      std::cerr << "bad argument " << argument << "; " << kUsage << "\n";
      return 2;
    }
  }
  if (plan.redis.empty()) {
    if (plan.load > 0 || plan.readers > 0) {
      std::cerr << "--load and --readers need --redis\n";
      return 2;
    }
    EmbeddedFeed feed;
    return Serve(plan, feed);
  }
  const absl::StatusOr<RedisOptions> redis = RedisOptions::FromUrl(plan.redis);
  if (!redis.ok()) return Fail(redis.status());
  IoThread io;
  std::vector<std::unique_ptr<RedisFeedOfTicks>> feeds;
  for (int i = 0; i <= plan.readers; ++i) {
    feeds.push_back(std::make_unique<RedisFeedOfTicks>(
        std::make_shared<RedisClient>(io.executor(), *redis), plan.feed));
    const absl::Status loaded = io.BlockOn(feeds.back()->Loaded());
    if (!loaded.ok()) return Fail(loaded);
  }
  return plan.load > 0 ? LoadRedis(plan, *feeds[0], io) : Serve(plan, *feeds[0]);
}

}  // namespace
}  // namespace runnel::benchmark

int main(int argc, char** argv) { return runnel::benchmark::Main(argc, argv); }
