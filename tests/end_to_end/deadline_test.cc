// Deadlines, by the client's clock and by the server's.

#include <gtest/gtest.h>

#include "runtime/testing/manual_clock.h"
#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

Request WaitForCancel() {
  Request request;
  request.mutable_script()->set_wait_for_cancel(true);
  return request;
}

runnel::CallOptions Timeout(absl::Duration timeout) {
  runnel::CallOptions options;
  options.timeout = timeout;
  return options;
}

class ManualDeadlineTest : public ::testing::TestWithParam<CallCase> {
 protected:
  static WorldOptions Options(runnel::Clock& clock) {
    WorldOptions options = OptionsFor(GetParam());
    options.clock = &clock;
    return options;
  }

  runnel::ManualClock clock_;
  World world_{Options(clock_)};
};

TEST_P(ManualDeadlineTest, EndsTheCallOnBothSidesWhenItPasses) {
  PendingCall call(world_, GetParam().kind, WaitForCancel(), Timeout(absl::Seconds(5)));
  ASSERT_TRUE(world_.journal().Await("waiting"));
  world_.Settle();
  clock_.Advance(absl::Milliseconds(4999));
  world_.Settle();
  EXPECT_EQ(world_.journal().Count("cancelled DEADLINE_EXCEEDED"), 0);
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(call.Await().status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(world_.journal().Await("cancelled DEADLINE_EXCEEDED"));
}

TEST_P(ManualDeadlineTest, IsKeptByTheClientWhenTheHandlerDoesNotCare) {
  Request request;
  request.mutable_script()->set_wait_for_release(true);
  PendingCall call(world_, GetParam().kind, request, Timeout(absl::Seconds(5)));
  ASSERT_TRUE(world_.journal().Await("waiting"));
  world_.Settle();
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(call.Await().status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(world_.journal().Count("released"), 0);
}

TEST_P(ManualDeadlineTest, IsSeenByTheHandler) {
  Request request;
  request.mutable_script()->set_count(1);
  const Outcome outcome = Call(world_, GetParam().kind, request, Timeout(absl::Seconds(30)));
  ASSERT_EQ(outcome.status, absl::OkStatus());
  ASSERT_EQ(outcome.replies.size(), 1u);
  EXPECT_EQ(outcome.replies[0].time_left_ms(), 30'000);
}

TEST_P(ManualDeadlineTest, NoneIsSeenWhereNoneWasSet) {
  Request request;
  request.mutable_script()->set_count(1);
  const Outcome outcome = Call(world_, GetParam().kind, request);
  ASSERT_EQ(outcome.replies.size(), 1u);
  EXPECT_EQ(outcome.replies[0].time_left_ms(), 0);
}

TEST_P(ManualDeadlineTest, ThatHasPassedBeforeTheCallBeginsEndsIt) {
  for (absl::Duration timeout : {absl::ZeroDuration(), absl::Seconds(-1)}) {
    const Outcome outcome = Call(world_, GetParam().kind, WaitForCancel(), Timeout(timeout));
    EXPECT_EQ(outcome.status.code(), absl::StatusCode::kDeadlineExceeded);
  }
}

TEST_P(ManualDeadlineTest, HasNoEffectOnACallThatIsOver) {
  EXPECT_EQ(Call(world_, GetParam().kind, Request(), Timeout(absl::Seconds(5))).status,
            absl::OkStatus());
  clock_.Advance(absl::Seconds(10));
  world_.Settle();
  EXPECT_EQ(Call(world_, GetParam().kind, Request(), Timeout(absl::Seconds(5))).status,
            absl::OkStatus());
}

INSTANTIATE_TEST_SUITE_P(All, ManualDeadlineTest,
                         ::testing::ValuesIn(AllCallsOver(Transport::kInProcess)),
                         [](const auto& info) { return NameOf(info.param); });

class RealDeadlineTest : public ::testing::TestWithParam<CallCase> {
 protected:
  World world_{OptionsFor(GetParam())};
};

TEST_P(RealDeadlineTest, EndsTheCall) {
  const Outcome outcome =
      Call(world_, GetParam().kind, WaitForCancel(), Timeout(absl::Milliseconds(50)));
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kDeadlineExceeded);
  // The connection serves the next call.
  EXPECT_EQ(Call(world_, GetParam().kind, Request(), Timeout(absl::Seconds(30))).status,
            absl::OkStatus());
}

INSTANTIATE_TEST_SUITE_P(All, RealDeadlineTest,
                         ::testing::ValuesIn(AllCallsOver(Transport::kLoopback)),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace end_to_end
