// Random runs of traffic over a faulty network, each compared with what its two ends must see.
//
//   random_runs --runs N --seed S [--kind unary|server|client|bidi] [--codec json|proto]
//               [--faults cut,kill,…] [--schedule TEXT] [--threads N] [--trace]
//
// Run i has the seed S + i, and is replayed alone by `--runs 1 --seed <S+i>` with the same other
// options. The last line counts the classes; what must not be makes the exit status 1.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "runtime/core/string_view.h"
#include "tests/fault/simulation.h"

namespace fault {
namespace {

using runnel::CallKind;
using runnel::Codec;

struct Options {
  uint64_t runs = 100;
  uint64_t seed = 1;
  std::optional<CallKind> kind;
  std::optional<Codec> codec;
  std::vector<std::string> faults;
  std::optional<Schedule> schedule;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  bool trace = false;
  // Those that shape a run, as they were given.
  std::string shape;
};

bool Bad(const Verdict& verdict) { return verdict.result > Class::kSessionLost; }

// Failures that are described; more are counted only.
constexpr int kMaxReports = 10;

class Runs {
 public:
  explicit Runs(Options options) : options_(std::move(options)) {}

  int Run() {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options_.threads; ++i) threads.emplace_back([this] { Work(); });
    for (std::thread& thread : threads) thread.join();
    std::printf("%llu without a kill or an outage, %llu HTTP exchanges, %.0f hours simulated\n",
                static_cast<unsigned long long>(gentle_),
                static_cast<unsigned long long>(exchanges_), simulated_hours_);
    std::printf(
        "%llu runs: %d identical, %d session_lost, %d lost, %d doubled, %d reordered, %d hung\n",
        static_cast<unsigned long long>(options_.runs), Count(Class::kIdentical),
        Count(Class::kSessionLost), Count(Class::kLost), Count(Class::kDoubled),
        Count(Class::kReordered), Count(Class::kHung));
    return failed_ ? 1 : 0;
  }

 private:
  int Count(Class c) const { return counts_[static_cast<size_t>(c)]; }

  void Work() {
    for (uint64_t i = next_++; i < options_.runs; i = next_++) One(options_.seed + i);
  }

  void One(uint64_t seed) {
    Dice dice(seed);
    const Traffic traffic = Traffic::Draw(dice, options_.kind, options_.codec);
    Schedule schedule = Schedule::Draw(dice, options_.faults, traffic.largest_message_up());
    if (options_.schedule) schedule = *options_.schedule;
    std::vector<std::string> trace;
    const Simulated result = Simulate(traffic, schedule, seed, options_.trace ? &trace : nullptr);
    // Found before the lock is taken: it takes a few runs more.
    const bool report = Bad(result.verdict) && reports_++ < kMaxReports;
    const Schedule smallest =
        report ? Smallest(traffic, schedule, seed, result.verdict) : Schedule();

    std::lock_guard lock(mutex_);
    ++counts_[static_cast<size_t>(result.verdict.result)];
    gentle_ += !schedule.EndsSessions();
    exchanges_ += result.exchanges;
    simulated_hours_ += absl::ToDoubleHours(result.lasted);
    failed_ |= Bad(result.verdict);
    if (options_.trace) {
      std::printf("%s%s\n%s\n", traffic.ToString().c_str(), schedule.ToString().c_str(),
                  absl::StrJoin(trace, "\n").c_str());
    }
    if (!report && !options_.trace) return;
    std::printf("seed %llu: %s after %s%s%s\n", static_cast<unsigned long long>(seed),
                NameOf(result.verdict.result).c_str(), absl::FormatDuration(result.lasted).c_str(),
                result.verdict.why.empty() ? "" : ": ", result.verdict.why.c_str());
    if (!report) return;
    const std::string command = absl::StrCat(
        "bazel run //tests/fault:random_runs -- --runs 1 --seed ", seed, options_.shape);
    std::printf(
        "  schedule: %s\n  enough of it: %s\n  replay: %s\n  and: %s --schedule '%s' --trace\n",
        schedule.ToString().c_str(), smallest.ToString().c_str(), command.c_str(), command.c_str(),
        smallest.ToString().c_str());
    std::fflush(stdout);
  }

  // Faults left out one after the other, as long as the run fails in the same way.
  static Schedule Smallest(const Traffic& traffic, Schedule schedule, uint64_t seed,
                           const Verdict& verdict) {
    for (size_t i = 0; i < schedule.faults.size();) {
      Schedule less = schedule;
      less.faults.erase(less.faults.begin() + static_cast<std::ptrdiff_t>(i));
      if (Simulate(traffic, less, seed).verdict.result == verdict.result) {
        schedule = std::move(less);
      } else {
        ++i;
      }
    }
    return schedule;
  }

  const Options options_;
  std::atomic<uint64_t> next_{0};
  std::atomic<int> reports_{0};
  std::mutex mutex_;
  std::array<int, 6> counts_{};
  uint64_t gentle_ = 0;
  uint64_t exchanges_ = 0;
  double simulated_hours_ = 0;
  bool failed_ = false;
};

std::optional<CallKind> KindOf(std::string_view name) {
  for (CallKind kind :
       {CallKind::kUnary, CallKind::kServerStream, CallKind::kClientStream, CallKind::kBidi}) {
    if (name == NameOf(kind)) return kind;
  }
  return std::nullopt;
}

bool Fill(Options& options, const std::string& name, const std::string& value) {
  const auto shapes = [&] { absl::StrAppend(&options.shape, " ", name, " ", value); };
  if (name == "--runs") return absl::SimpleAtoi(value, &options.runs);
  if (name == "--seed") return absl::SimpleAtoi(value, &options.seed);
  if (name == "--threads") return absl::SimpleAtoi(value, &options.threads) && options.threads > 0;
  if (name == "--kind") {
    shapes();
    options.kind = KindOf(value);
    return options.kind.has_value();
  }
  if (name == "--codec") {
    shapes();
    if (value == "json") options.codec = Codec::kJson;
    if (value == "proto") options.codec = Codec::kProto;
    return options.codec.has_value();
  }
  if (name == "--faults") {
    shapes();
    options.faults = absl::StrSplit(value, ',', absl::SkipEmpty());
    const std::vector<std::string> known = Schedule::Groups();
    for (const std::string& fault : options.faults) {
      if (std::find(known.begin(), known.end(), fault) == known.end()) return false;
    }
    return !options.faults.empty();
  }
  if (name == "--schedule") {
    absl::StatusOr<Schedule> schedule = Schedule::Parse(value);
    if (!schedule.ok()) std::fprintf(stderr, "%s\n", schedule.status().ToString().c_str());
    if (schedule.ok()) options.schedule = *std::move(schedule);
    return options.schedule.has_value();
  }
  return false;
}

int Main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (const size_t equals = name.find('='); equals != name.npos) {
      const std::string value = name.substr(equals + 1);
      name.resize(equals);
      if (Fill(options, name, value)) continue;
    }
    if (name == "--trace") {
      options.trace = true;
      options.threads = 1;
      continue;
    }
    if (i + 1 < argc && Fill(options, name, argv[i + 1])) {
      ++i;
      continue;
    }
    std::fprintf(stderr,
                 "not understood: %s\n"
                 "usage: random_runs [--runs N] [--seed S] [--kind unary|server|client|bidi] "
                 "[--codec json|proto]\n"
                 "                   [--faults %s]\n"
                 "                   [--schedule 'cut-reply n=3 bytes=120; cut-all at=2s'] "
                 "[--threads N] [--trace]\n",
                 name.c_str(), absl::StrJoin(Schedule::Groups(), ",").c_str());
    return 2;
  }
  return Runs(std::move(options)).Run();
}

}  // namespace
}  // namespace fault

int main(int argc, char** argv) { return fault::Main(argc, argv); }
