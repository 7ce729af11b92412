// Large messages: up to the limit they pass, above it both sides say so and name the limit.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

using ::testing::HasSubstr;

constexpr size_t kMegabyte = 1024 * 1024;

class SizeTest : public ::testing::TestWithParam<CallCase> {
 protected:
  // JSON has a third more for bytes than binary has.
  size_t LargestPayload() const {
    const size_t fields = 1024;
    return GetParam().codec == Codec::kProto ? 4 * kMegabyte - fields : 3 * kMegabyte - fields;
  }

  World world_{OptionsFor(GetParam())};
};

TEST_P(SizeTest, RepliesUpToTheLimitPass) {
  Request request;
  request.mutable_script()->set_count(2);
  request.mutable_script()->set_payload_bytes(static_cast<int>(LargestPayload()));
  const Outcome outcome = Call(world_, GetParam().kind, request);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  ASSERT_FALSE(outcome.replies.empty());
  for (const Reply& reply : outcome.replies) {
    EXPECT_EQ(reply.payload().size(), LargestPayload());
  }
}

TEST_P(SizeTest, RequestsUpToTheLimitPass) {
  Request request;
  request.set_payload(std::string(LargestPayload(), 'x'));
  request.mutable_script()->set_count(1);
  const Outcome outcome = Call(world_, GetParam().kind, request);
  EXPECT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.replies.size(), 1u);
}

TEST_P(SizeTest, ALargerReplyIsResourceExhaustedAndNamesTheLimit) {
  Request request;
  request.mutable_script()->set_count(1);
  request.mutable_script()->set_payload_bytes(4 * kMegabyte + 1);
  const Outcome outcome = Call(world_, GetParam().kind, request);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kResourceExhausted) << outcome.status;
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("max_message_bytes"));
  EXPECT_EQ(Call(world_, GetParam().kind, Request()).status, absl::OkStatus());
}

TEST_P(SizeTest, ALargerRequestIsResourceExhaustedAndNamesTheLimit) {
  Request request;
  request.set_payload(std::string(4 * kMegabyte + 1, 'x'));
  const Outcome outcome = Call(world_, GetParam().kind, request);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kResourceExhausted) << outcome.status;
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("max_message_bytes"));
  EXPECT_EQ(world_.journal().Count("returned"), 0);
  EXPECT_EQ(Call(world_, GetParam().kind, Request()).status, absl::OkStatus());
}

INSTANTIATE_TEST_SUITE_P(All, SizeTest, ::testing::ValuesIn(AllCalls()),
                         [](const auto& info) { return NameOf(info.param); });

// Large messages leave in parts, while their handler is done already.
TEST(LastMessageTest, LargeMessagesBeforeAnErrorArrive) {
  for (Codec codec : {Codec::kJson, Codec::kProto}) {
    WorldOptions options;
    options.channel.codec = codec;
    options.channel.route = Route::kSession;
    World world(std::move(options));
    Request request;
    request.mutable_script()->set_count(3);
    request.mutable_script()->set_payload_bytes(1'000'000);
    request.mutable_script()->mutable_fail()->set_code(
        static_cast<int>(absl::StatusCode::kFailedPrecondition));
    const Outcome outcome = Call(world, CallKind::kServerStream, request);
    EXPECT_EQ(outcome.status.code(), absl::StatusCode::kFailedPrecondition) << outcome.status;
    EXPECT_EQ(outcome.replies.size(), 3u);
  }
}

// Either side's own limit counts.
TEST(OwnLimitTest, TheServersLimitCountsForRequests) {
  for (Route route : {Route::kDirect, Route::kSession}) {
    WorldOptions options;
    options.channel.route = route;
    options.server.limits.max_message_bytes = 1000;
    World world(std::move(options));
    Request request;
    request.set_payload(std::string(1000, 'x'));
    const Outcome outcome = Call(world, CallKind::kUnary, request);
    EXPECT_EQ(outcome.status.code(), absl::StatusCode::kResourceExhausted) << outcome.status;
    request.set_payload(std::string(900, 'x'));
    EXPECT_EQ(Call(world, CallKind::kUnary, request).status, absl::OkStatus());
  }
}

TEST(OwnLimitTest, TheClientsLimitCountsForReplies) {
  for (Route route : {Route::kDirect, Route::kSession}) {
    WorldOptions options;
    options.channel.route = route;
    options.channel.limits.max_message_bytes = 1000;
    World world(std::move(options));
    Request request;
    request.mutable_script()->set_payload_bytes(1000);
    const Outcome outcome = Call(world, CallKind::kUnary, request);
    EXPECT_EQ(outcome.status.code(), absl::StatusCode::kResourceExhausted) << outcome.status;
  }
}

}  // namespace
}  // namespace end_to_end
