// The command line of the examples' programs.

#ifndef SERVICES_EXAMPLES_SHARED_FLAGS_H_
#define SERVICES_EXAMPLES_SHARED_FLAGS_H_

#include <string>

namespace examples {

// Reads Abseil flags, with "-" or "_" in their names: --tls-cert, --tls_cert. `usage` is what
// --help says first; behind it are the examples' own flags. Anything that is no flag, or a flag
// that is not known, ends the program with a message and the exit code 2 or 1.
//
// With `environment` ("RUNNEL_") a flag that is not given has the value of a variable, where that
// is set and not empty: RUNNEL_TLS_CERT.
void ParseFlags(int argc, char** argv, const std::string& usage,
                const std::string& environment = "");

}  // namespace examples

#endif  // SERVICES_EXAMPLES_SHARED_FLAGS_H_
