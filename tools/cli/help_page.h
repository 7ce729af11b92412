// What is read about the command line: help for the terminal, and the manual page. Both are made of
// the table of commands.

#ifndef TOOLS_CLI_HELP_PAGE_H_
#define TOOLS_CLI_HELP_PAGE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/cli/terminal.h"

namespace runnel::cli {

// The first screen, or the page of a command or a topic ("call", "requests", "options", "all").
// INVALID_ARGUMENT says which there are.
absl::StatusOr<std::string> HelpPage(std::string_view name, const Terminal& terminal);

// runnel(1), for man.
std::string ManualPage();

}  // namespace runnel::cli

#endif  // TOOLS_CLI_HELP_PAGE_H_
