#include "services/examples/shared/flags.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "absl/flags/usage.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"

namespace examples {
namespace {

// Those of the examples' files, by their names: libraries have flags too.
std::map<std::string, absl::CommandLineFlag*> OwnFlags() {
  std::map<std::string, absl::CommandLineFlag*> own;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (absl::StrContains(flag->Filename(), "services/examples/")) {
      own.emplace(std::string(name), flag);
    }
  }
  return own;
}

std::string VariableOf(const std::string& environment, const std::string& flag) {
  return environment + absl::AsciiStrToUpper(flag);
}

// "--tls-cert=a-b" -> "--tls_cert=a-b".
std::string WithUnderscores(std::string argument) {
  if (!absl::StartsWith(argument, "--")) return argument;
  const size_t end = std::min(argument.find('='), argument.size());
  std::replace(argument.begin() + 2, argument.begin() + static_cast<ptrdiff_t>(end), '-', '_');
  return argument;
}

bool IsHelp(const std::string& argument) {
  return argument == "--help" || argument == "-help" || argument == "-h";
}

void PrintHelp(const std::string& usage, const std::string& environment) {
  std::printf("%s\n\nFlags:\n", usage.c_str());
  for (const auto& [name, flag] : OwnFlags()) {
    const std::string value = flag->DefaultValue();
    std::printf("  --%s%s\n      %s\n", absl::StrReplaceAll(name, {{"_", "-"}}).c_str(),
                value.empty() ? "" : ("=" + value).c_str(), flag->Help().c_str());
  }
  if (environment.empty()) return;
  std::printf(
      "\nWhat is behind \"=\" holds where nothing is said. A flag may also be said by a variable "
      "of\n"
      "the environment: %s for --listen, %s for --tls-cert, and so on.\n",
      VariableOf(environment, "listen").c_str(), VariableOf(environment, "tls_cert").c_str());
}

}  // namespace

void ParseFlags(int argc, char** argv, const std::string& usage, const std::string& environment) {
  std::vector<std::string> arguments = {argv[0]};
  if (!environment.empty()) {
    // Before those that are given: the last one counts.
    for (const auto& [name, flag] : OwnFlags()) {
      const char* value = std::getenv(VariableOf(environment, name).c_str());
      if (value != nullptr && *value != '\0') arguments.push_back("--" + name + "=" + value);
    }
  }
  for (int i = 1; i < argc; ++i) {
    arguments.push_back(WithUnderscores(argv[i]));
    if (!IsHelp(arguments.back())) continue;
    PrintHelp(usage, environment);
    std::exit(0);
  }
  // Flags with text for a value cannot stand alone; this one has a usual value.
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool alone = i + 1 == arguments.size() || absl::StartsWith(arguments[i + 1], "-");
    if (arguments[i] == "--log" && alone) arguments[i] = "--log=text";
  }
  absl::SetProgramUsageMessage(usage);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const std::vector<char*> rest =
      absl::ParseCommandLine(static_cast<int>(arguments.size()), pointers.data());
  if (rest.size() <= 1) return;
  std::fprintf(stderr, "error: \"%s\" is no flag; --help shows them\n", rest[1]);
  std::exit(2);
}

}  // namespace examples
