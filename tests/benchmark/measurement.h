// Measurement counts what a benchmark's client receives and turns it into figures.

#ifndef RUNNEL_TESTS_BENCHMARK_MEASUREMENT_H_
#define RUNNEL_TESTS_BENCHMARK_MEASUREMENT_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/benchmark/plan.h"

namespace runnel::benchmark {

// Begins with its construction. Not thread-safe.
class Measurement {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Measurement(const Plan& plan);

  // A message of a stream has arrived. Looks at the clock now and then only.
  void Add() {
    if (++arrived_ % kLookEvery == 0 && !counting_) Look(Clock::now());
  }
  // A call that began at `begin` has returned.
  void AddCall(Clock::time_point begin);

  // Whether the plan has been fulfilled: no further call is to begin. For calls.
  bool over() const { return over_; }

  // Ends it: one JSON object with messages, seconds, rate, of calls p50_us and p99_us, and where
  // the plan names the server's process cpu_us, what both processes spent on a message.
  // FAILED_PRECONDITION when nothing came after the warm-up.
  absl::StatusOr<std::string> Finish();

 private:
  static constexpr int64_t kLookEvery = 64;

  void Look(Clock::time_point now);
  void Begin(Clock::time_point now);

  const int64_t messages_;
  const int server_pid_;
  const Clock::time_point warm_;
  const Clock::time_point end_;
  bool counting_ = false;
  bool over_ = false;
  Clock::time_point first_;   // counting since
  int64_t uncounted_ = 0;     // what arrived before
  int64_t spent_before_ = 0;  // of both processes, in nanoseconds
  int64_t arrived_ = 0;
  std::vector<float> latencies_us_;
};

// The value that `fraction` of the values are below. `values`, of which there is one, are moved
// about.
float Percentile(std::vector<float>& values, double fraction);

}  // namespace runnel::benchmark

#endif  // RUNNEL_TESTS_BENCHMARK_MEASUREMENT_H_
