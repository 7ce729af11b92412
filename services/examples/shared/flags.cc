#include "services/examples/shared/flags.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "absl/flags/parse.h"
#include "absl/flags/usage.h"

namespace examples {

void ParseFlags(int argc, char** argv, const std::string& usage) {
  absl::SetProgramUsageMessage(usage);
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() <= 1) return;
  std::fprintf(stderr, "error: \"%s\" is no flag; --help shows them\n", rest[1]);
  std::exit(2);
}

}  // namespace examples
