#include "tools/cli/load_report.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "runtime/core/json_string.h"
#include "tools/cli/latency_plot.h"

namespace runnel::cli {
namespace {

struct Quantile {
  const char* name;  // for people
  const char* key;   // in JSON
  double percent;
};
constexpr Quantile kQuantiles[] = {{"50 %", "p50", 50},
                                   {"90 %", "p90", 90},
                                   {"99 %", "p99", 99},
                                   {"99.9 %", "p999", 99.9},
                                   {"99.99 %", "p9999", 99.99}};

std::string PerSecond(uint64_t count, absl::Duration elapsed) {
  const double seconds = absl::ToDoubleSeconds(elapsed);
  const double rate = seconds > 0 ? static_cast<double>(count) / seconds : 0;
  return absl::StrFormat(rate < 100 ? "%.1f" : "%.0f", rate);
}

uint64_t Failed(const LoadResult& result) {
  uint64_t failed = 0;
  for (const auto& [code, count] : result.failures) failed += count;
  return failed;
}

void AppendLatencies(const char* key, const LatencyHistogram& latencies, std::string& out) {
  absl::StrAppend(&out, ",\"", key, "\":{\"count\":", latencies.count());
  const auto number = [&out](const char* name, absl::Duration value) {
    absl::StrAppend(&out, ",\"", name,
                    "\":", absl::StrFormat("%.4g", absl::ToDoubleMilliseconds(value)));
  };
  number("min", latencies.min());
  number("mean", latencies.Mean());
  for (const Quantile& quantile : kQuantiles) {
    number(quantile.key, latencies.Percentile(quantile.percent));
  }
  number("max", latencies.max());
  out += '}';
}

// Columns of a table: names above, values below, right-aligned.
void AppendTable(const std::vector<std::string>& names,
                 const std::vector<std::vector<std::string>>& rows, const Terminal& terminal,
                 std::string& out) {
  std::vector<size_t> widths(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    widths[i] = Columns(names[i]);
    for (const auto& row : rows) widths[i] = std::max(widths[i], Columns(row[i]));
  }
  const auto line = [&](const std::vector<std::string>& cells, Style style) {
    std::string text;
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string space(widths[i] - Columns(cells[i]), ' ');
      absl::StrAppend(&text, i == 0 ? "" : "  ", i == 0 ? cells[i] + space : space + cells[i]);
    }
    absl::StrAppend(&out, Styled(text, style, terminal.colors), "\n");
  };
  line(names, Style::kDim);
  for (const auto& row : rows) line(row, Style::kPlain);
}

std::vector<std::string> Row(const char* name, const LatencyHistogram& latencies, bool narrow,
                             bool unicode) {
  std::vector<std::string> row = {name};
  if (!narrow) row.push_back(LatencyText(latencies.min(), unicode));
  for (const Quantile& quantile : kQuantiles) {
    if (narrow && quantile.percent > 99.95) continue;
    row.push_back(LatencyText(latencies.Percentile(quantile.percent), unicode));
  }
  row.push_back(LatencyText(latencies.max(), unicode));
  return row;
}

}  // namespace

std::string ReportForPeople(const LoadResult& result, const LoadTitle& title,
                            const Terminal& terminal) {
  const std::string seconds = absl::StrFormat("%.1f s", absl::ToDoubleSeconds(result.elapsed));
  std::string out = absl::StrCat(Styled(title.method, Style::kBold, terminal.colors), "\n");
  absl::StrAppend(&out, result.calls.count(), " calls in ", seconds, ", ",
                  PerSecond(result.calls.count(), result.elapsed), " a second, ");
  if (title.rate > 0) {
    absl::StrAppend(&out, "of ", title.rate, " asked for\n");
  } else {
    absl::StrAppend(&out, title.callers, title.callers == 1 ? " caller\n" : " callers\n");
  }
  if (title.streams) {
    absl::StrAppend(&out, result.messages, " messages, ",
                    PerSecond(result.messages, result.elapsed), " a second\n");
  }
  if (result.cut_short > 0) {
    absl::StrAppend(&out, result.cut_short, " calls were still going on and are not counted\n");
  }
  if (result.never_made > 0) {
    absl::StrAppend(
        &out,
        Styled(absl::StrCat(result.never_made, " calls were not made: too many were under way"),
               Style::kRed, terminal.colors),
        "\n");
  }
  if (Failed(result) > 0) {
    std::vector<std::string> codes;
    for (const auto& [code, count] : result.failures) {
      codes.push_back(absl::StrCat(count, " ", absl::StatusCodeToString(code)));
    }
    absl::StrAppend(&out,
                    Styled(absl::StrCat(Failed(result), " failed: ", absl::StrJoin(codes, ", ")),
                           Style::kRed, terminal.colors),
                    "\n");
  }
  const bool calls = result.calls.count() > 0;
  const bool first = title.streams && result.first_messages.count() > 0;
  if (!calls && !first) return out;
  const bool narrow = terminal.width < 72;
  std::vector<std::string> names = {""};
  if (!narrow) names.push_back("least");
  for (const Quantile& quantile : kQuantiles) {
    if (!narrow || quantile.percent < 99.95) names.push_back(quantile.name);
  }
  names.push_back("most");
  std::vector<std::vector<std::string>> rows;
  if (calls) rows.push_back(Row("call", result.calls, narrow, terminal.unicode));
  if (first) rows.push_back(Row("first", result.first_messages, narrow, terminal.unicode));
  out += '\n';
  AppendTable(names, rows, terminal, out);
  absl::StrAppend(&out, "\n", LatencyPlot(calls ? result.calls : result.first_messages, terminal));
  return out;
}

std::string ReportJson(const LoadResult& result, const LoadTitle& title) {
  std::string out = "{\"method\":";
  AppendJsonString(title.method, out);
  absl::StrAppend(&out,
                  ",\"seconds\":", absl::StrFormat("%.3f", absl::ToDoubleSeconds(result.elapsed)),
                  ",\"callers\":", title.callers, ",\"rate\":", title.rate,
                  ",\"callsPerSecond\":", PerSecond(result.calls.count(), result.elapsed),
                  ",\"messages\":", result.messages, ",\"cutShort\":", result.cut_short,
                  ",\"neverMade\":", result.never_made, ",\"failed\":{");
  std::vector<std::string> codes;
  for (const auto& [code, count] : result.failures) {
    codes.push_back(absl::StrCat("\"", absl::StatusCodeToString(code), "\":", count));
  }
  absl::StrAppend(&out, absl::StrJoin(codes, ","), "}");
  AppendLatencies("latencyMs", result.calls, out);
  if (title.streams) AppendLatencies("firstMessageMs", result.first_messages, out);
  return out + "}\n";
}

}  // namespace runnel::cli
