// A server that is told to end while its handlers run, as a process of its own.
//
//   draining_peer JOURNAL OPEN GRACE_MS
//
// Prints its URL, then "open" when OPEN handlers have begun. On SIGTERM it drains for GRACE_MS;
// with 0 as servers do that leave it to ServeUntilSignalled. Each handler that begins adds a line
// with the metadata x-call to the file JOURNAL. It answers once and then waits as the number of its
// first request says: 0 not at all, 1 until the server drains, 2 until it is cancelled.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "runtime/core/status_macros.h"
#include "runtime/server/server.h"
#include "tests/end_to_end/scripted_service.h"

namespace end_to_end {
namespace {

using runnel::Awaitable;
using runnel::ServerContext;

class WaitingService final : public Scripted::Service {
 public:
  WaitingService(int journal, int open) : journal_(journal), open_(open) {}

  void Drain() { draining_ = true; }

  Awaitable<absl::StatusOr<Reply>> Unary(ServerContext& context, const Request& request) override {
    Begin(context);
    RUNNEL_CO_RETURN_IF_ERROR(co_await WaitAs(context, request));
    co_return Reply();
  }

  Awaitable<absl::Status> Down(ServerContext& context, const Request& request,
                               runnel::Writer<Reply>& out) override {
    Begin(context);
    const Reply reply;
    RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(reply));
    co_return co_await WaitAs(context, request);
  }

  Awaitable<absl::StatusOr<Reply>> Up(ServerContext& context,
                                      runnel::Reader<Request>& in) override {
    Begin(context);
    RUNNEL_CO_ASSIGN_OR_RETURN(const std::optional<Request> request, co_await in.Read());
    if (!request) co_return absl::InvalidArgumentError("no request at all");
    RUNNEL_CO_RETURN_IF_ERROR(co_await WaitAs(context, *request));
    co_return Reply();
  }

  Awaitable<absl::Status> Both(ServerContext& context, runnel::Reader<Request>& in,
                               runnel::Writer<Reply>& out) override {
    Begin(context);
    RUNNEL_CO_ASSIGN_OR_RETURN(const std::optional<Request> request, co_await in.Read());
    if (!request) co_return absl::InvalidArgumentError("no request at all");
    const Reply reply;
    RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(reply));
    co_return co_await WaitAs(context, *request);
  }

 private:
  void Begin(const ServerContext& context) {
    // One write, so that lines stay whole.
    const std::string line =
        std::string(context.client_metadata().Get("x-call").value_or("?")) + "\n";
    if (write(journal_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      std::abort();
    if (++begun_ != open_) return;
    std::printf("open\n");
    std::fflush(stdout);
  }

  Awaitable<absl::Status> WaitAs(ServerContext& context, const Request& request) {
    const absl::Duration pause = request.number() == 2 ? absl::Hours(24) : absl::Milliseconds(50);
    while (request.number() == 2 || (request.number() == 1 && !draining_)) {
      RUNNEL_CO_RETURN_IF_ERROR(co_await context.Sleep(pause));
    }
    co_return absl::OkStatus();
  }

  const int journal_;
  const int open_;
  std::atomic<int> begun_{0};
  std::atomic<bool> draining_{false};
};

int Serve(const char* journal, int open_calls, int grace_ms) {
  const int file = open(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return 1;
  WaitingService service(file, open_calls);
  runnel::ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.limits.max_calls_per_session = 10'000;
  boost::asio::io_context context(1);
  boost::asio::signal_set signals(context, SIGTERM);
  signals.async_wait([&](boost::system::error_code, int) { service.Drain(); });
  runnel::Server server(options);
  if (!server.AddService(service).ok() || !server.Start().ok()) return 1;
  std::printf("%s\n", server.url().c_str());
  std::fflush(stdout);
  if (grace_ms > 0) {
    context.run();
    server.Shutdown(absl::Milliseconds(grace_ms));
    return 0;
  }
  // Every signal_set hears of a signal.
  std::thread watch([&] { context.run(); });
  runnel::ServeUntilSignalled(server);
  watch.join();
  return 0;
}

}  // namespace
}  // namespace end_to_end

int main(int argc, char** argv) {
  if (argc == 4) return end_to_end::Serve(argv[1], std::atoi(argv[2]), std::atoi(argv[3]));
  std::fputs("usage: draining_peer JOURNAL OPEN GRACE_MS\n", stderr);
  return 2;
}
