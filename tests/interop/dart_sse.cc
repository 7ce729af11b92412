// Serves clients of Dart's package:sse, and sends back every string, until it is signalled: see
// kUsage.

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/task_group.h"
#include "runtime/core/status_macros.h"
#include "runtime/http/http_server.h"
#include "runtime/server/origin_rules.h"
#include "runtime/sse/sse_handler.h"

namespace interop {
namespace {

constexpr char kUsage[] =
    R"(usage: dart_sse [options]

Serves clients of Dart's package:sse, versions 4.1 and 4.2, at the path /test, as that package's own
tests have it (and at /$dwdsSseHandler, where Dart's development server has it), and sends back every string
that a client sends. Prints "listening at URL" when it is there. Ends when it is interrupted or
terminated.

  --host HOST            where it listens (127.0.0.1)
  --port PORT            the port; 0 takes a free one (8080)
  --keep-alive SECONDS   how long a connection outlives its stream; 0: a client that comes back gets a
                         new one (5)
  --allow-origin ORIGIN  lets the pages of another origin in, such as http://app.example.com; may be
                         given more than once. Those of loopback addresses, on any port, may come.
)";

constexpr char kPath[] = "/test";
// Where the pages of Dart's development server look for it.
constexpr char kDevelopmentPath[] = "/$dwdsSseHandler";

struct Arguments {
  std::string host = "127.0.0.1";
  uint32_t port = 8080;
  double keep_alive = 5;
  runnel::OriginPolicy origins;
  bool help = false;
};

absl::Status Fill(Arguments& arguments, const std::string& name, const std::string& value) {
  if (name == "--host") {
    if (value.empty()) return absl::InvalidArgumentError("--host wants an address");
    arguments.host = value;
  } else if (name == "--port") {
    if (!absl::SimpleAtoi(value, &arguments.port) || arguments.port > 65535) {
      return absl::InvalidArgumentError(
          absl::StrCat("--port wants a number from 0 to 65535, not \"", value, "\""));
    }
  } else if (name == "--keep-alive") {
    if (!absl::SimpleAtod(value, &arguments.keep_alive) || !(arguments.keep_alive >= 0)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--keep-alive wants a number of seconds, not \"", value, "\""));
    }
  } else if (name == "--allow-origin") {
    if (value.empty()) return absl::InvalidArgumentError("--allow-origin wants an origin");
    arguments.origins.allowed_origins.push_back(value);
  } else {
    return absl::InvalidArgumentError(absl::StrCat("there is no option \"", name, "\""));
  }
  return absl::OkStatus();
}

absl::StatusOr<Arguments> ParseArguments(int argc, char** argv) {
  Arguments arguments;
  arguments.origins.allow_credentials = true;  // Dart's client asks with them
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (name == "--help") {
      arguments.help = true;
      return arguments;
    }
    std::string value;
    if (const size_t equals = name.find('='); equals != name.npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (i + 1 < argc) {
      value = argv[++i];
    }
    RUNNEL_RETURN_IF_ERROR(Fill(arguments, name, value));
  }
  RUNNEL_RETURN_IF_ERROR(runnel::ValidateOriginPolicy(arguments.origins));
  return arguments;
}

// "http://localhost:8191": a page that somebody has started on this very machine.
bool IsLoopbackOrigin(std::string_view origin) {
  const size_t scheme = origin.find("://");
  if (scheme == origin.npos) return false;
  const std::string_view authority = origin.substr(scheme + 3);
  const size_t port =
      authority.find(':', authority.find(']') == authority.npos ? 0 : authority.find(']'));
  return runnel::IsLoopbackHost(authority.substr(0, port));
}

// The handler at its path, and who may come to it: a server of one's own names its pages instead.
class TestSite final : public runnel::HttpHandler {
 public:
  TestSite(runnel::SseHandler& handler, const Arguments& arguments)
      : handler_(handler),
        policy_(arguments.origins),
        loopback_(runnel::IsLoopbackHost(arguments.host)) {}

  runnel::Awaitable<runnel::HttpResponse> Handle(runnel::HttpRequest request) override {
    const std::string origin(request.headers.Get("origin").value_or(""));
    runnel::OriginPolicy policy = policy_;
    if (IsLoopbackOrigin(origin)) policy.allowed_origins.push_back(origin);
    const runnel::OriginRules rules(std::move(policy), loopback_);
    if (auto refused = rules.Intercept(request)) co_return *std::move(refused);
    const std::string path = request.target.substr(0, request.target.find('?'));
    runnel::HttpResponse response;
    if (path == kPath || path == kDevelopmentPath) {
      response = co_await handler_.Handle(std::move(request), std::string());
    } else if (path == "/") {
      // A page of this origin, for whoever has none.
      response.headers.Add("content-type", "text/html; charset=utf-8");
      response.body =
          runnel::StringBody("<title>dart_sse</title>\nAn echo for package:sse: /test\n");
    } else {
      response.status = 404;
    }
    rules.Expose(origin, response);
    co_return response;
  }

 private:
  runnel::SseHandler& handler_;
  const runnel::OriginPolicy policy_;
  const bool loopback_;
};

runnel::Awaitable<void> Echo(std::unique_ptr<runnel::SseConnection> connection) {
  while (true) {
    absl::StatusOr<std::optional<std::string>> text = co_await connection->Read();
    if (absl::IsInvalidArgument(text.status())) continue;  // no string; the next one may be
    if (!text.ok() || !*text) co_return;
    const absl::Status sent = co_await connection->Send(**std::move(text));
    // A client that has left may have queued more: it is read, and nobody gets it.
    if (absl::IsCancelled(sent)) co_return;
  }
}

runnel::Awaitable<void> Accept(runnel::SseHandler& handler, runnel::TaskGroup& echoes) {
  while (true) {
    absl::StatusOr<std::unique_ptr<runnel::SseConnection>> next = co_await handler.Accept();
    if (!next.ok() || *next == nullptr) co_return;
    echoes.Spawn(Echo(*std::move(next)));
  }
}

absl::Status Serve(const Arguments& arguments) {
  namespace asio = runnel::asio;
  asio::io_context context(1);
  runnel::SseHandlerOptions options;
  options.keep_alive = absl::Seconds(arguments.keep_alive);
  runnel::SseHandler handler(context.get_executor(), std::move(options));
  TestSite site(handler, arguments);
  runnel::HttpServer server(context.get_executor(), site);
  absl::StatusOr<int> port = server.Listen(absl::StrCat(arguments.host, ":", arguments.port));
  if (!port.ok()) return port.status();
  runnel::TaskGroup tasks(context.get_executor());
  tasks.Spawn(Accept(handler, tasks));
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](boost::system::error_code, int) {
    handler.Shutdown();
    server.Shutdown();
    tasks.Cancel();
  });
  std::printf("listening at http://%s:%d%s\n", arguments.host.c_str(), *port, kPath);
  std::fflush(stdout);
  context.run();
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(argc, argv);
  if (!arguments.ok()) {
    std::fprintf(stderr, "error: %s; --help shows the options\n",
                 std::string(arguments.status().message()).c_str());
    return 2;
  }
  if (arguments->help) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  const absl::Status served = Serve(*arguments);
  if (served.ok()) return 0;
  std::fprintf(stderr, "error: %s\n", served.ToString().c_str());
  return absl::IsInvalidArgument(served) ? 2 : 1;
}

}  // namespace
}  // namespace interop

int main(int argc, char** argv) { return interop::Main(argc, argv); }
