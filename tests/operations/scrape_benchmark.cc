// What it costs to look at a server with many sessions: how long a scrape of its metrics takes,
// and a page of its sessions, and what calls notice of both.
//
//   bazel run --config=opt //tests/operations:scrape_benchmark -- --sessions=10000
//
// Each session has a client on a connection of its own and a stream that waits. Exits 1 when a
// scrape takes longer than --most_ms at the median.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "runnel/debug_service.h"
#include "runnel/metrics_handler.h"
#include "tests/end_to_end/open_files.h"
#include "tests/end_to_end/scripted_service.h"
#include "tests/interop/raw_http.h"

ABSL_FLAG(int, sessions, 10'000, "how many sessions");
ABSL_FLAG(int, calls, 20'000, "how many unary calls are timed each time");
ABSL_FLAG(int, scrapes, 50, "how many scrapes are timed");
ABSL_FLAG(double, most_ms, 100, "a scrape may take so long");

namespace {

using interop::RawHttp;

// Serves until `until` is closed, and says at which port.
int Serve(int until, int say) {
  end_to_end::ScriptedService scripted;
  runnel::DebugService debug;
  runnel::MetricsHandler metrics;
  runnel::ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.limits.max_sessions = 1'000'000;
  options.limits.max_sessions_per_address = 1'000'000;
  options.limits.max_connections = 1'000'000;
  runnel::Server server(options);
  absl::Status status = server.AddService(scripted);
  if (status.ok()) status = debug.AddTo(server);
  if (status.ok()) status = metrics.AddTo(server);
  if (status.ok()) status = server.Start();
  if (!status.ok()) {
    std::fprintf(stderr, "error: %s\n", status.ToString().c_str());
    return 1;
  }
  const int port = server.port();
  if (write(say, &port, sizeof(port)) != sizeof(port)) return 1;
  char byte;
  while (read(until, &byte, 1) > 0) {
  }
  server.Shutdown(absl::ZeroDuration());
  return 0;
}

// A session with a stream that waits.
std::unique_ptr<RawHttp> OpenSession(int port, int number) {
  auto http = std::make_unique<RawHttp>(port);
  http->SendRequest(
      "POST", "/runnel.v1.Channel/Open", "Content-Type: application/json\r\n",
      absl::StrCat(R"({"versions":[1],"secret":")", absl::Hex(number, absl::kZeroPad16),
                   std::string(48, '0'),
                   R"(","frames":[{"call":1,"open":{"method":"/end_to_end.v1.Scripted/Down",)"
                   R"("message":{"json":{"script":{"waitForCancel":true}}},"halfClose":true}}]})"));
  if (http->ReadHead().status != 200) return nullptr;
  http->ReadUntil("\n\n");
  return http;
}

// Ascending.
struct Times {
  std::vector<double> ms;
  void Sort() { std::sort(ms.begin(), ms.end()); }
  double At(double part) const {
    return ms[std::min(ms.size() - 1, static_cast<size_t>(part * static_cast<double>(ms.size())))];
  }
};

Times TimeRequests(int port, int count, std::string_view method, std::string_view target,
                   std::string_view body) {
  RawHttp http(port);
  Times times;
  for (int i = 0; i < count; ++i) {
    const absl::Time begin = absl::Now();
    http.SendRequest(method, target, method == "POST" ? "Content-Type: application/json\r\n" : "",
                     body);
    const interop::RawResponse response = http.Read();
    times.ms.push_back(absl::ToDoubleMilliseconds(absl::Now() - begin));
    if (response.status != 200) {
      std::fprintf(stderr, "%s is answered with %d: %s\n", std::string(target).c_str(),
                   response.status, response.body.c_str());
      std::exit(1);
    }
  }
  times.Sort();
  return times;
}

void Print(const std::string& what, const Times& times) {
  absl::PrintF("%-44s p50 %8.3f ms   p99 %8.3f ms   max %8.3f ms\n", what, times.At(0.5),
               times.At(0.99), times.ms.back());
}

Times TimeCalls(int port) {
  return TimeRequests(port, absl::GetFlag(FLAGS_calls), "POST", "/end_to_end.v1.Scripted/Unary",
                      "{}");
}

// Times calls while another thread makes a request again and again, ten times a second.
Times TimeCallsBeside(int port, std::string_view method, std::string_view target,
                      std::string_view body) {
  std::atomic<bool> done = false;
  std::thread other([&] {
    while (!done) {
      TimeRequests(port, 1, method, target, body);
      absl::SleepFor(absl::Milliseconds(100));
    }
  });
  Times times = TimeCalls(port);
  done = true;
  other.join();
  return times;
}

int Measure(int port) {
  const int count = absl::GetFlag(FLAGS_sessions);
  std::vector<std::unique_ptr<RawHttp>> sessions;
  for (int i = 0; i < count; ++i) {
    sessions.push_back(OpenSession(port, i));
    if (sessions.back() == nullptr) {
      std::fprintf(stderr, "session %d is refused\n", i);
      return 1;
    }
  }
  const interop::RawResponse scraped = interop::Get(port, "/metrics");
  if (scraped.body.find(absl::StrCat("\nrunnel_server_sessions_attached ", count, "\n")) ==
      std::string::npos) {
    std::fprintf(stderr, "the metrics do not show %d sessions:\n%s", count, scraped.body.c_str());
    return 1;
  }
  const std::string sessions_page = R"({"pageSize":1000})";
  absl::PrintF("%d sessions, each with a connection and a stream; a scrape has %d bytes\n", count,
               scraped.body.size());
  TimeCalls(port);  // warm
  Print("unary calls", TimeCalls(port));
  Print("unary calls beside 10 scrapes/s", TimeCallsBeside(port, "GET", "/metrics", ""));
  Print("unary calls beside 10 pages of sessions/s",
        TimeCallsBeside(port, "POST", "/runnel.v1.Debug/ListSessions", sessions_page));
  Print("unary calls", TimeCalls(port));
  const int scrapes = absl::GetFlag(FLAGS_scrapes);
  const Times scrape = TimeRequests(port, scrapes, "GET", "/metrics", "");
  Print("scrapes", scrape);
  Print("pages of 1000 sessions",
        TimeRequests(port, scrapes, "POST", "/runnel.v1.Debug/ListSessions", sessions_page));
  if (scrape.At(0.5) <= absl::GetFlag(FLAGS_most_ms)) return 0;
  absl::PrintF("a scrape takes longer than %g ms\n", absl::GetFlag(FLAGS_most_ms));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  const auto files = static_cast<rlim_t>(absl::GetFlag(FLAGS_sessions) + 200);
  if (!end_to_end::AllowOpenFiles(files)) return 1;
  // The server is a process of its own: each has its own limit on open files.
  int until[2];
  int say[2];
  if (pipe(until) != 0 || pipe(say) != 0) return 1;
  const pid_t server = fork();
  if (server == 0) {
    close(until[1]);
    _exit(Serve(until[0], say[1]));
  }
  close(until[0]);
  close(say[1]);
  int port = 0;
  if (read(say[0], &port, sizeof(port)) != sizeof(port)) return 1;
  const int result = Measure(port);
  close(until[1]);
  int status = 0;
  waitpid(server, &status, 0);
  return result != 0 ? result : status;
}
