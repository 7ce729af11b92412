#include "tools/cli/completion.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/core/string_view.h"
#include "tools/cli/address.h"
#include "tools/cli/command_line.h"
#include "tools/cli/command_table.h"
#include "tools/cli/schema_source.h"

namespace runnel::cli {
namespace {

constexpr char kBash[] = R"(# bash completion for runnel
_runnel() {
  local line
  COMPREPLY=()
  # Words are those of the shell: a colon does not end one.
  local words=() current prefix
  read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
  [[ ${COMP_LINE:0:COMP_POINT} == *' ' ]] && words+=('')
  current=${words[-1]}
  prefix=
  [[ $current == *[:=]* && $COMP_WORDBREAKS == *:* ]] && prefix=${current%"${current##*[:=]}"}
  while IFS= read -r line; do
    COMPREPLY+=("${line#"$prefix"}")
  done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
  [[ ${COMPREPLY[*]} == *[=.] ]] && compopt -o nospace
  ((${#COMPREPLY[@]})) || compopt -o default
}
complete -F _runnel runnel
)";

constexpr char kZsh[] = R"(#compdef runnel
# zsh completion for runnel
_runnel() {
  local -a found
  found=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=(${found:#})
  if ((${#found})); then
    compadd -Q -S '' -- ${(M)found:#*[=.]}
    compadd -- ${found:#*[=.]}
  else
    _files
  fi
}
if [[ ${funcstack[1]} == _runnel ]]; then _runnel "$@"; else compdef _runnel runnel; fi
)";

void AddCommands(std::vector<std::string>& found) {
  for (const CommandSpec& command : Commands()) found.emplace_back(command.name);
}

bool HasFields(const google::protobuf::FieldDescriptor& field) {
  return field.message_type() != nullptr &&
         field.message_type()->file()->package() != "google.protobuf";
}

// The fields of the message that the path so far ("header.na") leads into.
void AddFields(const google::protobuf::Descriptor* type, std::string_view path,
               std::vector<std::string>& found) {
  const size_t last_dot = path.rfind('.');
  const std::string parents(last_dot == path.npos ? "" : path.substr(0, last_dot + 1));
  for (const absl::string_view name : absl::StrSplit(parents, '.', absl::SkipEmpty())) {
    const auto* const field = type->FindFieldByName(std::string(name));
    if (field == nullptr || field->is_repeated() || !HasFields(*field)) return;
    type = field->message_type();
  }
  for (int i = 0; i < type->field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *type->field(i);
    found.push_back(absl::StrCat(parents, field.name(), HasFields(field) ? "." : "="));
  }
}

// Services, methods, or fields of the request, as the server has them.
void AddNames(Options options, std::string_view last, std::vector<std::string>& found) {
  options.timeout = absl::Seconds(1);
  options.wait = false;
  const std::string url = TakeAddress(options.words);
  const absl::StatusOr<Schema> schema = LoadSchema(options, url);
  if (!schema.ok()) return;
  if (options.words.empty() || options.command == "describe") {
    if (options.command != "list") found = schema->MethodNames();
    if (options.command == "call" || options.command == "bench") return;
    for (const auto* service : schema->services()) found.push_back(service->name());
  } else if (options.command != "list") {
    const auto method = schema->FindMethod(options.words.front());
    if (method.ok()) AddFields((*method)->input_type(), last, found);
  }
}

bool TakesNames(const CommandSpec& command) {
  return command.name == "list" || command.name == "describe" || command.name == "call" ||
         command.name == "bench";
}

}  // namespace

absl::Status RunCompletion(const Options& options, const Console& console) {
  if (options.words == std::vector<std::string>{"bash"}) return console.Print(kBash);
  if (options.words == std::vector<std::string>{"zsh"}) return console.Print(kZsh);
  return Mistake(absl::InvalidArgumentError("runnel completion wants a shell: bash or zsh"));
}

absl::Status Complete(std::vector<std::string> words, const Console& console) {
  if (words.empty()) return absl::OkStatus();
  const std::string last = words.back();
  words.pop_back();
  std::vector<std::string> found;
  const CommandSpec* const command = words.empty() ? nullptr : FindCommand(words.front());
  if (words.empty()) {
    AddCommands(found);
  } else if (command == nullptr) {
    return absl::OkStatus();
  } else if (last.starts_with('-')) {
    for (const OptionSpec* option : OptionsOf(*command)) {
      found.push_back(absl::StrCat("--", AbslView(option->name)));
    }
  } else if (command->name == "completion") {
    found = {"bash", "zsh"};
  } else if (command->name == "help") {
    AddCommands(found);
    for (const Topic& topic : Topics()) found.emplace_back(topic.name);
    found.emplace_back("options");
  } else if (TakesNames(*command) && last.find('=') == std::string::npos) {
    // An option that waits for its value makes the line one that cannot be read: files, then.
    absl::StatusOr<Options> options = ParseCommandLine(words);
    if (options.ok()) AddNames(*std::move(options), last, found);
  }
  std::sort(found.begin(), found.end());
  std::string text;
  for (const std::string& candidate : found) {
    if (candidate.starts_with(last)) absl::StrAppend(&text, candidate, "\n");
  }
  return console.Print(text);
}

}  // namespace runnel::cli
