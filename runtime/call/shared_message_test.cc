#include "runtime/call/shared_message.h"

#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/wrappers.pb.h"
#include "gtest/gtest.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::google::protobuf::StringValue;

std::shared_ptr<const StringValue> Text(const std::string& text) {
  auto message = std::make_shared<StringValue>();
  message->set_value(text);
  return message;
}

TEST(SharedMessageTest, IsEncodedInEitherCodec) {
  const SharedMessage message(Text("hi"), "7");
  EXPECT_THAT(message.Encoded(Codec::kJson), IsOkAndHolds("\"hi\""));
  EXPECT_THAT(message.Encoded(Codec::kProto), IsOkAndHolds("\x0a\x02hi"));
}

TEST(SharedMessageTest, IsAnEventWithItsIdOrWithout) {
  const SharedMessage message(Text("hi"), "a-7");
  using Id = SharedMessage::Id;
  EXPECT_THAT(message.Event(Codec::kJson, Id::kWith), IsOkAndHolds("id: a-7\ndata: \"hi\"\n\n"));
  EXPECT_THAT(message.Event(Codec::kJson, Id::kWithout), IsOkAndHolds("data: \"hi\"\n\n"));
  EXPECT_THAT(message.Event(Codec::kProto, Id::kWith), IsOkAndHolds("id: a-7\ndata: CgJoaQ\n\n"));
  EXPECT_THAT(message.Event(Codec::kProto, Id::kWithout), IsOkAndHolds("data: CgJoaQ\n\n"));
}

TEST(SharedMessageTest, NeedsNoId) {
  const SharedMessage message(Text(""), "");
  EXPECT_THAT(message.Event(Codec::kJson, SharedMessage::Id::kWith),
              IsOkAndHolds("data: \"\"\n\n"));
  EXPECT_THAT(message.Encoded(Codec::kJson), IsOkAndHolds("\"\""));
}

TEST(SharedMessageTest, HandsOutTheSameBytesEachTime) {
  const SharedMessage message(Text("hi"), "7");
  for (Codec codec : {Codec::kJson, Codec::kProto}) {
    EXPECT_EQ(message.Encoded(codec)->data(), message.Encoded(codec)->data());
    EXPECT_EQ(message.Event(codec, SharedMessage::Id::kWith)->data(),
              message.Event(codec, SharedMessage::Id::kWith)->data());
  }
}

TEST(SharedMessageTest, SaysThatItCannotBeEncodedEachTime) {
  auto bad = std::make_shared<google::protobuf::Timestamp>();
  bad->set_nanos(-1);
  const SharedMessage message(bad, "7");
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(message.Encoded(Codec::kJson), StatusIs(absl::StatusCode::kInvalidArgument));
    EXPECT_THAT(message.Event(Codec::kJson, SharedMessage::Id::kWith),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(message.Encoded(Codec::kProto), IsOk());
}

TEST(SharedMessageTest, IsEncodedOnceByManyThreads) {
  const SharedMessage message(Text("hi"), "7");
  std::vector<const char*> seen(4);
  std::vector<std::thread> threads;
  for (const char*& data : seen) {
    threads.emplace_back([&message, &data] {
      data = message.Event(Codec::kProto, SharedMessage::Id::kWith)->data();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(seen, testing::Each(seen.front()));
}

}  // namespace
}  // namespace runnel
