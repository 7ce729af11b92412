// Hashes directory trees below a directory for clients, until it is interrupted:
//
//   bazel run //services/examples/jobs:server -- --root=/usr/share

#include <string>

#include "absl/flags/flag.h"
#include "services/examples/jobs/jobs_service.h"
#include "services/examples/shared/root_directory.h"
#include "services/examples/shared/server_program.h"

ABSL_FLAG(std::string, root, ".", "directory whose trees may be hashed");

int main(int argc, char** argv) {
  examples::ServerProgram program(argc, argv, "jobs",
                                  "Hashes directory trees below a directory for clients.");
  absl::StatusOr<examples::RootDirectory> root =
      examples::RootDirectory::Open(absl::GetFlag(FLAGS_root));
  if (!root.ok()) return examples::Fail(root.status());
  examples::jobs::JobsService jobs(*root);
  return program.Serve({&jobs});
}
