// Serves the figures of several servers as one stream, until it is interrupted:
//
//   bazel run //services/examples/overview:server -- --listen=127.0.0.1:8090
//       --upstreams=http://127.0.0.1:8080,http://127.0.0.1:8081

#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "runnel/client.h"
#include "services/examples/overview/overview_service.h"
#include "services/examples/shared/server_program.h"

ABSL_FLAG(std::vector<std::string>, upstreams, {}, "URLs of the servers that may be watched");

int main(int argc, char** argv) {
  examples::ServerProgram program(argc, argv, "overview",
                                  "Serves the figures of several servers as one stream.");
  runnel::IoThread io;  // for the connections to the upstreams
  examples::overview::OverviewService overview(io.executor());
  overview.SetServers(absl::GetFlag(FLAGS_upstreams));
  return program.Serve({&overview});
}
