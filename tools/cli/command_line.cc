#include "tools/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/cli/address.h"
#include "tools/cli/command_table.h"
#include "tools/cli/suggestion.h"

namespace runnel::cli {
namespace {

std::vector<std::string> CommandNames() {
  std::vector<std::string> names;
  for (const CommandSpec& command : Commands()) names.emplace_back(command.name);
  return names;
}

absl::Status UnknownCommand(const std::string& word) {
  if (IsAddress(word)) {
    return absl::InvalidArgumentError(absl::StrCat("the command comes first: runnel list ", word));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no command \"", word, "\"", DidYouMean(word, CommandNames()),
                   "\nThe commands are ", absl::StrJoin(CommandNames(), ", "), "."));
}

// How the value of an option is taken over from its text. False: it cannot be.
bool TakeDuration(const std::string& text, absl::Duration& out) {
  // A number alone means seconds, as in sleep(1).
  char* end = nullptr;
  const double seconds = std::strtod(text.c_str(), &end);
  if (!text.empty() && *end == '\0') {
    out = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &out)) {
    return false;
  }
  return out > absl::ZeroDuration() && out < absl::InfiniteDuration();
}

struct Binder {
  CLI::App& app;
  const OptionSpec& spec;
  Options& options;
  std::string flags = spec.letter == 0 ? absl::StrCat("--", std::string(spec.name))
                                       : absl::StrCat("-", std::string(1, spec.letter), ",--",
                                                      std::string(spec.name));

  void operator()(bool Options::*target) { app.add_flag(flags, options.*target); }
  void operator()(absl::Duration Options::*target) {
    app.add_option_function<std::string>(
        flags, [this_flags = flags, &value = options.*target](const std::string& text) {
          if (TakeDuration(text, value)) return;
          throw CLI::ValidationError(this_flags, text + " is no time such as 500ms, 2s or 1m30s");
        });
  }
  void operator()(std::vector<std::string> Options::*target) {
    // One for each time the option is given, as it stands: CLI11 would take lists apart.
    app.add_option_function<std::string>(
           flags, [&value = options.*target](const std::string& text) { value.push_back(text); })
        ->trigger_on_parse()
        ->take_all();
  }
  template <typename Number>
  void operator()(Number Options::*target) {
    app.add_option(flags, options.*target);
  }
};

// What CLI11 has left over: words, and options that it does not know.
absl::Status TakeWords(const CommandSpec& command, std::vector<std::string> rest,
                       Options& options) {
  for (std::string& word : rest) {
    if (word.size() < 2 || word[0] != '-') {
      options.words.push_back(std::move(word));
      continue;
    }
    std::vector<std::string> names;
    for (const OptionSpec* option : OptionsOf(command)) {
      names.push_back(absl::StrCat("--", std::string(option->name)));
    }
    const std::string name = word.substr(0, word.find('='));
    return absl::InvalidArgumentError(absl::StrCat("runnel ", options.command, " has no option ",
                                                   name, DidYouMean(name, names),
                                                   "\nSee runnel help ", options.command, "."));
  }
  return absl::OkStatus();
}

absl::Status CheckValues(const Options& options) {
  if (options.direct + options.channel + options.connect > 1) {
    return absl::InvalidArgumentError("only one of --direct, --channel and --connect can be");
  }
  if (!options.output.empty() && options.output != "table" && options.output != "json") {
    return absl::InvalidArgumentError(
        absl::StrCat("--output is table or json, not ", options.output));
  }
  if (options.cert.empty() != options.key.empty()) {
    return absl::InvalidArgumentError("--cert and --key belong together");
  }
  if (!options.protos.empty() && !options.descriptors.empty()) {
    return absl::InvalidArgumentError("only one of --proto and --descriptors can be");
  }
  if (!std::isfinite(options.rate) || options.rate < 0) {
    return absl::InvalidArgumentError("--rate is a number of calls in a second, above 0");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Options> ParseCommandLine(const std::vector<std::string>& arguments) {
  Options options;
  if (arguments.empty()) {
    options.command = "help";
    return options;
  }
  const std::string& first = arguments.front();
  if (first == "--help" || first == "-h") {
    options.command = "help";
    options.words.assign(arguments.begin() + 1, arguments.end());
    return options;
  }
  const CommandSpec* const command = FindCommand(first);
  if (command == nullptr) return UnknownCommand(first);
  options.command = first;

  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  for (const OptionSpec* spec : OptionsOf(*command)) {
    std::visit(Binder{app, *spec, options}, spec->target);
  }
  try {
    // CLI11 takes them from the back.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend() - 1));
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(error.what(), "\nSee runnel help ", options.command, "."));
  }
  const absl::Status taken = TakeWords(*command, app.remaining(), options);
  if (options.help) return options;
  if (!taken.ok()) return taken;
  const absl::Status checked = CheckValues(options);
  if (!checked.ok()) return checked;
  return options;
}

}  // namespace runnel::cli
