// When samples are taken, and for whom, on a clock that the test moves.

#include "services/examples/monitor/samplers.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/testing/manual_clock.h"
#include "services/examples/shared/proto_time.h"
#include "services/examples/shared/scratch_directory.h"

namespace examples::monitor {
namespace {

using ::testing::ElementsAre;

constexpr absl::Duration kInterval = absl::Milliseconds(250);

class SamplersTest : public ::testing::Test {
 protected:
  SamplersTest() {
    WriteStat("cpu 1 0 0 0\ncpu0 1 0 0 0\n");
    proc_.Write("uptime", "2299.07 4493.29\n");
    proc_.Write("loadavg", "0.50 0.25 0.125 1/87 6765\n");
    proc_.Write("meminfo", "MemTotal: 4 kB\nMemAvailable: 2 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
    tasks_.Spawn(samplers_.Run());
    Poll();
  }
  ~SamplersTest() override {
    tasks_.Cancel();
    Poll();
  }

  void WriteStat(const std::string& text) { proc_.Write("stat", text); }
  void Poll() {
    loop_.restart();
    loop_.poll();
  }
  void Advance(absl::Duration duration) {
    clock_.Advance(duration);
    Poll();
  }
  std::shared_ptr<Samplers::Feed> At(absl::Duration interval) {
    absl::StatusOr<std::shared_ptr<Samplers::Feed>> feed = samplers_.At(interval);
    EXPECT_TRUE(feed.ok()) << feed.status();
    Poll();
    return *std::move(feed);
  }

  // Somebody who watches a feed.
  struct Watcher {
    explicit Watcher(runnel::Subscription<v1::Sample> s) : samples(std::move(s)) {}
    runnel::Subscription<v1::Sample> samples;
    std::vector<v1::Sample> got;
    std::optional<absl::Status> ended;
  };
  std::shared_ptr<Watcher> Watch(Samplers::Feed& feed) {
    return std::make_shared<Watcher>(*feed.Subscribe(loop_.get_executor()));
  }
  static runnel::Awaitable<void> Read(std::shared_ptr<Watcher> watcher) {
    while (true) {
      const auto next = co_await watcher->samples.Next();
      if (!next.ok() || *next == nullptr) {
        watcher->ended = next.status();
        co_return;
      }
      watcher->got.push_back(**next);
    }
  }
  void StartReading(std::shared_ptr<Watcher> watcher) {
    tasks_.Spawn(Read(std::move(watcher)));
    Poll();
  }
  std::vector<absl::Duration> Times(const Watcher& watcher) {
    std::vector<absl::Duration> times;
    for (const v1::Sample& sample : watcher.got) times.push_back(FromProto(sample.time()) - start_);
    return times;
  }

  ScratchDirectory proc_;
  boost::asio::io_context loop_{1};
  runnel::ManualClock clock_;
  const absl::Time start_ = clock_.Now();
  Samplers samplers_{loop_.get_executor(), clock_, proc_.path()};
  runnel::TaskGroup tasks_{loop_.get_executor()};
};

TEST_F(SamplersTest, SamplesAfterEveryInterval) {
  const auto feed = At(kInterval);
  const auto watcher = Watch(*feed);
  StartReading(watcher);
  for (int i = 0; i < 4; ++i) Advance(kInterval / 2);
  EXPECT_THAT(Times(*watcher), ElementsAre(kInterval, 2 * kInterval));
  EXPECT_EQ(FromProto(watcher->got.back().interval()), kInterval);
}

TEST_F(SamplersTest, DoesNotDrift) {
  const auto feed = At(kInterval);
  const auto watcher = Watch(*feed);
  StartReading(watcher);
  Advance(kInterval + absl::Milliseconds(30));
  Advance(kInterval - absl::Milliseconds(30));
  EXPECT_THAT(Times(*watcher), ElementsAre(kInterval + absl::Milliseconds(30), 2 * kInterval));
}

TEST_F(SamplersTest, LeavesOutSamplesThatItIsTooLateFor) {
  const auto feed = At(kInterval);
  const auto watcher = Watch(*feed);
  StartReading(watcher);
  Advance(absl::Seconds(5));
  Advance(absl::Milliseconds(10));
  Advance(kInterval);
  EXPECT_THAT(Times(*watcher),
              ElementsAre(absl::Seconds(5), absl::Milliseconds(5010), absl::Milliseconds(5260)));
}

TEST_F(SamplersTest, GivesThoseWhoReadSlowlyTheNewestSample) {
  const auto feed = At(kInterval);
  const auto watcher = Watch(*feed);
  for (int i = 0; i < 3; ++i) Advance(kInterval);
  StartReading(watcher);
  EXPECT_THAT(Times(*watcher), ElementsAre(3 * kInterval));
}

TEST_F(SamplersTest, HasOneFeedForEachInterval) {
  const auto feed = At(kInterval);
  const auto other = At(2 * kInterval);
  EXPECT_EQ(At(kInterval), feed);
  EXPECT_NE(other, feed);
  const auto watcher = Watch(*other);
  StartReading(watcher);
  for (int i = 0; i < 4; ++i) Advance(kInterval);
  EXPECT_THAT(Times(*watcher), ElementsAre(2 * kInterval, 4 * kInterval));
}

TEST_F(SamplersTest, EndsAFeedThatNobodyHolds) {
  At(kInterval).reset();
  EXPECT_EQ(clock_.NextDue(), start_ + kInterval);
  Advance(kInterval);
  EXPECT_EQ(clock_.NextDue(), absl::InfiniteFuture());
}

TEST_F(SamplersTest, EndsTheFeedOfAMachineThatCannotBeReadAnyMore) {
  const auto feed = At(kInterval);
  const auto watcher = Watch(*feed);
  StartReading(watcher);
  WriteStat("");
  Advance(kInterval);
  ASSERT_TRUE(watcher->ended);
  EXPECT_EQ(watcher->ended->code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(samplers_.At(kInterval).status().code(), absl::StatusCode::kDataLoss);
  WriteStat("cpu 1 0 0 0\ncpu0 1 0 0 0\n");
  EXPECT_NE(At(kInterval), feed);
}

}  // namespace
}  // namespace examples::monitor
