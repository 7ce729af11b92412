#include "tests/fault/transcript.h"

#include <gtest/gtest.h>

#include "runtime/core/status_details.h"

namespace fault {
namespace {

constexpr absl::Time kStart = absl::UnixEpoch();

// Two bidi calls with three messages each way, observed as planned.
class JudgeTest : public ::testing::Test {
 protected:
  JudgeTest() {
    CallPlan call;
    call.kind = runnel::CallKind::kBidi;
    call.up = {1, 2, 3};
    call.down = {4, 5, 6};
    traffic_.calls = {call, call};
    for (Transcript* end : {&client_, &server_}) {
      for (Observation& seen : *end) {
        seen.started = 1;
        seen.started_at = kStart;
        seen.messages = {0, 1, 2};
        seen.ended = absl::OkStatus();
        seen.ended_at = kStart + absl::Seconds(1);
      }
    }
  }

  Class Result(bool may_lose_session = false) {
    return Judge(traffic_, client_, server_, may_lose_session).result;
  }
  void Lose(size_t call) {
    client_[call].ended =
        runnel::WithErrorInfo(absl::UnavailableError("lost"),
                              {.reason = "SESSION_LOST", .domain = "runnel", .metadata = {}});
  }

  Traffic traffic_;
  Transcript client_ = Transcript(2);
  Transcript server_ = Transcript(2);
};

TEST_F(JudgeTest, AllAsPlannedIsIdentical) { EXPECT_EQ(Result(), Class::kIdentical); }

TEST_F(JudgeTest, MissingMessagesAreLost) {
  client_[1].messages = {0, 1};
  EXPECT_EQ(Result(), Class::kLost);
  client_[1].messages = {0, 2};
  EXPECT_EQ(Result(), Class::kLost);
  client_[1].messages = {0, 1, 2};
  server_[0].messages = {};
  EXPECT_EQ(Result(), Class::kLost);
}

TEST_F(JudgeTest, DamagedMessagesAreLost) {
  server_[0].messages = {0, Observation::kDamaged, 2};
  EXPECT_EQ(Result(), Class::kLost);
}

TEST_F(JudgeTest, MessagesThatComeTwiceAreDoubled) {
  server_[1].messages = {0, 1, 1, 2};
  EXPECT_EQ(Result(), Class::kDoubled);
}

TEST_F(JudgeTest, MethodsThatRunTwiceAreDoubled) {
  server_[1].started = 2;
  EXPECT_EQ(Result(), Class::kDoubled);
}

TEST_F(JudgeTest, MessagesOutOfOrderAreReordered) {
  client_[0].messages = {0, 2, 1};
  EXPECT_EQ(Result(), Class::kReordered);
}

TEST_F(JudgeTest, CallsWithoutAnEndHang) {
  client_[0].ended.reset();
  EXPECT_EQ(Result(), Class::kHung);
}

TEST_F(JudgeTest, AnotherStatusIsALoss) {
  client_[0].ended = absl::InternalError("");
  EXPECT_EQ(Result(), Class::kLost);
  client_[0].ended = absl::UnavailableError("");
  EXPECT_EQ(Result(true), Class::kLost);
}

TEST_F(JudgeTest, AHandlerThatReturnsAnotherStatusIsALoss) {
  server_[0].ended = absl::CancelledError("");
  EXPECT_EQ(Result(), Class::kLost);
}

TEST_F(JudgeTest, ALostSessionNeedsACause) {
  Lose(0);
  Lose(1);
  client_[0].messages = {0};
  server_[0].messages = {0, 1};
  EXPECT_EQ(Result(true), Class::kSessionLost);
  EXPECT_EQ(Result(false), Class::kLost);
}

TEST_F(JudgeTest, ALostSessionLeavesAPrefix) {
  Lose(0);
  Lose(1);
  client_[1].messages = {1};
  EXPECT_EQ(Result(true), Class::kLost);
}

TEST_F(JudgeTest, ALostSessionEndsItsCallsAtOnce) {
  Lose(0);
  Lose(1);
  client_[1].ended_at = kStart + absl::Seconds(2);
  EXPECT_EQ(Result(true), Class::kLost);
  // Of the next session.
  client_[1].started_at = kStart + absl::Seconds(1);
  EXPECT_EQ(Result(true), Class::kSessionLost);
}

TEST(ObservationTest, KnowsTheBytesOfEachMessage) {
  Observation seen;
  v1::Item item;
  item.set_index(1);
  item.set_payload(PayloadOf(7, Direction::kUp, 1, 20));
  seen.Take(7, Direction::kUp, {10, 20}, item);
  seen.Take(8, Direction::kUp, {10, 20}, item);
  seen.Take(7, Direction::kDown, {10, 20}, item);
  item.set_index(0);
  seen.Take(7, Direction::kUp, {10, 20}, item);
  const std::vector<int64_t> expected = {1, Observation::kDamaged, Observation::kDamaged,
                                         Observation::kDamaged};
  EXPECT_EQ(seen.messages, expected);
}

}  // namespace
}  // namespace fault
