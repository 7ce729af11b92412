#include "tests/benchmark/measurement.h"

#include <unistd.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/benchmark/process_costs.h"

namespace runnel::benchmark {

float Percentile(std::vector<float>& values, double fraction) {
  const auto at = values.begin() +
                  static_cast<std::ptrdiff_t>(static_cast<double>(values.size() - 1) * fraction);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

Measurement::Measurement(const Plan& plan)
    : messages_(plan.messages),
      server_pid_(plan.server_pid),
      warm_(Clock::now() + absl::ToChronoNanoseconds(plan.warm_up)),
      end_(warm_ + absl::ToChronoNanoseconds(plan.duration)) {
  latencies_us_.reserve(1 << 18);
  if (messages_ > 0) Begin(Clock::now());
}

void Measurement::Begin(Clock::time_point now) {
  counting_ = true;
  first_ = now;
  uncounted_ = arrived_;
  spent_before_ = CpuNanoseconds(getpid()) + CpuNanoseconds(server_pid_);
}

void Measurement::Look(Clock::time_point now) {
  if (!counting_ && now >= warm_) Begin(now);
}

void Measurement::AddCall(Clock::time_point begin) {
  const Clock::time_point now = Clock::now();
  ++arrived_;
  if (counting_) {
    latencies_us_.push_back(std::chrono::duration<float, std::micro>(now - begin).count());
  }
  Look(now);
  over_ = messages_ > 0 ? arrived_ >= messages_ : now >= end_;
}

absl::StatusOr<std::string> Measurement::Finish() {
  const double seconds = std::chrono::duration<double>(Clock::now() - first_).count();
  const int64_t counted = arrived_ - uncounted_;
  if (!counting_ || counted == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(arrived_, " messages arrived, and none after the warm-up"));
  }
  std::string json = absl::StrFormat("{\"messages\":%d,\"seconds\":%.6f,\"rate\":%.1f", counted,
                                     seconds, static_cast<double>(counted) / seconds);
  if (!latencies_us_.empty()) {
    absl::StrAppendFormat(&json, ",\"p50_us\":%.2f,\"p99_us\":%.2f",
                          Percentile(latencies_us_, 0.50), Percentile(latencies_us_, 0.99));
  }
  if (server_pid_ > 0) {
    const int64_t spent = CpuNanoseconds(getpid()) + CpuNanoseconds(server_pid_) - spent_before_;
    absl::StrAppendFormat(&json, ",\"cpu_us\":%.3f",
                          static_cast<double>(spent) / 1e3 / static_cast<double>(counted));
  }
  json += "}";
  return json;
}

}  // namespace runnel::benchmark
