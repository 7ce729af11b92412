// ProgressBar shows on one line of a terminal how far something is. (Debian 12 has no library of
// it for C++.)

#ifndef TOOLS_CLI_PROGRESS_BAR_H_
#define TOOLS_CLI_PROGRESS_BAR_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "tools/cli/terminal.h"

namespace runnel::cli {

// "12.3 MB"
std::string HumanBytes(uint64_t bytes);

// Used by one thread. Draws on standard error, if that is a terminal, and at most ten times a
// second; nothing for what is over within the first half.
class ProgressBar {
 public:
  ProgressBar(const Terminal& terminal, absl::Time start) : terminal_(terminal), start_(start) {}
  // Takes its line away.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // `part` of the whole, 0 to 1, or less than 0 where that is not known; `text` stands behind.
  void Show(double part, std::string_view text, absl::Time now);

 private:
  const Terminal terminal_;
  const absl::Time start_;
  absl::Time drawn_;
  bool visible_ = false;
};

// The line itself, of `width` columns at most.
std::string ProgressLine(double part, std::string_view text, const Terminal& terminal);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_PROGRESS_BAR_H_
