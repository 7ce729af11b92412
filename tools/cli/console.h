// Console is where a command writes: results to standard output, all else to standard error.

#ifndef TOOLS_CLI_CONSOLE_H_
#define TOOLS_CLI_CONSOLE_H_

#include <unistd.h>

#include <string_view>

#include "absl/status/status.h"
#include "tools/cli/failure.h"
#include "tools/cli/options.h"
#include "tools/cli/terminal.h"

namespace runnel::cli {

// A value. Writes at once; nothing is kept.
struct Console {
  explicit Console(const Options& options)
      : out(Terminal::Of(STDOUT_FILENO)),
        err(Terminal::Of(STDERR_FILENO)),
        for_people(options.output.empty() ? out.is_terminal : options.output == "table") {}

  Terminal out;
  Terminal err;
  // Tables and colours, not JSON lines.
  bool for_people;

  // An error is OutputFailed.
  absl::Status Print(std::string_view text) const {
    return OutputFailed(WriteAll(STDOUT_FILENO, text));
  }
  // Whoever closed standard error does not want to hear it.
  void Note(std::string_view text) const { WriteAll(STDERR_FILENO, text).IgnoreError(); }
};

}  // namespace runnel::cli

#endif  // TOOLS_CLI_CONSOLE_H_
