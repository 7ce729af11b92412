#include "runtime/call/call_stream.h"

#include <boost/asio/io_context.hpp>
#include <deque>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/task_group.h"
#include "runtime/testing/manual_clock.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;

// A session that keeps what its calls send.
class RecordingSink final : public FrameSink {
 public:
  explicit RecordingSink(Executor executor) : executor_(executor) {
    limits_.max_call_window_bytes = 0;  // windows stay as they are
  }

  const Executor& executor() const override { return executor_; }
  Codec codec() const override { return Codec::kProto; }
  const Limits& limits() const override { return limits_; }
  ManualClock& clock() const override { return clock_; }
  void set_max_call_window_bytes(size_t bytes) { limits_.max_call_window_bytes = bytes; }
  void Send(const Frame& frame) override { frames.push_back(frame); }
  bool HasRoom() const override {
    ++looks;
    return has_room && frames.size() < max_frames;
  }
  RoomQueue& room() override { return room_; }
  void WakeNext() override {
    if (HasRoom()) room_.WakeFirst();
  }
  void TakeTurns(PartSource& source) override {
    turns.Add(source);
    GiveTurns();
  }
  void LeaveTurns(PartSource& source) override { turns.Remove(source); }
  void OnHeld(int64_t bytes) override { held += bytes; }

  void GiveTurns() {
    turns.Run([this] { return blocked ? PartTurns::kAhead : 0; });
  }

  std::vector<Frame> frames;
  bool has_room = true;
  size_t max_frames = 1000;
  mutable int looks = 0;  // how often somebody asked for room
  bool blocked = false;   // nothing leaves
  PartTurns turns;
  int64_t held = 0;

 private:
  Executor executor_;
  mutable ManualClock clock_;
  Limits limits_;
  RoomQueue room_;
};

class CallStreamTest : public testing::Test {
 protected:
  Awaitable<void> RecordReceive() {
    absl::StatusOr<std::optional<std::string>> received = co_await stream_.Receive();
    received_.push_back(received);
  }
  Awaitable<void> RecordWaitToSend() {
    absl::Status status = co_await stream_.WaitToSend();
    sendable_.push_back(status);
  }

  absl::StatusOr<std::optional<std::string>> ReceiveNow() {
    received_.clear();
    tasks_.Spawn(RecordReceive());
    Poll();
    if (received_.empty()) return absl::UnknownError("still waiting");
    return received_[0];
  }
  absl::Status WaitToSendNow() {
    sendable_.clear();
    tasks_.Spawn(RecordWaitToSend());
    Poll();
    return sendable_.empty() ? absl::UnknownError("still waiting") : sendable_[0];
  }

  void Send(std::string message) { stream_.SendMessage(message); }

  void Poll() {
    context_.restart();
    context_.poll();
  }

  static MessageFrame Whole(size_t size) {
    return CallStream::WholeMessage(std::string(size, 'm'));
  }

  asio::io_context context_{1};
  RecordingSink sink_{context_.get_executor()};
  CallStream stream_{sink_, 5, 100, 100};
  std::vector<absl::StatusOr<std::optional<std::string>>> received_;
  std::vector<absl::Status> sendable_;
  TaskGroup tasks_{context_.get_executor()};
};

TEST_F(CallStreamTest, MessageMayStartWhileTheWindowIsPositiveAndDriveItNegative) {
  EXPECT_THAT(WaitToSendNow(), IsOk());
  Send(std::string(250, 'x'));
  EXPECT_THAT(WaitToSendNow(), StatusIs(absl::StatusCode::kUnknown));
  stream_.OnCredit(150);
  Poll();
  EXPECT_TRUE(sendable_.empty());
  stream_.OnCredit(1);
  Poll();
  ASSERT_EQ(sendable_.size(), 1u);
  EXPECT_THAT(sendable_[0], IsOk());
}

TEST_F(CallStreamTest, SessionWindowStopsEveryCall) {
  sink_.has_room = false;
  EXPECT_THAT(WaitToSendNow(), StatusIs(absl::StatusCode::kUnknown));
  sink_.has_room = true;
  sink_.WakeNext();
  Poll();
  ASSERT_EQ(sendable_.size(), 1u);
  EXPECT_THAT(sendable_[0], IsOk());
}

Awaitable<void> SendOne(CallStream& stream) {
  absl::Status status = co_await stream.WaitToSend();
  if (!status.ok()) co_return;
  std::string message = "m";
  stream.SendMessage(message);
}

TEST_F(CallStreamTest, WakesAsManyAsThereIsRoomForInTheOrderOfTheirComing) {
  constexpr uint64_t kCalls = 100;
  std::deque<CallStream> calls;
  sink_.has_room = false;
  for (uint64_t id = 0; id < kCalls; ++id) {
    calls.emplace_back(sink_, id, 100, 100);
    tasks_.Spawn(SendOne(calls.back()));
  }
  Poll();
  calls[1].Fail(absl::CancelledError("no more"));
  sink_.has_room = true;
  sink_.max_frames = 3;
  sink_.looks = 0;
  sink_.WakeNext();
  Poll();
  ASSERT_EQ(sink_.frames.size(), 3u);
  EXPECT_EQ(sink_.frames[0].call, 0u);
  EXPECT_EQ(sink_.frames[1].call, 2u);
  EXPECT_EQ(sink_.frames[2].call, 3u);
  EXPECT_LT(sink_.looks, 20);
  sink_.max_frames = 1000;
  sink_.WakeNext();
  Poll();
  EXPECT_EQ(sink_.frames.size(), kCalls - 1);
}

TEST_F(CallStreamTest, LargeMessageTravelsInPartsAndComesOutWhole) {
  const std::string large = std::string(100'000, 'a') + std::string(100'000, 'b');
  Send(large);
  ASSERT_EQ(sink_.frames.size(), 4u);
  for (const Frame& frame : sink_.frames) {
    EXPECT_LE(std::get<MessageFrame>(frame.kind).payload.size(), 64u * 1024);
    EXPECT_THAT(stream_.OnMessage(std::get<MessageFrame>(frame.kind)), IsOk());
  }
  absl::StatusOr<std::optional<std::string>> received = ReceiveNow();
  ASSERT_THAT(received, IsOk());
  EXPECT_EQ(*received, large);
}

TEST_F(CallStreamTest, GivesMoreCreditToWhoTakesMessagesFastAndLessAgainToWhoDoesNot) {
  sink_.set_max_call_window_bytes(300);
  CallStream stream(sink_, 7, 100, 100);
  // Whatever the window was, all of it comes at once.
  const auto credit_for = [&](size_t bytes, absl::Duration after) {
    sink_.clock().Advance(after);
    EXPECT_THAT(stream.OnMessage(Whole(bytes)), IsOk());
    EXPECT_TRUE(stream.TryReceive().has_value());
    EXPECT_FALSE(sink_.frames.empty());
    const uint64_t credit = std::get<CreditFrame>(sink_.frames.back().kind).bytes;
    sink_.frames.clear();
    return credit;
  };
  EXPECT_EQ(credit_for(100, absl::Milliseconds(1)), 100u);
  EXPECT_EQ(credit_for(100, absl::Milliseconds(1)), 200u);
  EXPECT_EQ(credit_for(200, absl::Milliseconds(1)), 300u);
  EXPECT_EQ(credit_for(300, absl::Milliseconds(1)), 300u);
  EXPECT_EQ(credit_for(300, absl::Seconds(3)), 150u);
  EXPECT_EQ(credit_for(150, absl::Seconds(3)), 100u);
  EXPECT_EQ(credit_for(100, absl::Seconds(3)), 100u);
}

TEST_F(CallStreamTest, CreditIsGivenWhenTheApplicationTakesMessages) {
  ASSERT_THAT(stream_.OnMessage(Whole(40)), IsOk());
  ASSERT_THAT(stream_.OnMessage(Whole(40)), IsOk());
  EXPECT_TRUE(sink_.frames.empty());
  EXPECT_THAT(ReceiveNow(), IsOk());
  EXPECT_TRUE(sink_.frames.empty());  // less than half a window
  EXPECT_THAT(ReceiveNow(), IsOk());
  ASSERT_EQ(sink_.frames.size(), 1u);
  EXPECT_EQ(std::get<CreditFrame>(sink_.frames[0].kind).bytes, 80u);
}

TEST_F(CallStreamTest, EmptyMessagesUseTheWindowUpToo) {
  for (int i = 0; i < 4; ++i) ASSERT_THAT(stream_.OnMessage(Whole(0)), IsOk());  // of 32 bytes each
  EXPECT_THAT(stream_.OnMessage(Whole(0)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("window")));
}

TEST_F(CallStreamTest, PeerThatOverrunsItsWindowIsRefused) {
  ASSERT_THAT(stream_.OnMessage(Whole(99)), IsOk());
  ASSERT_THAT(stream_.OnMessage(Whole(500)), IsOk());  // the window was still positive
  EXPECT_THAT(stream_.OnMessage(Whole(1)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("window")));
}

TEST_F(CallStreamTest, MessageOverTheLimitIsRefusedByWhatItSaysOfItself) {
  MessageFrame part;
  part.part = part.more = true;
  part.size = 5 * 1024 * 1024;
  part.payload = "start";
  EXPECT_THAT(stream_.OnMessage(part), StatusIs(absl::StatusCode::kResourceExhausted,
                                                HasSubstr("Limits::max_message_bytes")));
}

TEST_F(CallStreamTest, PartsThatDoNotFitTogetherAreRefused) {
  MessageFrame middle;
  middle.part = middle.more = true;
  middle.payload = "no start";
  EXPECT_THAT(stream_.OnMessage(middle), StatusIs(absl::StatusCode::kInvalidArgument));

  MessageFrame start;
  start.part = start.more = true;
  start.size = 10;
  start.payload = "12345";
  ASSERT_THAT(stream_.OnMessage(start), IsOk());
  EXPECT_THAT(stream_.OnMessage(Whole(3)), StatusIs(absl::StatusCode::kInvalidArgument));
  MessageFrame too_long = middle;
  too_long.payload = "123456";
  EXPECT_THAT(stream_.OnMessage(too_long), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(CallStreamTest, MessageThatIsLongerThanItSaysIsRefused) {
  MessageFrame message = Whole(10);
  message.size = 1;
  EXPECT_THAT(stream_.OnMessage(message), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(CallStreamTest, HalfCloseComesAfterTheMessages) {
  ASSERT_THAT(stream_.OnMessage(Whole(3)), IsOk());
  stream_.OnHalfClose();
  EXPECT_THAT(ReceiveNow(), IsOkAndHolds(std::optional<std::string>("mmm")));
  EXPECT_THAT(ReceiveNow(), IsOkAndHolds(std::optional<std::string>()));
  EXPECT_THAT(stream_.OnMessage(Whole(3)), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(CallStreamTest, PartsOfTwoCallsTakeTurns) {
  CallStream other(sink_, 6, 100, 100);
  sink_.blocked = true;
  Send(std::string(150'000, 'a'));
  std::string message(150'000, 'b');
  other.SendMessage(message);
  EXPECT_TRUE(sink_.frames.empty());
  sink_.blocked = false;
  sink_.GiveTurns();
  std::vector<uint64_t> calls;
  for (const Frame& frame : sink_.frames) calls.push_back(frame.call);
  EXPECT_EQ(calls, (std::vector<uint64_t>{5, 6, 5, 6, 5, 6}));
}

TEST_F(CallStreamTest, LastFrameComesBehindThePartsBeforeIt) {
  sink_.blocked = true;
  Send(std::string(100'000, 'a'));
  stream_.SendLast(Frame{5, HalfCloseFrame()});
  EXPECT_TRUE(sink_.frames.empty());
  sink_.blocked = false;
  sink_.GiveTurns();
  ASSERT_EQ(sink_.frames.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<HalfCloseFrame>(sink_.frames[2].kind));
  EXPECT_FALSE(stream_.sending());
}

TEST_F(CallStreamTest, NextMessageWaitsForThePartsOfTheLast) {
  sink_.blocked = true;
  stream_.OnCredit(1'000'000);
  Send(std::string(100'000, 'a'));
  EXPECT_THAT(WaitToSendNow(), StatusIs(absl::StatusCode::kUnknown));
  sink_.blocked = false;
  sink_.GiveTurns();
  Poll();
  ASSERT_EQ(sendable_.size(), 1u);
  EXPECT_THAT(sendable_[0], IsOk());
}

TEST_F(CallStreamTest, FailureDropsPartsThatHaveNotLeft) {
  sink_.blocked = true;
  Send(std::string(100'000, 'a'));
  stream_.Fail(absl::CancelledError("enough"));
  sink_.blocked = false;
  sink_.GiveTurns();
  EXPECT_TRUE(sink_.frames.empty());
}

TEST_F(CallStreamTest, TellsWhatUnreadMessagesHold) {
  ASSERT_THAT(stream_.OnMessage(Whole(40)), IsOk());
  ASSERT_THAT(stream_.OnMessage(Whole(40)), IsOk());
  EXPECT_EQ(sink_.held, 80);
  EXPECT_THAT(ReceiveNow(), IsOk());
  EXPECT_EQ(sink_.held, 40);
  stream_.Fail(absl::CancelledError("enough"));
  EXPECT_EQ(sink_.held, 0);
}

TEST_F(CallStreamTest, TellsWhatPartsHoldBeforeTheMessageIsWhole) {
  MessageFrame part;
  part.part = part.more = true;
  part.size = 20;
  part.payload = "0123456789";
  ASSERT_THAT(stream_.OnMessage(part), IsOk());
  EXPECT_EQ(sink_.held, 10);
  part.size = 0;
  part.more = false;
  ASSERT_THAT(stream_.OnMessage(part), IsOk());
  EXPECT_THAT(ReceiveNow(), IsOk());
  EXPECT_EQ(sink_.held, 0);
}

TEST_F(CallStreamTest, FailureWakesBothDirections) {
  sink_.has_room = false;
  tasks_.Spawn(RecordReceive());
  tasks_.Spawn(RecordWaitToSend());
  Poll();
  stream_.Fail(absl::DeadlineExceededError("late"));
  Poll();
  ASSERT_EQ(received_.size(), 1u);
  EXPECT_THAT(received_[0], StatusIs(absl::StatusCode::kDeadlineExceeded));
  ASSERT_EQ(sendable_.size(), 1u);
  EXPECT_THAT(sendable_[0], StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(CallStreamTest, FailureMayLetWhatArrivedBeReadFirst) {
  ASSERT_THAT(stream_.OnMessage(Whole(3)), IsOk());
  stream_.Fail(absl::UnavailableError("gone"), /*keep_received=*/true);
  EXPECT_THAT(ReceiveNow(), IsOkAndHolds(std::optional<std::string>("mmm")));
  EXPECT_THAT(ReceiveNow(), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace runnel
