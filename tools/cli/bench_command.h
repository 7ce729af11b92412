// `runnel bench`

#ifndef TOOLS_CLI_BENCH_COMMAND_H_
#define TOOLS_CLI_BENCH_COMMAND_H_

#include <string>

#include "absl/status/status.h"
#include "tools/cli/console.h"
#include "tools/cli/options.h"

namespace runnel::cli {

// What most of the calls that failed ended with, or OK; a mistake, or OutputFailed (failure.h).
// `url` is where they went.
absl::Status RunBench(Options options, const Console& console, std::string& url);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_BENCH_COMMAND_H_
