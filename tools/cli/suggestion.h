// What somebody may have meant.

#ifndef TOOLS_CLI_SUGGESTION_H_
#define TOOLS_CLI_SUGGESTION_H_

#include <string>
#include <string_view>
#include <vector>

namespace runnel::cli {

// The candidate that is `word` but for a typing mistake or two, or contains it; empty when none is.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);
// "; did you mean chat?", or nothing.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_SUGGESTION_H_
