#include "tools/cli/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/core/string_view.h"

namespace runnel::cli {
namespace {

constexpr absl::Duration kQuiet = absl::Milliseconds(500);
constexpr absl::Duration kBetween = absl::Milliseconds(100);
constexpr size_t kLongestBar = 30;

}  // namespace

std::string HumanBytes(uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
  return unit == 0 || value >= 99.95 ? absl::StrFormat("%.0f %s", value, kUnits[unit])
                                     : absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::string ProgressLine(double part, std::string_view text, const Terminal& terminal) {
  // The last column stays free: some terminals would begin a new line.
  const size_t width = terminal.width - 1;
  std::string line;
  if (part >= 0) {
    const double known = std::min(part, 1.0);
    const size_t bar = std::min(kLongestBar, width / 3);
    const auto full = static_cast<size_t>(std::lround(known * static_cast<double>(bar)));
    line = "[";
    for (size_t i = 0; i < bar; ++i) {
      absl::StrAppend(&line,
                      i < full ? (terminal.unicode ? "█" : "#") : (terminal.unicode ? "░" : "."));
    }
    absl::StrAppend(&line, absl::StrFormat("] %3.0f %% ", std::floor(known * 100)));
  }
  absl::StrAppend(&line, AbslView(text));
  return Shortened(line, width);
}

ProgressBar::~ProgressBar() {
  if (visible_) WriteAll(STDERR_FILENO, "\r\x1b[K").IgnoreError();
}

void ProgressBar::Show(double part, std::string_view text, absl::Time now) {
  if (!terminal_.is_terminal || now - start_ < kQuiet || now - drawn_ < kBetween) return;
  drawn_ = now;
  visible_ = true;
  WriteAll(STDERR_FILENO, absl::StrCat("\r\x1b[K", ProgressLine(part, text, terminal_)))
      .IgnoreError();
}

}  // namespace runnel::cli
