// `runnel`, the command line. See command_table.cc for what it says of itself.

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/stubs/logging.h"
#include "tools/cli/address.h"
#include "tools/cli/bench_command.h"
#include "tools/cli/call_command.h"
#include "tools/cli/command_line.h"
#include "tools/cli/completion.h"
#include "tools/cli/connection.h"
#include "tools/cli/console.h"
#include "tools/cli/failure.h"
#include "tools/cli/help_page.h"
#include "tools/cli/list_command.h"
#include "tools/cli/watch_command.h"

namespace runnel::cli {
namespace {

constexpr char kVersion[] = "runnel 0.1.0\n";

absl::Status RunHelp(const std::vector<std::string>& words, const Console& console) {
  const absl::StatusOr<std::string> page = HelpPage(words.empty() ? "" : words[0], console.out);
  return page.ok() ? console.Print(*page) : Mistake(page.status());
}

absl::Status Run(const Options& options, const Console& console, std::string& url) {
  if (options.help) return RunHelp({options.command}, console);
  if (options.command == "help") return RunHelp(options.words, console);
  if (options.command == "list") return RunList(options, console, url);
  if (options.command == "describe") return RunDescribe(options, console, url);
  if (options.command == "call") return RunCall(options, console, url);
  if (options.command == "watch") return RunWatch(options, console, url);
  if (options.command == "bench") return RunBench(options, console, url);
  if (options.command == "completion") return RunCompletion(options, console);
  return absl::InternalError(absl::StrCat("the command ", options.command, " does nothing"));
}

// Of what is unwise, and done all the same.
void Warn(const Options& options, const Console& console) {
  std::vector<std::string> words = options.words;
  const bool watch = options.command == "watch" && !words.empty();
  const std::string warning = TokenWarning(options, watch ? UrlOf(words[0]) : TakeAddress(words));
  if (!warning.empty()) console.Note(absl::StrCat("runnel: ", warning, "\n"));
}

int Main(const std::vector<std::string>& arguments) {
  // A reader that goes away is an error of the write, so that calls end well.
  std::signal(SIGPIPE, SIG_IGN);
  // What protobuf has to say is in the errors.
  google::protobuf::LogSilencer silencer;
  if (!arguments.empty() && arguments[0] == "--version") {
    return ExitCodeOf(Console(Options()).Print(kVersion));
  }
  if (!arguments.empty() && arguments[0] == kCompleteCommand) {
    return ExitCodeOf(Complete({arguments.begin() + 1, arguments.end()}, Console(Options())));
  }
  absl::StatusOr<Options> options = ParseCommandLine(arguments);
  const Console console(options.value_or(Options()));
  std::string url;
  absl::Status status = options.status();
  if (options.ok()) {
    Warn(*options, console);
    status = Run(*options, console, url);
  } else {
    status = Mistake(std::move(status));
  }
  const int exit_code = ExitCodeOf(status);
  if (!status.ok() && exit_code != kExitBrokenPipe) {
    console.Note(absl::StrCat(Styled("runnel:", Style::kRed, console.err.colors), " ",
                              Explanation(status, url), "\n"));
  }
  return exit_code;
}

}  // namespace
}  // namespace runnel::cli

int main(int argc, char** argv) { return runnel::cli::Main({argv + 1, argv + argc}); }
