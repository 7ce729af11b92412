#include "runtime/sse/typed_channel.h"

#include <deque>
#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"
#include "runtime/http/http_test_peer.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::google::protobuf::ListValue;
using ::google::protobuf::Value;
using ::testing::ElementsAre;

class FakeChannel final : public StringChannel {
 public:
  Awaitable<absl::StatusOr<std::optional<std::string>>> Read() override {
    absl::StatusOr<std::string> next = std::move(incoming.front());
    incoming.pop_front();
    if (!next.ok()) co_return next.status();
    if (*next == "(end)") co_return std::optional<std::string>();
    co_return std::optional<std::string>(*std::move(next));
  }
  Awaitable<absl::Status> Send(std::string text) override {
    sent.push_back(std::move(text));
    co_return absl::OkStatus();
  }
  void Close() override {}

  std::deque<absl::StatusOr<std::string>> incoming;
  std::vector<std::string> sent;
};

class TypedChannelTest : public HttpTest {
 protected:
  FakeChannel channel_;
};

ListValue List(std::string_view text) {
  ListValue list;
  list.add_values()->set_string_value(std::string(text));
  return list;
}

TEST_F(TypedChannelTest, MessagesAreJson) {
  TypedChannel<ListValue, ListValue> typed(channel_);
  EXPECT_TRUE(Await(typed.Send(List("ä"))).ok());
  EXPECT_THAT(channel_.sent, ElementsAre("[\"ä\"]"));
  channel_.incoming = {std::string("[\"b\"]"), std::string("(end)")};
  const auto message = Await(typed.Read());
  ASSERT_TRUE(message.ok() && *message);
  EXPECT_EQ((*message)->values(0).string_value(), "b");
  EXPECT_EQ(typed.text(), "[\"b\"]");
  const auto end = Await(typed.Read());
  ASSERT_TRUE(end.ok());
  EXPECT_FALSE(end->has_value());
}

TEST_F(TypedChannelTest, MessagesArePaddedBase64) {
  TypedChannelOptions options;
  options.text = MessageText::kBase64;
  TypedChannel<google::protobuf::Duration, google::protobuf::Duration> typed(channel_, options);
  google::protobuf::Duration duration;
  duration.set_seconds(300);
  EXPECT_TRUE(Await(typed.Send(duration)).ok());
  EXPECT_THAT(channel_.sent, ElementsAre("CKwC"));
  duration.set_seconds(3);
  EXPECT_TRUE(Await(typed.Send(duration)).ok());
  EXPECT_EQ(channel_.sent.back(), "CAM=");
  channel_.incoming = {std::string("CAM="), std::string("CAM")};
  for (int i = 0; i < 2; ++i) {
    const auto message = Await(typed.Read());
    ASSERT_TRUE(message.ok() && *message);
    EXPECT_EQ((*message)->seconds(), 3);
  }
}

TEST_F(TypedChannelTest, AMessageThatIsNoneIsAnErrorOfItsOwn) {
  TypedChannel<ListValue, ListValue> typed(channel_);
  channel_.incoming = {std::string("{no"), absl::InvalidArgumentError("no string"),
                       std::string("[]"), absl::DataLossError("gone")};
  const auto bad = Await(typed.Read());
  EXPECT_THAT(bad.status(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(typed.text(), "{no");
  EXPECT_FALSE(typed.read_error_is_final());
  const auto no_string = Await(typed.Read());
  EXPECT_THAT(no_string.status(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(typed.text(), "");
  EXPECT_FALSE(typed.read_error_is_final());
  const auto good = Await(typed.Read());
  EXPECT_TRUE(good.ok() && *good);
  const auto lost = Await(typed.Read());
  EXPECT_THAT(lost.status(), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_TRUE(typed.read_error_is_final());
}

TEST_F(TypedChannelTest, MessagesHaveALimit) {
  TypedChannelOptions options;
  options.limits.max_message_bytes = 10;
  TypedChannel<ListValue, ListValue> typed(channel_, options);
  channel_.incoming = {std::string("[\"12345678\"]")};
  const auto large = Await(typed.Read());
  EXPECT_THAT(large.status(), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_FALSE(typed.read_error_is_final());
}

TEST_F(TypedChannelTest, SendsNothingThatCannotBeEncoded) {
  TypedChannel<Value, ListValue> typed(channel_);
  const absl::Status sent = Await(typed.Send(List("\xff")));
  EXPECT_THAT(sent, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(channel_.sent.empty());
}

}  // namespace
}  // namespace runnel
