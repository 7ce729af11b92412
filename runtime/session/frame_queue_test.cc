#include "runtime/session/frame_queue.h"

#include <string>

#include "gtest/gtest.h"
#include "runtime/wire/frame_codec.h"

namespace runnel {
namespace {

Frame Credit(uint64_t call, uint64_t bytes) {
  CreditFrame credit;
  credit.bytes = bytes;
  return Frame{call, credit};
}

// The frames of a batch, as its receiver sees them.
std::vector<Frame> Decode(Codec codec, const FrameQueue::Batch& batch) {
  SendRequest request;
  request.seq = batch.first;
  std::string bytes;
  EncodeSendRequest(codec, request, batch.frames, bytes);
  absl::StatusOr<SendRequest> decoded = DecodeSendRequest(codec, bytes, Limits());
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  return decoded.ok() ? decoded->frames : std::vector<Frame>();
}

class FrameQueueTest : public testing::TestWithParam<Codec> {
 protected:
  FrameQueue queue_{GetParam()};
};

TEST_P(FrameQueueTest, BatchHoldsWhatIsUnacknowledgedInOrder) {
  queue_.Append(Credit(1, 10));
  queue_.Append(Credit(2, 20));
  FrameQueue::Batch batch = queue_.Unacknowledged(1000);
  EXPECT_EQ(batch.first, 1u);
  EXPECT_EQ(batch.last, 2u);
  EXPECT_EQ(Decode(GetParam(), batch), (std::vector<Frame>{Credit(1, 10), Credit(2, 20)}));
}

TEST_P(FrameQueueTest, SameBatchComesAgainUntilItIsAcknowledged) {
  queue_.Append(Credit(1, 10));
  EXPECT_EQ(queue_.Unacknowledged(1000).frames, queue_.Unacknowledged(1000).frames);
  queue_.Acknowledge(1);
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(queue_.Unacknowledged(1000).count, 0u);
  queue_.Append(Credit(3, 30));
  EXPECT_EQ(queue_.Unacknowledged(1000).first, 2u);
}

TEST_P(FrameQueueTest, BatchKeepsToItsLimitButNeverStarves) {
  for (int i = 0; i < 10; ++i) queue_.Append(Credit(1, 10));
  EXPECT_EQ(queue_.Unacknowledged(1).count, 1u);
  const size_t one = queue_.Unacknowledged(1).frames.size();
  EXPECT_LT(queue_.Unacknowledged(one * 5).count, 10u);
  EXPECT_GT(queue_.Unacknowledged(one * 5).count, 2u);
}

TEST_P(FrameQueueTest, BatchEndsWhereItIsTold) {
  for (int i = 0; i < 5; ++i) queue_.Append(Credit(1, 10));
  EXPECT_EQ(queue_.Unacknowledged(1000, 3).last, 3u);
  EXPECT_EQ(queue_.Unacknowledged(1000, 0).count, 0u);
  queue_.Acknowledge(2);
  EXPECT_EQ(queue_.Unacknowledged(1000, 3).count, 1u);
}

TEST_P(FrameQueueTest, AcknowledgementFreesWhatFramesHold) {
  EXPECT_EQ(queue_.Append(Credit(1, 10)), 1u);
  MessageFrame message;
  message.payload = "\"xxxxxxxxxx\"";
  message.size = message.payload.size();
  EXPECT_EQ(queue_.Append(Frame{1, message}), 2u);
  EXPECT_GT(queue_.message_bytes(), 10u);
  EXPECT_GT(queue_.bytes(), queue_.message_bytes());
  queue_.Acknowledge(1);
  queue_.Acknowledge(1);
  EXPECT_EQ(queue_.bytes(), queue_.message_bytes());
  queue_.Acknowledge(2);
  EXPECT_EQ(queue_.bytes(), 0u);
  EXPECT_EQ(queue_.last_acknowledged(), 2u);
}

TEST_P(FrameQueueTest, KnowsWhatNoRequestHasHeldYet) {
  queue_.Append(Credit(1, 10));
  queue_.Append(Credit(1, 20));
  EXPECT_EQ(queue_.unposted_bytes(), queue_.bytes());
  queue_.MarkPosted(1);
  EXPECT_EQ(queue_.last_posted(), 1u);
  EXPECT_GT(queue_.unposted_bytes(), 0u);
  EXPECT_LT(queue_.unposted_bytes(), queue_.bytes());
  queue_.MarkPosted(2);
  queue_.MarkPosted(1);
  EXPECT_EQ(queue_.last_posted(), 2u);
  EXPECT_EQ(queue_.unposted_bytes(), 0u);
  EXPECT_GT(queue_.bytes(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Codecs, FrameQueueTest, testing::Values(Codec::kJson, Codec::kProto),
                         [](const auto& info) { return std::string(CodecName(info.param)); });

TEST(FrameQueueTest, GoesOnAfterFrameThatIsNotAcknowledged) {
  FrameQueue queue(Codec::kJson);
  for (int i = 0; i < 4; ++i) queue.Append(Frame{0, PingFrame()});
  queue.Acknowledge(1);
  const FrameQueue::Batch batch = queue.After(2, 1000);
  EXPECT_EQ(batch.first, 3);
  EXPECT_EQ(batch.last, 4);
  EXPECT_EQ(batch.count, 2);
  EXPECT_EQ(queue.After(0, 1000).first, 2) << "what is acknowledged is gone";
  EXPECT_EQ(queue.After(4, 1000).count, 0);
}

}  // namespace
}  // namespace runnel
