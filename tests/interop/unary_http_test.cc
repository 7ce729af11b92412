// Unary calls as curl makes them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/interop/raw_http.h"
#include "tests/interop/served.h"

namespace interop {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kUnary[] = "/end_to_end.v1.Scripted/Unary";
constexpr char kPeek[] = "/end_to_end.v1.Scripted/Peek";
constexpr char kJson[] = "application/json";

class UnaryHttpTest : public ::testing::Test {
 protected:
  Served served_;
};

TEST_F(UnaryHttpTest, AnswersJsonWithJson) {
  const RawResponse response =
      Post(served_.port(), kUnary, kJson, R"({"number":"7","text":"grüße"})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-type"), kJson);
  EXPECT_THAT(response.body, HasSubstr(R"("number":"7")"));
  EXPECT_THAT(response.body, HasSubstr(R"("text":"grüße")"));
}

TEST_F(UnaryHttpTest, TakesParametersOfTheMediaType) {
  EXPECT_EQ(Post(served_.port(), kUnary, "Application/JSON; charset=utf-8", "{}").status, 200);
}

TEST_F(UnaryHttpTest, AnswersBinaryWithBinary) {
  const RawResponse response = Post(served_.port(), kUnary, "application/proto", "\x10\x07");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-type"), "application/proto");
  end_to_end::Reply reply;
  ASSERT_TRUE(reply.ParseFromString(response.body));
  EXPECT_EQ(reply.number(), 7);
}

TEST_F(UnaryHttpTest, KeepsTheConnectionForTheNextRequest) {
  RawHttp http(served_.port());
  for (int i = 0; i < 3; ++i) {
    http.SendRequest("POST", kUnary, "Content-Type: application/json\r\n", "{}");
    EXPECT_EQ(http.Read().status, 200);
  }
  // An error does not end it either.
  http.SendRequest("POST", kUnary, "Content-Type: application/json\r\n", "{");
  EXPECT_EQ(http.Read().status, 400);
  http.SendRequest("POST", "/nowhere", "Content-Type: application/json\r\n", "{}");
  EXPECT_EQ(http.Read().status, 404);
  http.SendRequest("POST", kUnary, "Content-Type: application/json\r\n", "{}");
  EXPECT_EQ(http.Read().status, 200);
}

TEST_F(UnaryHttpTest, BadJsonIs400AndNamesTheByte) {
  const RawResponse response = Post(served_.port(), kUnary, kJson, R"({"number":7,})");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.at("content-type"), kJson);
  EXPECT_THAT(response.body, StartsWith(R"({"code":"invalid_argument","message":")"));
  EXPECT_THAT(response.body, HasSubstr("byte 12"));
}

TEST_F(UnaryHttpTest, AFieldOfTheWrongTypeIs400) {
  const RawResponse response = Post(served_.port(), kUnary, kJson, R"({"number":"many"})");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("invalid_argument"));
}

TEST_F(UnaryHttpTest, AnEmptyBodyIs400InJsonAndTheEmptyMessageInBinary) {
  EXPECT_EQ(Post(served_.port(), kUnary, kJson, "").status, 400);
  EXPECT_EQ(Post(served_.port(), kUnary, "application/proto", "").status, 200);
}

TEST_F(UnaryHttpTest, BadBinaryIs400) {
  const RawResponse response = Post(served_.port(), kUnary, "application/proto", "\xff\xff");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, StartsWith(R"({"code":"invalid_argument")"));
}

TEST_F(UnaryHttpTest, AnUnknownMethodIs404AndNamed) {
  const RawResponse response = Post(served_.port(), "/end_to_end.v1.Scripted/Nothing", kJson, "{}");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, R"({"code":"unimplemented","message":"there is no method )"
                           R"(/end_to_end.v1.Scripted/Nothing"})");
}

TEST_F(UnaryHttpTest, AnotherMediaTypeIs415WithAcceptPost) {
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "application/jsonx"}) {
    const RawResponse response = Post(served_.port(), kUnary, type, "{}");
    EXPECT_EQ(response.status, 415) << type;
    EXPECT_EQ(response.headers.at("accept-post"), "application/json, application/proto");
  }
  RawHttp http(served_.port());
  http.SendRequest("POST", kUnary, "", "{}");  // none at all
  EXPECT_EQ(http.Read().status, 415);
}

TEST_F(UnaryHttpTest, AnotherVerbIs405WithAllow) {
  RawResponse response = Get(served_.port(), kUnary);
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.at("allow"), "POST");
  RawHttp http(served_.port());
  http.SendRequest("DELETE", kPeek, "");
  response = http.Read();
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.at("allow"), "GET, POST");
}

TEST_F(UnaryHttpTest, TooLargeABodyIs429AndNamesTheLimit) {
  const std::string text(4 * 1024 * 1024, 'x');
  const RawResponse response = Post(served_.port(), kUnary, kJson, R"({"text":")" + text + R"("})");
  EXPECT_EQ(response.status, 429);
  EXPECT_THAT(response.body, HasSubstr("Limits::max_message_bytes"));
  EXPECT_THAT(response.body, HasSubstr("resource_exhausted"));
}

TEST_F(UnaryHttpTest, TooDeepJsonIs429AndNamesTheLimit) {
  std::string nested = "{}";
  for (int i = 0; i < 200; ++i) nested = R"({"unknown":)" + nested + "}";
  const RawResponse response = Post(served_.port(), kUnary, kJson, nested);
  EXPECT_EQ(response.status, 429);
  EXPECT_THAT(response.body, HasSubstr("max_json_depth"));
}

TEST_F(UnaryHttpTest, ATimeoutThatIsNoNumberIs400) {
  for (const char* timeout : {"", "soon", "-1", "1.5", "12345678901"}) {
    const RawResponse response = Post(served_.port(), kUnary, kJson, "{}",
                                      "Connect-Timeout-Ms: " + std::string(timeout) + "\r\n");
    EXPECT_EQ(response.status, 400) << timeout;
    EXPECT_THAT(response.body, HasSubstr("Connect-Timeout-Ms"));
  }
}

TEST_F(UnaryHttpTest, WhatComesTooLateDoesNotRun) {
  const RawResponse response =
      Post(served_.port(), kUnary, kJson, "{}", "Connect-Timeout-Ms: 0\r\n");
  EXPECT_EQ(response.status, 504);
  EXPECT_THAT(response.body, HasSubstr("deadline_exceeded"));
  EXPECT_EQ(served_.journal().Count("started"), 0);
}

TEST_F(UnaryHttpTest, TheServerKeepsTheDeadline) {
  const RawResponse response =
      Post(served_.port(), kUnary, kJson, R"({"script":{"waitForCancel":true}})",
           "Connect-Timeout-Ms: 30\r\n");
  EXPECT_EQ(response.status, 504);
  EXPECT_THAT(response.body, StartsWith(R"({"code":"deadline_exceeded")"));
  EXPECT_TRUE(served_.journal().Await("cancelled DEADLINE_EXCEEDED"));
}

TEST_F(UnaryHttpTest, ClosingTheConnectionCancelsTheCall) {
  {
    RawHttp http(served_.port());
    http.SendRequest("POST", kUnary, "Content-Type: application/json\r\n",
                     R"({"script":{"waitForCancel":true}})");
    ASSERT_TRUE(served_.journal().Await("waiting"));
  }
  EXPECT_TRUE(served_.journal().Await("cancelled CANCELLED"));
}

TEST_F(UnaryHttpTest, ErrorsAreConnectErrorsWithDetails) {
  const RawResponse response =
      Post(served_.port(), kUnary, kJson,
           R"({"script":{"fail":{"code":5,"message":"no \"such\" thing","retryAfter":"7s"},)"
           R"("trailing":[{"key":"x-cost","value":"MTI="}]}})");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, R"({"code":"not_found","message":"no \"such\" thing",)"
                           R"("details":[{"type":"google.protobuf.Duration","value":"CAc"}]})");
  EXPECT_EQ(response.headers.at("trailer-x-cost"), "12");
}

TEST_F(UnaryHttpTest, MetadataAreHeaders) {
  const RawResponse response = Post(
      served_.port(), kUnary, kJson,
      R"({"script":{"initial":[{"key":"x-a","value":"MQ=="},{"key":"x-raw-bin","value":"AP8="}]}})",
      "X-Token: secret\r\nX-Key-Bin: AP8\r\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("x-a"), "1");
  EXPECT_EQ(response.headers.at("x-raw-bin"), "AP8");
  EXPECT_THAT(response.body, HasSubstr(R"({"key":"x-token","value":"c2VjcmV0"})"));
  EXPECT_THAT(response.body, HasSubstr(R"({"key":"x-key-bin","value":"AP8="})"));
  EXPECT_EQ(Post(served_.port(), kUnary, kJson, "{}", "X-Key-Bin: ?\r\n").status, 400);
}

TEST_F(UnaryHttpTest, GetIsForMethodsWithoutSideEffects) {
  const std::string base(kPeek);
  RawResponse response =
      Get(served_.port(), base + "?connect=v1&encoding=json&message=%7B%22number%22%3A7%7D");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr(R"("number":"7")"));
  response = Get(served_.port(), base + "?encoding=proto&base64=1&message=EAc");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-type"), "application/proto");
  response = Get(served_.port(), base + "?encoding=json&base64=1&message=eyJ0ZXh0Ijoi4oKsIn0%3D");
  EXPECT_THAT(response.body, HasSubstr("€"));
  EXPECT_EQ(Get(served_.port(), base).status, 200);  // the empty message
}

TEST_F(UnaryHttpTest, GetWithABadQueryIs400AndSaysWhy) {
  const std::string base(kPeek);
  RawResponse response = Get(served_.port(), base + "?encoding=proto&base64=1&message=%21%21");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("base64"));
  EXPECT_EQ(Get(served_.port(), base + "?encoding=xml").status, 400);
  EXPECT_EQ(Get(served_.port(), base + "?encoding=json&message=%7").status, 400);
  EXPECT_EQ(Get(served_.port(), base + "?encoding=json&message=%7B").status, 400);
  EXPECT_EQ(Get(served_.port(), base + "?connect=v2&encoding=json").status, 400);
}

TEST_F(UnaryHttpTest, SpeaksHttp10) {
  RawHttp http(served_.port());
  http.Send(std::string("POST ") + kUnary +
            " HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  const RawResponse response = http.Read();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("transfer-encoding"), "");
}

}  // namespace
}  // namespace interop
