#include "tests/fault/cluster_node.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/io_thread.h"
#include "runtime/redis/redis_node_registry.h"
#include "runtime/redis_topic/redis_topic.h"
#include "runtime/server/server.h"
#include "tests/fault/cluster.runnel.h"
#include "tests/fault/counted_service.h"

namespace fault {
namespace {

using runnel::Awaitable;

class ClusterService final : public Counted::Service {
 public:
  explicit ClusterService(const std::string& journal)
      : journal_(open(journal.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
  ~ClusterService() override { close(journal_); }

  void SetName(std::string name) { name_ = std::move(name); }

  Awaitable<absl::StatusOr<Item>> Unary(runnel::ServerContext& context,
                                        const Item& request) override {
    const size_t call = Begin(context);
    const absl::Status slept = co_await context.Sleep(absl::Milliseconds(call % 40));
    if (!slept.ok()) co_return slept;
    co_return request;
  }

  Awaitable<absl::Status> Down(runnel::ServerContext& context, const Item& request,
                               runnel::Writer<Item>& out) override {
    const size_t call = Begin(context);
    for (uint32_t i = 0; i < request.index(); ++i) {
      Item item;
      item.set_index(i);
      item.set_payload(PayloadOf(call, Direction::kDown, i, 100));
      const absl::Status written = co_await out.Write(item);
      if (!written.ok()) co_return written;
      const absl::Status slept = co_await context.Sleep(absl::Milliseconds(20));
      if (!slept.ok()) co_return slept;
    }
    co_return absl::OkStatus();
  }

  Awaitable<absl::Status> Both(runnel::ServerContext& context, runnel::Reader<Item>& in,
                               runnel::Writer<Item>& out) override {
    const size_t call = Begin(context);
    for (uint32_t next = 0;; ++next) {
      absl::StatusOr<std::optional<Item>> item = co_await in.Read();
      if (!item.ok()) co_return item.status();
      if (!*item) co_return absl::OkStatus();
      const std::string& payload = (*item)->payload();
      if ((*item)->index() != next ||
          payload != PayloadOf(call, Direction::kUp, next, payload.size())) {
        co_return absl::DataLossError(
            absl::StrCat("message ", next, " came as ", (*item)->index()));
      }
      const absl::Status written = co_await out.Write(**item);
      if (!written.ok()) co_return written;
    }
  }

 private:
  // The number that the client gave the call.
  size_t Begin(runnel::ServerContext& context) {
    const std::string text(context.client_metadata().Get(kCallKey).value_or(""));
    const std::string line = text + "\n";
    if (write(journal_, line.data(), line.size()) < 0) std::perror("the journal");
    context.AddInitialMetadata(kNodeKey, name_);
    size_t call = 0;
    return absl::SimpleAtoi(text, &call) ? call : 0;
  }

  const int journal_;
  std::string name_;
};

class FeedService final : public v1::Feed::Service {
 public:
  FeedService(const runnel::RedisOptions& redis)
      : marks_(std::make_shared<runnel::RedisClient>(io_.executor(), redis), "marks", Quiet()) {}

  Awaitable<absl::StatusOr<v1::Published>> Publish(runnel::ServerContext&,
                                                   const v1::Mark& mark) override {
    v1::Published published;
    RUNNEL_CO_ASSIGN_OR_RETURN(*published.mutable_id(), co_await marks_.Publish(mark));
    co_return published;
  }
  Awaitable<absl::Status> Follow(runnel::ServerContext& context, const v1::FollowRequest&,
                                 runnel::Writer<v1::Mark>& out) override {
    runnel::SubscribeOptions from_oldest;
    from_oldest.start = runnel::SubscribeOptions::Start::kOldest;
    co_return co_await marks_.Serve(context, out, std::move(from_oldest));
  }

  // Its streams end, and their readers go elsewhere.
  void Close() { marks_.Close(absl::UnavailableError("the node drains")); }

 private:
  static runnel::RedisTopicOptions Quiet() {
    runnel::RedisTopicOptions options;
    options.max_messages = 100'000;
    options.log = [](std::string_view) {};
    return options;
  }

  runnel::IoThread io_;
  runnel::RedisTopic<v1::Mark> marks_;
};

}  // namespace

std::vector<std::string> ArgumentsOf(const ClusterNodeOptions& options) {
  return {"--node",
          options.redis,
          options.secret,
          options.listen,
          options.cluster_listen,
          options.advertise,
          options.journal,
          absl::FormatDuration(options.grace),
          absl::FormatDuration(options.heartbeat)};
}

bool IsClusterNode(int argc, char** argv) { return argc == 10 && argv[1] == std::string("--node"); }

int RunClusterNode(char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  absl::StatusOr<runnel::RedisOptions> redis = runnel::RedisOptions::FromUrl(argv[2]);
  absl::Duration grace;
  runnel::ServerOptions options;
  if (!redis.ok() || !absl::ParseDuration(argv[8], &grace) ||
      !absl::ParseDuration(argv[9], &options.times.heartbeat)) {
    return 2;
  }
  redis->log = [](std::string_view) {};
  runnel::RedisNodeRegistryOptions registry;
  registry.redis = *redis;
  runnel::ClusterOptions cluster;
  cluster.registry = std::make_shared<runnel::RedisNodeRegistry>(registry);
  cluster.secret = argv[3];
  cluster.listen = argv[5];
  cluster.advertise = argv[6];
  options.listen = argv[4];
  options.threads = 2;
  options.limits.max_sessions_per_address = options.limits.max_sessions;  // all are here
  options.cluster = std::move(cluster);
  ClusterService service(argv[7]);
  FeedService feed(*redis);
  runnel::Server server(std::move(options));
  absl::Status started = server.AddService(service);
  if (started.ok()) started = server.AddService(feed);
  if (started.ok()) started = server.Start();
  if (!started.ok()) {
    std::fprintf(stderr, "%s\n", started.ToString().c_str());
    return 1;
  }
  service.SetName(server.node());
  std::printf("%s\n", server.node().c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  feed.Close();
  server.Shutdown(grace);
  return 0;
}

}  // namespace fault
