// Lets clients follow the files below a directory, until it is interrupted:
//
//   bazel run //services/examples/tail:server -- --root=/var/log

#include <string>

#include "absl/flags/flag.h"
#include "services/examples/shared/root_directory.h"
#include "services/examples/shared/server_program.h"
#include "services/examples/tail/tail_service.h"

ABSL_FLAG(std::string, root, ".", "directory whose files may be followed");

int main(int argc, char** argv) {
  examples::ServerProgram program(argc, argv, "tail",
                                  "Lets clients follow the files below a directory.");
  absl::StatusOr<examples::RootDirectory> root =
      examples::RootDirectory::Open(absl::GetFlag(FLAGS_root));
  if (!root.ok()) return examples::Fail(root.status());
  examples::tail::TailService tail(*root);
  return program.Serve({&tail});
}
