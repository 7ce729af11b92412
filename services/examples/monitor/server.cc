// Serves this machine's figures until it is interrupted:
//
//   bazel run //services/examples/monitor:server
//   curl --json '{}' http://127.0.0.1:8080/examples.monitor.v1.Monitor/Snapshot
//   curl -N http://127.0.0.1:8080/examples.monitor.v1.Monitor/Watch -H 'accept: text/event-stream'

#include "runnel/server.h"

#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "services/examples/monitor/monitor_service.h"
#include "services/examples/shared/flags.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:8080", "address to serve at; port 0 takes a free one");

int main(int argc, char** argv) {
  examples::ParseFlags(argc, argv,
                       "Serves the CPU, memory, network and disk figures of this machine.");

  examples::monitor::MonitorService monitor;
  runnel::ServerOptions options;
  options.listen = absl::GetFlag(FLAGS_listen);
  runnel::Server server(options);
  absl::Status status = server.AddService(monitor);
  if (status.ok()) status = server.Start();
  if (!status.ok()) {
    std::fprintf(stderr, "error: %s\n", status.ToString().c_str());
    return 1;
  }
  std::printf("monitor serves at %s\n", server.url().c_str());
  std::fflush(stdout);
  runnel::ServeUntilSignalled(server);
}
