#include "runtime/session/replay_buffer.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/testing/status_matchers.h"
#include "runtime/wire/base64.h"
#include "runtime/wire/event_parser.h"
#include "runtime/wire/frame_codec.h"

namespace runnel {
namespace {

Frame Credit(uint64_t bytes) {
  CreditFrame credit;
  credit.bytes = bytes;
  return Frame{1, credit};
}

struct ReadEvent {
  std::string id;
  std::vector<Frame> frames;
};

class ReplayBufferTest : public testing::TestWithParam<Codec> {
 protected:
  // The next event to send as its receiver reads it.
  ReadEvent Next() {
    std::shared_ptr<const std::string> bytes = buffer_.NextToSend();
    EXPECT_NE(bytes, nullptr);
    if (bytes == nullptr) return {};
    EventParser parser(1 << 20);
    parser.Feed(*bytes);
    absl::StatusOr<std::optional<EventView>> event = parser.Next();
    EXPECT_TRUE(event.ok() && event->has_value());
    std::string data((*event)->data);
    if (GetParam() == Codec::kProto) {
      std::string decoded;
      EXPECT_TRUE(DecodeBase64(data, decoded).ok());
      data = decoded;
    }
    absl::StatusOr<FrameBatch> batch = DecodeFrameBatch(GetParam(), data, Limits());
    EXPECT_TRUE(batch.ok()) << batch.status();
    return {std::string((*event)->id), batch->frames};
  }

  ReplayBuffer buffer_{GetParam(), "7"};
};

TEST_P(ReplayBufferTest, FramesAppendedTogetherLeaveInOneEventNumberedByItsLast) {
  buffer_.Append(Credit(1));
  buffer_.Append(Credit(2));
  ReadEvent event = Next();
  EXPECT_EQ(event.id, "7-2");
  EXPECT_EQ(event.frames, (std::vector<Frame>{Credit(1), Credit(2)}));
  EXPECT_TRUE(buffer_.AllSent());
  EXPECT_EQ(buffer_.NextToSend(), nullptr);
}

TEST_P(ReplayBufferTest, RewindSendsAgainWhatTheClientLacks) {
  buffer_.Append(Credit(1));
  Next();
  buffer_.Append(Credit(2));
  Next();
  ASSERT_THAT(buffer_.Rewind(1), IsOk());
  EXPECT_FALSE(buffer_.AllSent());
  EXPECT_EQ(Next().id, "7-2");
  ASSERT_THAT(buffer_.Rewind(0), IsOk());
  EXPECT_EQ(Next().id, "7-1");
  EXPECT_EQ(Next().id, "7-2");
}

TEST_P(ReplayBufferTest, WhatWasSentOnceCountsAsSentWhileItIsToBeSentAgain) {
  buffer_.Append(Credit(1));
  Next();
  buffer_.Append(Credit(2));
  Next();
  ASSERT_THAT(buffer_.Rewind(0), IsOk());
  // The client had it all the same.
  ASSERT_THAT(buffer_.Rewind(1), IsOk());
  EXPECT_EQ(Next().id, "7-2");
  ASSERT_THAT(buffer_.Rewind(0), IsOk());
  ASSERT_THAT(buffer_.Acknowledge(2), IsOk());
  EXPECT_TRUE(buffer_.AllSent());
  EXPECT_EQ(buffer_.unsent_bytes(), 0u);
  EXPECT_EQ(buffer_.bytes(), 0u);
}

TEST_P(ReplayBufferTest, EventsAreTheSameBytesWhenTheyAreSentAgain) {
  buffer_.Append(Credit(1));
  const std::shared_ptr<const std::string> first = buffer_.NextToSend();
  ASSERT_THAT(buffer_.Rewind(0), IsOk());
  EXPECT_EQ(buffer_.NextToSend(), first);
}

TEST_P(ReplayBufferTest, AcknowledgedFramesAreReleasedAndCannotComeBack) {
  buffer_.Append(Credit(1));
  Next();
  buffer_.Append(Credit(2));
  Next();
  EXPECT_THAT(buffer_.Acknowledge(1), IsOk());
  EXPECT_THAT(buffer_.Acknowledge(1), IsOk());
  EXPECT_THAT(buffer_.Rewind(0), StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_THAT(buffer_.Rewind(1), IsOk());
  EXPECT_THAT(buffer_.Acknowledge(3), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(buffer_.Acknowledge(2), IsOk());
  EXPECT_EQ(buffer_.bytes(), 0u);
}

TEST_P(ReplayBufferTest, WhatWasNeverSentIsNeitherAcknowledgedNorSkipped) {
  buffer_.Append(Credit(1));
  EXPECT_THAT(buffer_.Acknowledge(1), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(buffer_.Rewind(1), StatusIs(absl::StatusCode::kOutOfRange));
}

TEST_P(ReplayBufferTest, ManyFramesAreSpreadOverEvents) {
  MessageFrame message;
  message.payload =
      GetParam() == Codec::kJson ? "\"" + std::string(1000, 'x') + "\"" : std::string(1000, 'x');
  message.size = message.payload.size();
  for (int i = 0; i < 500; ++i) buffer_.Append(Frame{1, message});
  int events = 0;
  while (buffer_.NextToSend() != nullptr) ++events;
  EXPECT_GT(events, 5);
  EXPECT_LT(events, 50);
}

TEST_P(ReplayBufferTest, CountsWhatMessagesHoldApartFromControlFrames) {
  MessageFrame message;
  message.payload = "\"" + std::string(1000, 'x') + "\"";
  message.size = message.payload.size();
  buffer_.Append(Frame{1, message});
  EXPECT_GE(buffer_.message_bytes(), 1000u);
  EXPECT_EQ(buffer_.control_bytes(), 0u);
  buffer_.Append(Credit(1));
  EXPECT_GT(buffer_.control_bytes(), 0u);
  const std::shared_ptr<const std::string> event = buffer_.NextToSend();
  EXPECT_GE(buffer_.bytes(), event->size());
  EXPECT_LE(buffer_.bytes(), event->size() + 200);
  buffer_.Append(Credit(2));
  buffer_.NextToSend();
  ASSERT_THAT(buffer_.Acknowledge(2), IsOk());
  EXPECT_EQ(buffer_.message_bytes(), 0u);
  EXPECT_GT(buffer_.control_bytes(), 0u);
}

TEST_P(ReplayBufferTest, KnowsHowMuchHasStillToBeSent) {
  buffer_.Append(Credit(1));
  EXPECT_GT(buffer_.unsent_bytes(), 0u);
  const size_t first = buffer_.NextToSend()->size();
  EXPECT_EQ(buffer_.unsent_bytes(), 0u);
  buffer_.Append(Credit(2));
  const size_t second = buffer_.NextToSend()->size();
  ASSERT_THAT(buffer_.Rewind(1), IsOk());
  EXPECT_EQ(buffer_.unsent_bytes(), second);
  ASSERT_THAT(buffer_.Rewind(0), IsOk());
  EXPECT_EQ(buffer_.unsent_bytes(), first + second);
}

INSTANTIATE_TEST_SUITE_P(Codecs, ReplayBufferTest, testing::Values(Codec::kJson, Codec::kProto),
                         [](const auto& info) { return std::string(CodecName(info.param)); });

}  // namespace
}  // namespace runnel
