// The command line of the examples' programs.

#ifndef SERVICES_EXAMPLES_SHARED_FLAGS_H_
#define SERVICES_EXAMPLES_SHARED_FLAGS_H_

#include <string>

namespace examples {

// Reads Abseil flags. `usage` is what --help says first. Anything that is no flag, or a flag that
// is not known, ends the program with a message.
void ParseFlags(int argc, char** argv, const std::string& usage);

}  // namespace examples

#endif  // SERVICES_EXAMPLES_SHARED_FLAGS_H_
