// Serves this machine's figures until it is interrupted:
//
//   bazel run //services/examples/monitor:server
//   curl --json '{}' http://127.0.0.1:8080/examples.monitor.v1.Monitor/Snapshot
//   curl -N http://127.0.0.1:8080/examples.monitor.v1.Monitor/Watch -H 'accept: text/event-stream'

#include "services/examples/monitor/monitor_service.h"
#include "services/examples/shared/server_program.h"

int main(int argc, char** argv) {
  examples::ServerProgram program(
      argc, argv, "monitor", "Serves the CPU, memory, network and disk figures of this machine.");
  examples::monitor::MonitorService monitor;
  return program.Serve({&monitor});
}
