// Descriptors as text, in the form of a .proto.

#ifndef TOOLS_CLI_DESCRIPTION_H_
#define TOOLS_CLI_DESCRIPTION_H_

#include <string>
#include <string_view>

#include "tools/cli/schema.h"

namespace runnel::cli {

// Of a method also its messages, those within them, and an example of a call.
std::string Description(const Schema::Symbol& symbol, const Schema& schema);

// With comments dimmed and names in bold, where there are colours.
std::string ColoredProto(std::string_view text, bool colors);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_DESCRIPTION_H_
