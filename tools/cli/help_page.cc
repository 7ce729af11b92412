#include "tools/cli/help_page.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "runtime/core/string_view.h"
#include "tools/cli/command_table.h"
#include "tools/cli/suggestion.h"

namespace runnel::cli {
namespace {

constexpr size_t kWidest = 80;

std::string FlagsOf(const OptionSpec& option) {
  std::string flags =
      option.letter == 0 ? "    " : absl::StrCat("-", std::string(1, option.letter), ", ");
  absl::StrAppend(&flags, "--", AbslView(option.name));
  if (!option.value.empty()) absl::StrAppend(&flags, " ", AbslView(option.value));
  return flags;
}

// `left`, and `text` in a column beside it or, where there is no room, below.
void AppendRow(std::string_view left, std::string_view text, size_t column, size_t width,
               std::string& out) {
  const std::string indent(column, ' ');
  std::string wrapped = Wrapped(text, width, indent);
  if (Columns(left) + 2 <= column) {
    wrapped.replace(0, column,
                    absl::StrCat(AbslView(left), std::string(column - Columns(left), ' ')));
    absl::StrAppend(&out, wrapped, "\n");
  } else {
    absl::StrAppend(&out, AbslView(left), "\n", wrapped, "\n");
  }
}

void AppendOptions(const std::vector<OptionSpec>& options, size_t width, std::string& out) {
  for (const OptionSpec& option : options) {
    AppendRow(absl::StrCat("  ", FlagsOf(option)), option.text, 30, width, out);
  }
}

void AppendExamples(const std::vector<Example>& examples, const Terminal& terminal, size_t width,
                    std::string& out) {
  size_t longest = 0;
  for (const Example& example : examples) longest = std::max(longest, Columns(example.command));
  size_t longest_text = 0;
  for (const Example& example : examples) {
    longest_text = std::max(longest_text, Columns(example.text));
  }
  const bool beside = longest + 4 + longest_text <= width;
  for (const Example& example : examples) {
    if (beside) {
      absl::StrAppend(&out, "  ", AbslView(example.command),
                      std::string(longest + 2 - Columns(example.command), ' '),
                      Styled(example.text, Style::kDim, terminal.colors), "\n");
    } else {
      absl::StrAppend(&out, "  ", AbslView(example.command), "\n      ",
                      Styled(example.text, Style::kDim, terminal.colors), "\n");
    }
  }
}

std::string Title(std::string_view text, const Terminal& terminal) {
  return absl::StrCat("\n", Styled(text, Style::kBold, terminal.colors), "\n");
}

std::vector<std::string> TopicNames() {
  std::vector<std::string> names;
  for (const Topic& topic : Topics()) names.emplace_back(topic.name);
  names.emplace_back("options");
  return names;
}

std::string FirstPage(const Terminal& terminal, size_t width) {
  std::string out = absl::StrCat(Styled(FirstLines(), Style::kBold, terminal.colors), "\n\n");
  for (const CommandSpec& command : Commands()) {
    AppendRow(absl::StrCat("  ", AbslView(command.name)), command.summary, 14, width, out);
  }
  absl::StrAppend(&out, Title("A first look", terminal));
  AppendExamples(FirstExamples(), terminal, width, out);
  absl::StrAppend(&out, "\n", AbslView(LastLines()), "\nMore: runnel help COMMAND, runnel help ",
                  absl::StrJoin(TopicNames(), "|"), "\n");
  return out;
}

std::string CommandPage(const CommandSpec& command, const Terminal& terminal, size_t width) {
  std::string out = absl::StrCat(
      Styled(absl::StrCat("runnel ", AbslView(command.name), " ", AbslView(command.arguments)),
             Style::kBold, terminal.colors),
      "\n", Wrapped(command.text, width, ""), "\n");
  if (!command.options.empty()) {
    out += Title("Options", terminal);
    AppendOptions(command.options, width, out);
  }
  if (!command.groups.empty()) {
    std::vector<std::string> names;
    for (const OptionGroup* group : command.groups) {
      for (const OptionSpec& option : group->options) {
        names.push_back(option.letter == 0 ? absl::StrCat("--", AbslView(option.name))
                                           : absl::StrCat("-", std::string(1, option.letter)));
      }
    }
    absl::StrAppend(
        &out, "\n",
        Wrapped(absl::StrCat("More options (runnel help options): ", absl::StrJoin(names, " ")),
                width, ""),
        "\n");
  }
  if (!command.examples.empty()) {
    out += Title("Examples", terminal);
    AppendExamples(command.examples, terminal, width, out);
  }
  return out;
}

std::string OptionsPage(const Terminal& terminal, size_t width) {
  std::string out;
  for (const OptionGroup* group : OptionGroups()) {
    out += out.empty() ? Title(group->title, terminal).substr(1) : Title(group->title, terminal);
    AppendOptions(group->options, width, out);
  }
  return out;
}

// --- the manual page ----------------------------------------------------------------------------

std::string Troff(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    line_begins = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

// A line of its own. As an argument of the macro B it would lose its quotation marks.
std::string TroffBold(std::string_view text) { return absl::StrCat("\\fB", Troff(text), "\\fR"); }

void AppendManualOptions(const std::vector<OptionSpec>& options, std::string& out) {
  for (const OptionSpec& option : options) {
    const std::string flags = FlagsOf(option);
    absl::StrAppend(&out, ".TP\n", TroffBold(flags.substr(flags.find_first_not_of(' '))), "\n",
                    Troff(option.text), "\n");
  }
}

void AppendManualExamples(const std::vector<Example>& examples, std::string& out) {
  for (const Example& example : examples) {
    absl::StrAppend(&out, ".TP\n", TroffBold(example.command), "\n", Troff(example.text), "\n");
  }
}

}  // namespace

absl::StatusOr<std::string> HelpPage(std::string_view name, const Terminal& terminal) {
  const size_t width = std::min(terminal.width, kWidest);
  if (name.empty()) return FirstPage(terminal, width);
  if (name == "options") return OptionsPage(terminal, width);
  if (const CommandSpec* const command = FindCommand(name)) {
    return CommandPage(*command, terminal, width);
  }
  std::vector<std::string> names = TopicNames();
  for (const Topic& topic : Topics()) {
    if (topic.name != name) continue;
    return absl::StrCat(Styled(topic.title, Style::kBold, terminal.colors), "\n",
                        AbslView(topic.text), "\n");
  }
  for (const CommandSpec& command : Commands()) names.emplace_back(command.name);
  return absl::InvalidArgumentError(absl::StrCat("no help for \"", AbslView(name), "\"",
                                                 DidYouMean(name, names), "\nThere is help for ",
                                                 absl::StrJoin(names, ", "), "."));
}

std::string ManualPage() {
  std::string out =
      ".TH RUNNEL 1 \"\" Runnel \"User commands\"\n.SH NAME\nrunnel \\- look into servers of "
      "Runnel "
      "and call them\n.SH SYNOPSIS\n";
  for (const CommandSpec& command : Commands()) {
    absl::StrAppend(&out, TroffBold(absl::StrCat("runnel ", AbslView(command.name))), "\n",
                    Troff(command.arguments), "\n.br\n");
  }
  absl::StrAppend(&out, ".SH DESCRIPTION\n", Troff(LastLines()), "\n");
  for (const CommandSpec& command : Commands()) {
    absl::StrAppend(&out, ".SH RUNNEL ", Troff(absl::AsciiStrToUpper(AbslView(command.name))), "\n",
                    Troff(command.text), "\n");
    AppendManualOptions(command.options, out);
    AppendManualExamples(command.examples, out);
  }
  out += ".SH OPTIONS OF SEVERAL COMMANDS\n";
  for (const OptionGroup* group : OptionGroups()) {
    absl::StrAppend(&out, ".SS ", Troff(group->title), "\n");
    AppendManualOptions(group->options, out);
  }
  for (const Topic& topic : Topics()) {
    absl::StrAppend(&out, ".SH \"", Troff(absl::AsciiStrToUpper(AbslView(topic.title))),
                    "\"\n.nf\n", Troff(topic.text), "\n.fi\n");
  }
  absl::StrAppend(&out, ".SH EXAMPLES\n");
  AppendManualExamples(FirstExamples(), out);
  return out;
}

}  // namespace runnel::cli
