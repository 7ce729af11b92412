// `runnel list` and `runnel describe`

#ifndef TOOLS_CLI_LIST_COMMAND_H_
#define TOOLS_CLI_LIST_COMMAND_H_

#include <string>

#include "absl/status/status.h"
#include "tools/cli/console.h"
#include "tools/cli/options.h"

namespace runnel::cli {

// The status of asking the server, a mistake, or OutputFailed (failure.h). `url` is the server's.
absl::Status RunList(Options options, const Console& console, std::string& url);
absl::Status RunDescribe(Options options, const Console& console, std::string& url);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_LIST_COMMAND_H_
