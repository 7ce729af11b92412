// The commands of `runnel`, their options and what is said about them. Everything that a person
// reads about the command line comes from this table: help, the manual page, completion; and so
// does what is accepted.

#ifndef TOOLS_CLI_COMMAND_TABLE_H_
#define TOOLS_CLI_COMMAND_TABLE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tools/cli/options.h"

namespace runnel::cli {

// Where the value of an option goes, and so of what type it is.
using OptionTarget =
    std::variant<bool Options::*, std::string Options::*, std::vector<std::string> Options::*,
                 uint64_t Options::*, double Options::*, absl::Duration Options::*>;

struct OptionSpec {
  std::string_view name;   // "header"
  char letter;             // 'H'; 0: none
  std::string_view value;  // "'KEY: VALUE'"; empty for a switch
  std::string_view text;
  OptionTarget target;
};

// Options that several commands have.
struct OptionGroup {
  std::string_view title;  // "Connection"
  std::vector<OptionSpec> options;
};

struct Example {
  std::string_view command;
  std::string_view text;
};

struct CommandSpec {
  std::string_view name;
  std::string_view arguments;  // "[ADDRESS] METHOD [REQUEST…]"
  std::string_view summary;    // half a line
  std::string_view text;       // paragraphs; a blank line between them
  std::vector<OptionSpec> options;
  std::vector<const OptionGroup*> groups;
  std::vector<Example> examples;
};

// A page of help that is no command's.
struct Topic {
  std::string_view name;
  std::string_view title;
  std::string_view text;  // lines as they are shown
};

const std::vector<CommandSpec>& Commands();
const CommandSpec* FindCommand(std::string_view name);
const std::vector<const OptionGroup*>& OptionGroups();
const std::vector<Topic>& Topics();
// Of a command itself, of its groups, and of all commands.
std::vector<const OptionSpec*> OptionsOf(const CommandSpec& command);

// The first screen: what `runnel` alone says, and `runnel help`.
std::string_view FirstLines();
const std::vector<Example>& FirstExamples();
std::string_view LastLines();

}  // namespace runnel::cli

#endif  // TOOLS_CLI_COMMAND_TABLE_H_
