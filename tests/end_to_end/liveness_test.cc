// What only time does to a session: streams rotate, silent clients are asked for a sign of life,
// and whoever waits does not notice.

#include <gtest/gtest.h>

#include <atomic>

#include "absl/strings/match.h"
#include "runtime/testing/manual_clock.h"
#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

class LivenessTest : public ::testing::TestWithParam<Codec> {
 protected:
  WorldOptions Options() {
    WorldOptions options;
    options.clock = &clock_;
    options.channel.codec = GetParam();
    options.channel.route = Route::kSession;
    options.channel.on_status = [this](const runnel::ChannelStatus& status) {
      resumed_ += status.state == runnel::ChannelState::kResuming;
      polled_ += status.polling;
    };
    options.cut = [this](const std::string& target) {
      attached_ += absl::EndsWith(target, "/Attach");
      sent_ += absl::EndsWith(target, "/Send");
      return runnel::InProcessCut();
    };
    return options;
  }

  void Pass(World& world, absl::Duration time) {
    for (absl::Duration passed; passed < time; passed += absl::Seconds(15)) {
      clock_.Advance(absl::Seconds(15));
      world.Settle();
    }
  }

  runnel::ManualClock clock_;
  std::atomic<int> attached_ = 0;
  std::atomic<int> sent_ = 0;
  std::atomic<int> resumed_ = 0;
  std::atomic<int> polled_ = 0;
};

TEST_P(LivenessTest, StreamsRotateAndTheCallGoesOn) {
  World world(Options());
  Request request;
  request.mutable_script()->set_wait_for_release(true);
  request.mutable_script()->set_count(3);
  PendingCall call(world, CallKind::kServerStream, request);
  ASSERT_TRUE(world.journal().Await("waiting"));
  world.Settle();
  Pass(world, absl::Minutes(25));
  EXPECT_GE(attached_, 2);  // streams live for 8 to 12 minutes
  EXPECT_LE(attached_, 3);
  EXPECT_EQ(resumed_, 0) << "a rotation is no loss";
  EXPECT_EQ(polled_, 0);
  world.journal().Add("release");
  const Outcome outcome = call.Await();
  EXPECT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.replies.size(), 3u);
}

TEST_P(LivenessTest, SilentClientAnswersThePingsThatKeepItsLease) {
  WorldOptions options = Options();
  options.server.times.rotation = absl::Hours(24);
  World world(std::move(options));
  Request request;
  request.mutable_script()->set_wait_for_release(true);
  PendingCall call(world, CallKind::kServerStream, request);
  ASSERT_TRUE(world.journal().Await("waiting"));
  world.Settle();
  sent_ = 0;
  Pass(world, absl::Minutes(10));
  // A pong for each ping of 30 s and its acknowledgement, and no more.
  EXPECT_GE(sent_, 15);
  EXPECT_LE(sent_, 60);
  EXPECT_EQ(attached_, 0);
  world.journal().Add("release");
  EXPECT_EQ(call.Await().status, absl::OkStatus());
}

INSTANTIATE_TEST_SUITE_P(Codecs, LivenessTest, ::testing::Values(Codec::kJson, Codec::kProto),
                         [](const auto& info) {
                           return info.param == Codec::kJson ? "Json" : "Proto";
                         });

}  // namespace
}  // namespace end_to_end
