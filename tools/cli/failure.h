// Failures as the command line tells them: what to do, and with which code to exit.

#ifndef TOOLS_CLI_FAILURE_H_
#define TOOLS_CLI_FAILURE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace runnel::cli {

constexpr int kExitMistake = 64;      // EX_USAGE
constexpr int kExitOutput = 74;       // EX_IOERR
constexpr int kExitBrokenPipe = 141;  // what a shell makes of SIGPIPE

// Marks an error as one of the command line, a request or a file: it was found here, and is no
// status of a call.
absl::Status Mistake(absl::Status status);
// Marks an error of writing the output (WriteAll).
absl::Status OutputFailed(absl::Status status);

int ExitCodeOf(const absl::Status& status);

// What a person reads: for mistakes the message; for calls code, message, details, and what may be
// done about it, as far as that can be told from the error and the URL.
std::string Explanation(const absl::Status& status, std::string_view url);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_FAILURE_H_
