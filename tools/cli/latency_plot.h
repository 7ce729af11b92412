// The distribution of latencies for a terminal, in the manner of HdrHistogram's plots: percentiles
// to the right, each nine as wide as the one before it, and what they took upwards.

#ifndef TOOLS_CLI_LATENCY_PLOT_H_
#define TOOLS_CLI_LATENCY_PLOT_H_

#include <cstddef>
#include <string>

#include "absl/time/time.h"
#include "tools/cli/latency_histogram.h"
#include "tools/cli/terminal.h"

namespace runnel::cli {

// "870 µs", "12.3 ms", "1.20 s"; "us" where the terminal has no µ.
std::string LatencyText(absl::Duration latency, bool unicode);

// Lines of at most the terminal's width, and 80. Nothing of nothing.
std::string LatencyPlot(const LatencyHistogram& latencies, const Terminal& terminal);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_LATENCY_PLOT_H_
