// What the requests of direct calls look like to a Connect server.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/wrappers.pb.h"
#include "runtime/client/direct_test_server.h"
#include "runtime/wire/base64.h"
#include "runtime/wire/gzip.h"

namespace runnel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Gunzipped(std::string_view bytes) {
  return Gunzip(bytes, 100'000'000, "the test's own limit").value_or("(no gzip)");
}

class DirectRequestTest : public ::testing::Test {
 protected:
  DirectRequestTest() {
    server_.response.headers = {{"content-type", "application/json"}};
    server_.response.body = R"("yes")";
  }

  void AnswerInEnvelopes() {
    server_.response.headers = {{"content-type", "application/connect+json"}};
    server_.response.body = EnvelopeOf(0, R"("yes")") + EnvelopeOf(2, "{}");
  }

  DirectTestServer server_;
  const std::string long_ = std::string(5000, 'x');
};

TEST_F(DirectRequestTest, UnaryIsAPostOfTheMessage) {
  CallOptions call;
  call.metadata = {{"x-a", "1"}, {"x-b-bin", "\xff"}};
  EXPECT_THAT(server_.Call(kUnaryMethod, {"hi"}, call).messages, ElementsAre("yes"));
  EXPECT_EQ(server_.seen().head.method, "POST");
  EXPECT_EQ(server_.seen().head.target, "/test.v1.Echo/Unary");
  EXPECT_EQ(server_.seen().body, R"("hi")");
  EXPECT_EQ(server_.seen().Header("content-type"), "application/json");
  EXPECT_EQ(server_.seen().Header("connect-protocol-version"), "1");
  EXPECT_EQ(server_.seen().Header("x-a"), "1");
  EXPECT_EQ(server_.seen().Header("x-b-bin"), "/w");
  for (const char* absent : {"content-encoding", "accept-encoding", "connect-timeout-ms"}) {
    EXPECT_EQ(server_.seen().Header(absent), "(none)") << absent;
  }
}

TEST_F(DirectRequestTest, GzipCompressesLongMessagesAndAcceptsCompressedOnes) {
  server_.options.compression = Compression::kGzip;
  server_.Call(kUnaryMethod, {long_});
  EXPECT_EQ(Gunzipped(server_.seen().body), '"' + long_ + '"');
  EXPECT_EQ(server_.seen().Header("content-encoding"), "gzip");
  EXPECT_EQ(server_.seen().Header("accept-encoding"), "gzip");
  server_.Call(kUnaryMethod, {"short"});
  EXPECT_EQ(server_.seen().body, R"("short")");
  EXPECT_EQ(server_.seen().Header("content-encoding"), "(none)");
  EXPECT_EQ(server_.seen().Header("accept-encoding"), "gzip");
  server_.options.compress_min_bytes = 0;
  server_.Call(kUnaryMethod, {"short"});
  EXPECT_EQ(Gunzipped(server_.seen().body), R"("short")");
}

TEST_F(DirectRequestTest, GetHasTheMessageInItsTarget) {
  server_.options.use_get = true;
  server_.Call(kPeekMethod, {"aac€xxc😀"});
  EXPECT_EQ(server_.seen().head.method, "GET");
  const std::string before = "/test.v1.Echo/Peek?connect=v1&encoding=json&base64=1&message=";
  ASSERT_THAT(server_.seen().head.target, StartsWith(before));
  const std::string text = server_.seen().head.target.substr(before.size());
  EXPECT_EQ(text.find_first_of("+/="), text.npos);
  std::string message;
  ASSERT_TRUE(DecodeAnyBase64(text, message).ok());
  EXPECT_EQ(message, R"("aac€xxc😀")");
  EXPECT_EQ(server_.seen().body, "");
  EXPECT_EQ(server_.seen().Header("content-type"), "(none)");
}

TEST_F(DirectRequestTest, GetMayBeCompressed) {
  server_.options.use_get = true;
  server_.options.compression = Compression::kGzip;
  server_.Call(kPeekMethod, {long_});
  EXPECT_EQ(server_.seen().head.method, "GET");
  EXPECT_THAT(server_.seen().head.target, HasSubstr("&compression=gzip&"));
  EXPECT_EQ(server_.seen().Header("content-encoding"), "(none)");
  EXPECT_EQ(server_.seen().Header("accept-encoding"), "gzip");
}

TEST_F(DirectRequestTest, OnlyUnaryMethodsWithoutSideEffectsGoByGet) {
  server_.options.use_get = true;
  server_.Call(kUnaryMethod, {"hi"});
  EXPECT_EQ(server_.seen().head.method, "POST");
  AnswerInEnvelopes();
  server_.Call(kDownMethod, {"hi"});
  EXPECT_EQ(server_.seen().head.method, "POST");
}

TEST_F(DirectRequestTest, AMessageTooLongForATargetGoesByPost) {
  server_.options.use_get = true;
  // 61 bytes are before the message, and its four bytes of base64 for three.
  const size_t most = (8 * 1024 - 61) * 3 / 4 - 2;
  server_.Call(kPeekMethod, {std::string(most, 'x')});
  EXPECT_EQ(server_.seen().head.method, "GET");
  EXPECT_LE(server_.seen().head.target.size(), 8u * 1024);
  EXPECT_GE(server_.seen().head.target.size(), 8u * 1024 - 4);
  server_.Call(kPeekMethod, {std::string(most + 3, 'x')});
  EXPECT_EQ(server_.seen().head.method, "POST");
  EXPECT_EQ(server_.seen().body.size(), most + 5);
  EXPECT_EQ(server_.seen().Header("content-type"), "application/json");
}

TEST_F(DirectRequestTest, StreamsGoInEnvelopes) {
  AnswerInEnvelopes();
  for (const MethodInfo* method : {&kUpMethod, &kBothMethod}) {
    EXPECT_THAT(server_.Call(*method, {"a", "", "b"}).messages, ElementsAre("yes"));
    EXPECT_EQ(server_.seen().body,
              EnvelopeOf(0, R"("a")") + EnvelopeOf(0, R"("")") + EnvelopeOf(0, R"("b")"));
    EXPECT_EQ(server_.seen().Header("content-type"), "application/connect+json");
    EXPECT_EQ(server_.seen().Header("connect-protocol-version"), "1");
    EXPECT_EQ(server_.seen().Header("connect-content-encoding"), "(none)");
    EXPECT_EQ(server_.seen().Header("connect-accept-encoding"), "(none)");
    EXPECT_EQ(server_.seen().content_length, std::nullopt);
  }
}

TEST_F(DirectRequestTest, AStreamOfNoRequestsHasAnEmptyBody) {
  AnswerInEnvelopes();
  EXPECT_EQ(server_.Call(kUpMethod, {}).status, absl::OkStatus());
  EXPECT_EQ(server_.seen().body, "");
}

TEST_F(DirectRequestTest, AServerStreamSaysTheLengthOfItsOneEnvelope) {
  AnswerInEnvelopes();
  server_.options.codec = Codec::kProto;
  server_.response.headers.Set("content-type", "application/connect+proto");
  server_.response.body = EnvelopeOf(2, "{}");
  EXPECT_EQ(server_.Call(kDownMethod, {"hi"}).status, absl::OkStatus());
  EXPECT_EQ(server_.seen().body, EnvelopeOf(0, "\x0a\x02hi"));
  EXPECT_EQ(server_.seen().content_length, server_.seen().body.size());
  EXPECT_EQ(server_.seen().Header("content-type"), "application/connect+proto");
}

TEST_F(DirectRequestTest, LongMessagesOfStreamsAreCompressedOneByOne) {
  AnswerInEnvelopes();
  server_.options.compression = Compression::kGzip;
  server_.Call(kUpMethod, {"short", long_});
  EXPECT_EQ(server_.seen().Header("connect-content-encoding"), "gzip");
  EXPECT_EQ(server_.seen().Header("connect-accept-encoding"), "gzip");
  EXPECT_EQ(server_.seen().Header("content-encoding"), "(none)");
  const std::string first = EnvelopeOf(0, R"("short")");
  ASSERT_THAT(server_.seen().body, StartsWith(first));
  const std::string second = server_.seen().body.substr(first.size());
  EXPECT_EQ(second[0], 1);
  EXPECT_EQ(Gunzipped(second.substr(5)), '"' + long_ + '"');
}

TEST_F(DirectRequestTest, ConnectServersHaveNoSessions) {
  CallOptions call;
  call.route = Route::kSession;
  const absl::Status status = server_.Call(kBothMethod, {"hi"}, call).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Protocol::kConnect"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("both directions at once"));
  EXPECT_EQ(server_.requests(), 0);
}

TEST_F(DirectRequestTest, EnvelopesCannotResumeAfterAnEvent) {
  CallOptions call;
  call.last_event_id = "7";
  const absl::Status status = server_.Call(kDownMethod, {"hi"}, call).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("last_event_id"));
  EXPECT_EQ(server_.requests(), 0);
}

}  // namespace
}  // namespace runnel
