// Hashes directory trees below a directory for clients, until it is interrupted:
//
//   bazel run //services/examples/jobs:server -- --root=/usr/share

#include "runnel/server.h"

#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "services/examples/jobs/jobs_service.h"
#include "services/examples/shared/flags.h"
#include "services/examples/shared/root_directory.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:8080", "address to serve at; port 0 takes a free one");
ABSL_FLAG(std::string, root, ".", "directory whose trees may be hashed");

int main(int argc, char** argv) {
  examples::ParseFlags(argc, argv, "Hashes directory trees below a directory for clients.");

  absl::StatusOr<examples::RootDirectory> root =
      examples::RootDirectory::Open(absl::GetFlag(FLAGS_root));
  if (!root.ok()) {
    std::fprintf(stderr, "error: %s\n", root.status().ToString().c_str());
    return 1;
  }
  examples::jobs::JobsService jobs(*root);
  runnel::ServerOptions options;
  options.listen = absl::GetFlag(FLAGS_listen);
  runnel::Server server(options);
  absl::Status status = server.AddService(jobs);
  if (status.ok()) status = server.Start();
  if (!status.ok()) {
    std::fprintf(stderr, "error: %s\n", status.ToString().c_str());
    return 1;
  }
  std::printf("jobs serves at %s\n", server.url().c_str());
  std::fflush(stdout);
  runnel::ServeUntilSignalled(server);
}
