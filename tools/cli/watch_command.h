// `runnel watch`

#ifndef TOOLS_CLI_WATCH_COMMAND_H_
#define TOOLS_CLI_WATCH_COMMAND_H_

#include <string>

#include "absl/status/status.h"
#include "tools/cli/console.h"
#include "tools/cli/options.h"

namespace runnel::cli {

// What the stream ended with, a mistake, or OutputFailed (failure.h). `url` is where it is.
absl::Status RunWatch(Options options, const Console& console, std::string& url);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_WATCH_COMMAND_H_
