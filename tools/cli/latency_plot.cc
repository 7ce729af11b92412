#include "tools/cli/latency_plot.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace runnel::cli {
namespace {

constexpr size_t kRows = 10;
constexpr size_t kLabel = 9;  // "12.34 ms "
constexpr size_t kWidest = 80;
constexpr int kMostNines = 5;

// How full a cell is, in eighths.
std::string Cell(double eighths, bool unicode) {
  static constexpr const char* kBlocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const int full = std::clamp(static_cast<int>(std::lround(eighths)), 0, 8);
  if (unicode) return kBlocks[full];
  return full >= 6 ? "#" : full >= 2 ? "." : " ";
}

// The names of the nines below the columns where they begin.
std::string Axis(size_t columns, double nines) {
  std::string axis(columns, ' ');
  size_t free = 0;
  for (int i = 0; i <= static_cast<int>(nines); ++i) {
    const std::string name =
        i == 0   ? "0 %"
        : i == 1 ? "90 %"
        : i == 2 ? "99 %"
                 : absl::StrCat("99.", std::string(static_cast<size_t>(i) - 2, '9'), " %");
    const auto at = static_cast<size_t>(std::lround(i / nines * static_cast<double>(columns)));
    if (at < free || at + name.size() > columns) continue;
    axis.replace(at, name.size(), name);
    free = at + name.size() + 1;
  }
  return axis.substr(0, axis.find_last_not_of(' ') + 1);
}

}  // namespace

std::string LatencyText(absl::Duration latency, bool unicode) {
  const double us = absl::ToDoubleMicroseconds(latency);
  const auto with = [](double value, const char* unit) {
    return value < 9.995   ? absl::StrFormat("%.2f %s", value, unit)
           : value < 99.95 ? absl::StrFormat("%.1f %s", value, unit)
                           : absl::StrFormat("%.0f %s", value, unit);
  };
  if (us < 999.5) return with(us, unicode ? "µs" : "us");
  if (us < 999.5e3) return with(us / 1e3, "ms");
  return with(us / 1e6, "s");
}

std::string LatencyPlot(const LatencyHistogram& latencies, const Terminal& terminal) {
  if (latencies.count() == 0) return "";
  const size_t width = std::min(terminal.width, kWidest);
  if (width < kLabel + 12) return "";
  const size_t columns = width - kLabel - 2;
  // As far as the count goes: a thousand calls have three nines.
  const double nines =
      std::clamp(std::log10(static_cast<double>(latencies.count())), 1.0, double{kMostNines});
  std::vector<double> heights;
  const double top = absl::ToDoubleSeconds(latencies.max());
  for (size_t column = 0; column < columns; ++column) {
    const double part = static_cast<double>(column + 1) / static_cast<double>(columns);
    const double percent = column + 1 == columns ? 100 : 100 * (1 - std::pow(10, -nines * part));
    const double seconds = absl::ToDoubleSeconds(latencies.Percentile(percent));
    heights.push_back(top > 0 ? seconds / top * kRows : 0);
  }
  std::string plot;
  for (size_t row = kRows; row-- > 0;) {
    // A label at the top, in the middle and at the bottom.
    std::string label;
    if (row + 1 == kRows || row + 1 == kRows / 2) {
      label =
          LatencyText(latencies.max() * (static_cast<double>(row + 1) / kRows), terminal.unicode);
    }
    absl::StrAppend(
        &plot, std::string(kLabel - 1 - std::min(kLabel - 1, Columns(label)), ' '), label,
        label.empty() ? (terminal.unicode ? " │" : " |") : (terminal.unicode ? " ┤" : " +"));
    std::string line;
    for (const double height : heights) {
      absl::StrAppend(&line, Cell((height - static_cast<double>(row)) * 8, terminal.unicode));
    }
    line.resize(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&plot, Styled(line, Style::kBlue, terminal.colors), "\n");
  }
  absl::StrAppend(&plot, std::string(kLabel, ' '), terminal.unicode ? "└" : "+");
  for (size_t column = 0; column < columns; ++column) plot += terminal.unicode ? "─" : "-";
  absl::StrAppend(&plot, "\n", std::string(kLabel + 1, ' '), Axis(columns, nines), "\n");
  return plot;
}

}  // namespace runnel::cli
