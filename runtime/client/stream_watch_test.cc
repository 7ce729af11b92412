#include "runtime/client/stream_watch.h"

#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/client/polling.h"
#include "runtime/testing/manual_clock.h"

namespace runnel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = StreamWatch::Kind;

class StreamWatchTest : public testing::Test, private StreamWatch::Listener {
 protected:
  void Advance(absl::Duration duration) {
    for (absl::Duration step = absl::Milliseconds(500); duration > absl::ZeroDuration();
         duration -= step) {
      clock_.Advance(std::min(step, duration));
      context_.restart();
      context_.poll();
    }
  }

  ManualClock clock_;
  asio::io_context context_{1};
  std::vector<std::string> seen_;
  StreamWatch watch_{clock_, context_.get_executor(), *this};

 private:
  void OnPingWanted() override { seen_.push_back("ping"); }
  void OnStreamDead() override {
    seen_.push_back("dead");
    watch_.End();
  }
  void OnStreamHeldBack() override {
    seen_.push_back("held back");
    watch_.End();
  }
};

TEST_F(StreamWatchTest, OpenWithoutAByteIsHeldBackAfterThreeSeconds) {
  watch_.Begin(Kind::kOpen);
  Advance(absl::Milliseconds(2500));
  EXPECT_THAT(seen_, IsEmpty());
  Advance(absl::Milliseconds(500));
  EXPECT_THAT(seen_, ElementsAre("held back"));
}

TEST_F(StreamWatchTest, SilentAttachIsPingedAndHeldBackWhenOnlyThePingIsAnswered) {
  watch_.Begin(Kind::kAttach);
  Advance(absl::Seconds(3));
  EXPECT_THAT(seen_, ElementsAre("ping"));
  watch_.OnPingAnswered();
  Advance(absl::Milliseconds(2500));
  EXPECT_THAT(seen_, ElementsAre("ping"));
  Advance(absl::Milliseconds(500));
  EXPECT_THAT(seen_, ElementsAre("ping", "held back"));
}

TEST_F(StreamWatchTest, AttachIsDeadWhenNothingIsAnswered) {
  watch_.Begin(Kind::kAttach);
  Advance(absl::Seconds(10));
  EXPECT_THAT(seen_, ElementsAre("ping", "dead"));
}

TEST_F(StreamWatchTest, StreamThatAnswersThePingIsWell) {
  watch_.Begin(Kind::kAttach);
  watch_.OnBytes();
  Advance(absl::Seconds(3));
  EXPECT_THAT(seen_, ElementsAre("ping"));
  watch_.OnPingAnswered();
  watch_.OnBytes();
  EXPECT_TRUE(watch_.flows());
  Advance(absl::Seconds(30));
  EXPECT_THAT(seen_, ElementsAre("ping"));
}

TEST_F(StreamWatchTest, StreamThatFlowsIsNotPinged) {
  watch_.Begin(Kind::kAttach);
  for (int second = 0; second < 60; ++second) {
    watch_.OnBytes();
    Advance(absl::Seconds(1));
  }
  EXPECT_THAT(seen_, IsEmpty());
}

TEST_F(StreamWatchTest, StreamIsDeadAfterTwoAndAHalfHeartbeatsOfSilence) {
  watch_.set_heartbeat(absl::Seconds(10));
  watch_.Begin(Kind::kAttach);
  watch_.OnBytes();
  Advance(absl::Seconds(2));
  watch_.OnBytes();
  Advance(absl::Milliseconds(24'500));
  EXPECT_THAT(seen_, IsEmpty());
  Advance(absl::Milliseconds(500));
  EXPECT_THAT(seen_, ElementsAre("dead"));
}

TEST_F(StreamWatchTest, BoundedStreamMayBeSilentForItsTime) {
  watch_.Begin(Kind::kBounded);
  Advance(StreamWatch::kBoundedTime + absl::Seconds(9));
  EXPECT_THAT(seen_, IsEmpty());
  Advance(absl::Seconds(1));
  EXPECT_THAT(seen_, ElementsAre("dead"));
}

TEST_F(StreamWatchTest, NothingIsSaidAfterTheEnd) {
  watch_.Begin(Kind::kOpen);
  watch_.End();
  Advance(absl::Seconds(60));
  EXPECT_THAT(seen_, IsEmpty());
}

TEST(PollingTest, TriesAStreamWithoutEndMoreAndMoreSeldom) {
  Polling polling;
  const absl::Time start = absl::UnixEpoch();
  EXPECT_FALSE(polling.bounded(start));
  polling.Begin(start);
  EXPECT_TRUE(polling.bounded(start + absl::Seconds(59)));
  EXPECT_FALSE(polling.bounded(start + absl::Seconds(60)));
  EXPECT_TRUE(polling.on()) << "until one has flowed";
  polling.Begin(start + absl::Seconds(60));
  EXPECT_TRUE(polling.bounded(start + absl::Seconds(179)));
  EXPECT_FALSE(polling.bounded(start + absl::Seconds(180)));
  polling.End();
  EXPECT_FALSE(polling.on());
  polling.Begin(start);
  EXPECT_FALSE(polling.bounded(start + absl::Seconds(60)));
}

}  // namespace
}  // namespace runnel
