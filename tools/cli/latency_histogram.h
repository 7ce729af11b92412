// LatencyHistogram counts how long things took, from a microsecond to hours, each to within a
// hundredth, in a few kilobytes however many there are (as HdrHistogram does).

#ifndef TOOLS_CLI_LATENCY_HISTOGRAM_H_
#define TOOLS_CLI_LATENCY_HISTOGRAM_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"

namespace runnel::cli {

// Not thread-safe.
class LatencyHistogram {
 public:
  LatencyHistogram();

  void Add(absl::Duration latency);

  uint64_t count() const { return count_; }
  absl::Duration min() const { return count_ == 0 ? absl::ZeroDuration() : min_; }
  absl::Duration max() const { return max_; }
  absl::Duration Mean() const;
  // What so many of a hundred took, or less; zero of nothing. Never more than max().
  absl::Duration Percentile(double percent) const;

 private:
  static size_t BucketOf(uint64_t nanoseconds);
  // The highest value that a bucket counts.
  static uint64_t TopOf(size_t bucket);

  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  double sum_seconds_ = 0;
  absl::Duration min_ = absl::InfiniteDuration();
  absl::Duration max_ = absl::ZeroDuration();
};

}  // namespace runnel::cli

#endif  // TOOLS_CLI_LATENCY_HISTOGRAM_H_
