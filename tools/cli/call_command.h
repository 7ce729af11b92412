// `runnel call`

#ifndef TOOLS_CLI_CALL_COMMAND_H_
#define TOOLS_CLI_CALL_COMMAND_H_

#include "absl/status/status.h"
#include "tools/cli/console.h"
#include "tools/cli/options.h"

namespace runnel::cli {

// The status of the call, a mistake, or OutputFailed (failure.h). `url` is where it went.
absl::Status RunCall(Options options, const Console& console, std::string& url);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_CALL_COMMAND_H_
