#include "services/examples/shared/client_exit.h"

#include <cstdio>

namespace examples {

int ExitCode(const absl::Status& status, absl::Duration given_time, const std::string& server,
             const std::string& server_target) {
  std::fflush(stdout);
  if (status.ok()) return 0;
  if (absl::IsDeadlineExceeded(status) && given_time < absl::InfiniteDuration()) return 0;
  std::fprintf(stderr, "error: %s\n", status.ToString().c_str());
  if (absl::IsUnavailable(status)) {
    std::fprintf(stderr, "Is there a server at %s? Start one with: bazel run %s\n", server.c_str(),
                 server_target.c_str());
  }
  return 1;
}

}  // namespace examples
