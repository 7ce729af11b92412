#include "tools/cli/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace runnel::cli {
namespace {

// Values below 2^kPrecision nanoseconds have buckets of their own; above, each power of two has
// 2^(kPrecision - 1) of them, so a bucket is less than a hundredth wide.
constexpr int kPrecision = 8;
constexpr uint64_t kHalf = uint64_t{1} << (kPrecision - 1);
constexpr int kLargestPower = 45;  // 2^45 ns are nine hours

}  // namespace

LatencyHistogram::LatencyHistogram() : counts_(BucketOf((uint64_t{1} << kLargestPower) - 1) + 1) {}

size_t LatencyHistogram::BucketOf(uint64_t nanoseconds) {
  const int shift = std::max(0, static_cast<int>(std::bit_width(nanoseconds)) - kPrecision);
  return static_cast<size_t>(shift) * kHalf + (nanoseconds >> shift);
}

uint64_t LatencyHistogram::TopOf(size_t bucket) {
  if (bucket < 2 * kHalf) return bucket;
  const size_t shift = bucket / kHalf - 1;
  return ((bucket - shift * kHalf + 1) << shift) - 1;
}

void LatencyHistogram::Add(absl::Duration latency) {
  latency = std::max(latency, absl::ZeroDuration());
  const auto nanoseconds = static_cast<uint64_t>(absl::ToInt64Nanoseconds(latency));
  ++counts_[std::min(BucketOf(nanoseconds), counts_.size() - 1)];
  ++count_;
  sum_seconds_ += absl::ToDoubleSeconds(latency);
  min_ = std::min(min_, latency);
  max_ = std::max(max_, latency);
}

absl::Duration LatencyHistogram::Mean() const {
  return count_ == 0 ? absl::ZeroDuration()
                     : absl::Seconds(sum_seconds_ / static_cast<double>(count_));
}

absl::Duration LatencyHistogram::Percentile(double percent) const {
  const double wanted = std::ceil(percent / 100 * static_cast<double>(count_));
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen > 0 && static_cast<double>(seen) >= wanted) {
      if (bucket + 1 == counts_.size()) break;  // it has no top
      return std::min(absl::Nanoseconds(static_cast<int64_t>(TopOf(bucket))), max_);
    }
  }
  return max_;
}

}  // namespace runnel::cli
