// How the examples' clients end: with an exit code for scripts and a sentence for people.

#ifndef SERVICES_EXAMPLES_SHARED_CLIENT_EXIT_H_
#define SERVICES_EXAMPLES_SHARED_CLIENT_EXIT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace examples {

// 0 for OK, and for the end of the time that the user gave the client with --for. Else 1, with the
// status on stderr, and when the server could not be reached also how to start one:
// `server_target` is its Bazel target.
int ExitCode(const absl::Status& status, absl::Duration given_time, const std::string& server,
             const std::string& server_target);

}  // namespace examples

#endif  // SERVICES_EXAMPLES_SHARED_CLIENT_EXIT_H_
