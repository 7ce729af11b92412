// JSON for people: in colours, and, where it is one answer, over several lines.

#ifndef TOOLS_CLI_JSON_LAYOUT_H_
#define TOOLS_CLI_JSON_LAYOUT_H_

#include <string>
#include <string_view>

namespace runnel::cli {

enum class JsonShape { kOneLine, kIndented };

// `json` is valid. Appends it, without a line end behind it.
void AppendJsonForPeople(std::string_view json, JsonShape shape, bool colors, std::string& out);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_JSON_LAYOUT_H_
