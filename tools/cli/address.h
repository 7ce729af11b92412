// The address of a server, as the command line and the environment have it.

#ifndef TOOLS_CLI_ADDRESS_H_
#define TOOLS_CLI_ADDRESS_H_

#include <string>
#include <string_view>
#include <vector>

namespace runnel::cli {

// Whether a word of the command line is an address: "host:8080", ":8080", "localhost", "10.0.0.1",
// "http://…", "https://…", "unix:/path". Nothing else in a command line looks like one.
bool IsAddress(std::string_view word);
// Takes the address that stands first among `words`, if one does; else it is $RUNNEL_SERVER, else
// "localhost:8080". As a URL.
std::string TakeAddress(std::vector<std::string>& words);
// "http://localhost:8080" of ":8080".
std::string UrlOf(std::string_view address);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_ADDRESS_H_
