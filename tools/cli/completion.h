// Completion for shells: scripts that ask this program what may come next.

#ifndef TOOLS_CLI_COMPLETION_H_
#define TOOLS_CLI_COMPLETION_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/cli/console.h"
#include "tools/cli/options.h"

namespace runnel::cli {

// What the scripts call this program with. Behind it stand the words of the line, the one that is
// being completed last.
inline constexpr char kCompleteCommand[] = "__complete";

// `runnel completion bash|zsh`
absl::Status RunCompletion(const Options& options, const Console& console);
// Prints what the last word may be, one in a line. Asks the server, if need be, for a second at
// most; says nothing where something is wrong.
absl::Status Complete(std::vector<std::string> words, const Console& console);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_COMPLETION_H_
