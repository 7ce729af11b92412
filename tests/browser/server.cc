// Serves TrafficService until it is signalled: see kUsage.

#include "runnel/server.h"

#include <cstdio>
#include <map>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runnel/console_handler.h"
#include "runnel/descriptors_service.h"
#include "tests/browser/traffic_service.h"

namespace browser {
namespace {

constexpr char kUsage[] =
    R"(usage: server [options]

Serves browser.v1.Traffic (traffic.proto), and the console, on a loopback port. Prints "listening at URL" when it is there.
Drains when it is interrupted or terminated.

  --port PORT            the port (0: a free one)
  --allow-origin ORIGIN  lets the pages of another origin call; may be given more than once
  --heartbeat-ms, --ping-ms, --lease-ms, --resume-ms, --rotation-ms
                         a session's times, in milliseconds
)";

bool Fill(runnel::ServerOptions& options, const std::string& name, const std::string& value) {
  if (name == "--allow-origin") {
    options.origins.allowed_origins.push_back(value);
    return true;
  }
  int number = 0;
  if (!absl::SimpleAtoi(value, &number)) return false;
  if (name == "--port") {
    options.listen = absl::StrCat("127.0.0.1:", number);
    return true;
  }
  const std::map<std::string, absl::Duration*> times = {
      {"--heartbeat-ms", &options.times.heartbeat}, {"--ping-ms", &options.times.ping},
      {"--lease-ms", &options.times.lease},         {"--resume-ms", &options.times.resume_window},
      {"--rotation-ms", &options.times.rotation},
  };
  const auto found = times.find(name);
  if (found == times.end()) return false;
  *found->second = absl::Milliseconds(number);
  return true;
}

int Main(int argc, char** argv) {
  runnel::ServerOptions options;
  options.listen = "127.0.0.1:0";
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 < argc && Fill(options, argv[i], argv[i + 1])) continue;
    std::fputs(kUsage, stderr);
    return 2;
  }
  TrafficService service;
  runnel::DescriptorsService descriptors;
  runnel::ConsoleHandler console;
  runnel::Server server(options);
  absl::Status started = server.AddService(service);
  if (started.ok()) started = server.AddService(descriptors);
  if (started.ok()) started = console.AddTo(server);
  if (started.ok()) started = server.Start();
  if (!started.ok()) {
    std::fprintf(stderr, "error: %s\n", started.ToString().c_str());
    return 1;
  }
  runnel::ServeUntilSignalled(server, absl::Seconds(10), [&] {
    std::printf("listening at %s\n", server.url().c_str());
    std::fflush(stdout);
  });
  return 0;
}

}  // namespace
}  // namespace browser

int main(int argc, char** argv) { return browser::Main(argc, argv); }
