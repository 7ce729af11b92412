// The command line, read by the table of commands.

#ifndef TOOLS_CLI_COMMAND_LINE_H_
#define TOOLS_CLI_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/cli/options.h"

namespace runnel::cli {

// `arguments` are those behind the program's name. INVALID_ARGUMENT says what is not understood,
// and what it may have been meant to be.
absl::StatusOr<Options> ParseCommandLine(const std::vector<std::string>& arguments);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_COMMAND_LINE_H_
