// The server of Runnel's benchmarks. Takes a free port, prints its URL on a line of its own, and
// serves until its standard input ends, so that it never outlives who started it.

#include <chrono>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <string>

#include "runnel/server.h"
#include "runnel/topic.h"
#include "tests/benchmark/plan.h"
#include "tests/benchmark/tick.runnel.h"
#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

using Time = std::chrono::steady_clock;

// More than any workload asks for: no peer that Runnel is compared with has such limits.
constexpr size_t kCrowd = 100'000;

int64_t Now() { return std::chrono::nanoseconds(Time::now().time_since_epoch()).count(); }

class TickService final : public Ticks::Service {
 public:
  Awaitable<absl::StatusOr<Tick>> Echo(ServerContext&, const Tick& request) override {
    co_return request;
  }

  Awaitable<absl::Status> Watch(ServerContext& context, const WatchRequest& request,
                                Writer<Tick>& out) override {
    const Time::time_point end = Time::now() + std::chrono::milliseconds(request.duration_ms());
    Tick tick = MakeTick(request.payload_bytes());
    int64_t sent = 0;
    while (request.messages() > 0 ? sent < request.messages()
                                  : sent % 64 != 0 || Time::now() < end) {
      SetSequence(tick, sent);
      RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(tick));
      ++sent;
    }
    context.AddTrailingMetadata("sent", std::to_string(sent));
    co_return absl::OkStatus();
  }

  Awaitable<absl::Status> Ping(ServerContext&, Reader<Tick>& in, Writer<Tick>& out) override {
    Tick tick;
    while (true) {
      RUNNEL_CO_ASSIGN_OR_RETURN(const bool more, co_await in.ReadInto(tick));
      if (!more) co_return absl::OkStatus();
      RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(tick));
    }
  }

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

  Awaitable<absl::StatusOr<PublishResponse>> Publish(ServerContext&,
                                                     const PublishRequest& request) override {
    PublishResponse response;
    std::lock_guard lock(mutex_);
    Tick tick = MakeTick(request.payload_bytes());
    response.set_time_ns(Now());
    for (int i = 0; i < request.messages(); ++i) {
      SetSequence(tick, ++published_);
      RUNNEL_CO_RETURN_IF_ERROR(feed_.Publish(tick).status());
    }
    response.set_last(published_);
    co_return response;
  }

  void Close() { feed_.Close(); }

 private:
  Topic<Tick> feed_;
  std::mutex mutex_;
  int64_t published_ = 0;
};

int Main(int argc, char** argv) {
  absl::StatusOr<ServerPlan> plan = ParseServerPlan(argc, argv);
  if (!plan.ok()) {
    std::cerr << plan.status().message() << "\n";
    return 2;
  }
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.threads = plan->threads;
  if (!plan->certificate_file.empty()) {
    options.tls.emplace();
    options.tls->certificate_file = plan->certificate_file;
    options.tls->key_file = plan->key_file;
  }
  options.limits.max_connections = kCrowd;
  options.limits.max_sessions = kCrowd;
  options.limits.max_sessions_per_principal = kCrowd;
  options.limits.max_sessions_per_address = kCrowd;
  options.limits.max_calls_per_session = kCrowd;
  TickService service;
  Server server(options);
  absl::Status started = server.AddService(service);
  if (started.ok()) started = server.Start();
  if (!started.ok()) {
    std::cerr << "cannot serve: " << started << "\n";
    return 1;
  }
  std::cout << server.url() << std::endl;
  while (std::getchar() != EOF) {
  }
  service.Close();
  server.Shutdown(absl::ZeroDuration());
  return 0;
}

}  // namespace
}  // namespace runnel::benchmark

int main(int argc, char** argv) { return runnel::benchmark::Main(argc, argv); }
