// The server of Runnel's benchmarks. Takes a free port, prints its URL on a line of its own, and
// serves until its standard input ends, so that it never outlives who started it.

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "runnel/server.h"
#include "tests/benchmark/tick.runnel.h"
#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

using Time = std::chrono::steady_clock;

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
};

int Main(int argc, char** argv) {
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.threads = 1;
  for (int i = 1; i < argc; ++i) {
    constexpr const char* kThreads = "--threads=";
    const char* value = argv[i] + std::strlen(kThreads);
    if (std::strncmp(argv[i], kThreads, std::strlen(kThreads)) != 0 ||
        std::from_chars(value, argv[i] + std::strlen(argv[i]), options.threads).ec != std::errc()) {
      std::cerr << "bad argument " << argv[i] << "; there is --threads=N\n";
      return 2;
    }
  }
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
  server.Shutdown(absl::ZeroDuration());
  return 0;
}

}  // namespace
}  // namespace runnel::benchmark

int main(int argc, char** argv) { return runnel::benchmark::Main(argc, argv); }
