#include "services/examples/shared/flags.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "absl/flags/parse.h"
#include "absl/flags/usage.h"

namespace examples {

void ParseFlags(int argc, char** argv, const std::string& usage) {
  absl::SetProgramUsageMessage(usage);
  // Flags with text for a value cannot stand alone; this one has a usual value.
  static char log_as_text[] = "--log=text";
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--log") argv[i] = log_as_text;
  }
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() <= 1) return;
  std::fprintf(stderr, "error: \"%s\" is no flag; --help shows them\n", rest[1]);
  std::exit(2);
}

}  // namespace examples
