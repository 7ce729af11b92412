// Serves the figures of several servers as one stream, until it is interrupted:
//
//   bazel run //services/examples/overview:server -- --listen=127.0.0.1:8090
//       --upstreams=http://127.0.0.1:8080,http://127.0.0.1:8081

#include "runnel/server.h"

#include <cstdio>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "services/examples/overview/overview_service.h"
#include "services/examples/shared/flags.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:8080", "address to serve at; port 0 takes a free one");
ABSL_FLAG(std::vector<std::string>, upstreams, {}, "URLs of the servers that may be watched");

int main(int argc, char** argv) {
  examples::ParseFlags(argc, argv, "Serves the figures of several servers as one stream.");

  runnel::IoThread io;  // for the connections to the upstreams
  examples::overview::OverviewService overview(io.executor());
  overview.SetServers(absl::GetFlag(FLAGS_upstreams));
  runnel::ServerOptions options;
  options.listen = absl::GetFlag(FLAGS_listen);
  runnel::Server server(options);
  absl::Status status = server.AddService(overview);
  if (status.ok()) status = server.Start();
  if (!status.ok()) {
    std::fprintf(stderr, "error: %s\n", status.ToString().c_str());
    return 1;
  }
  std::printf("overview serves at %s\n", server.url().c_str());
  std::fflush(stdout);
  runnel::ServeUntilSignalled(server);
}
