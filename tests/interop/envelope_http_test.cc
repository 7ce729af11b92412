// Streams in envelopes, as Connect clients make them, and compression.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "runtime/wire/envelope.h"
#include "runtime/wire/gzip.h"
#include "tests/interop/raw_http.h"
#include "tests/interop/served.h"

namespace interop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kUnary[] = "/end_to_end.v1.Scripted/Unary";
constexpr char kPeek[] = "/end_to_end.v1.Scripted/Peek";
constexpr char kDown[] = "/end_to_end.v1.Scripted/Down";
constexpr char kUp[] = "/end_to_end.v1.Scripted/Up";
constexpr char kBoth[] = "/end_to_end.v1.Scripted/Both";
constexpr char kJson[] = "application/json";
constexpr char kEnvelopes[] = "application/connect+json";

std::string Enveloped(const std::vector<std::string>& messages) {
  std::string body;
  for (const std::string& message : messages) runnel::AppendEnvelope(0, message, body);
  return body;
}

// Each is answered by one as large.
std::vector<std::string> ManyMessages(size_t count) {
  return std::vector<std::string>(count, R"({"text":")" + std::string(1000, 'x') + "\"}");
}

std::string Gzipped(std::string_view bytes) {
  std::string out;
  runnel::AppendGzip(bytes, out);
  return out;
}

std::string HeadOf(std::string_view target, size_t content_length) {
  return std::string("POST ").append(target) +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + kEnvelopes +
         "\r\nContent-Length: " + std::to_string(content_length) + "\r\n\r\n";
}

// The payloads of a body, decompressed, each after the digit of its flags.
std::vector<std::string> Payloads(std::string_view body) {
  runnel::EnvelopeParser parser(size_t{1} << 30, "none");
  parser.Feed(body);
  std::vector<std::string> payloads;
  for (;;) {
    auto next = parser.Next();
    if (!next.ok() || !next->has_value()) break;
    std::string payload((*next)->payload);
    if ((*next)->compressed()) {
      payload = runnel::Gunzip(payload, size_t{1} << 30, "none").value_or("no gzip");
    }
    payloads.push_back(std::to_string((*next)->flags) + payload);
  }
  EXPECT_EQ(parser.pending(), 0);
  return payloads;
}

std::string CodeOf(const RawResponse& response) {
  const std::vector<std::string> payloads = Payloads(response.body);
  if (payloads.empty()) return "no envelope";
  const std::string start = R"(2{"error":{"code":")";
  if (!payloads.back().starts_with(start)) return payloads.back();
  return payloads.back().substr(start.size(),
                                payloads.back().find('"', start.size()) - start.size());
}

class EnvelopeHttpTest : public ::testing::Test {
 protected:
  RawResponse Send(std::string_view target, const std::string& body,
                   std::string_view headers = "") {
    return Post(served_.port(), target, kEnvelopes, body, headers);
  }

  Served served_;
};

TEST_F(EnvelopeHttpTest, AServerStreamIsMessagesAndAnEnd) {
  const RawResponse response =
      Send(kDown, Enveloped({R"({"script":{"count":2,"bare":true,)"
                             R"("initial":[{"key":"x-a","value":"MQ=="}],)"
                             R"("trailing":[{"key":"x-cost","value":"MTI="}]}})"}));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-type"), kEnvelopes);
  EXPECT_EQ(response.headers.at("x-a"), "1");
  EXPECT_THAT(Payloads(response.body),
              ElementsAre("0{}", "0{}", R"(2{"metadata":{"x-cost":["12"]}})"));
}

TEST_F(EnvelopeHttpTest, AnswersBinaryWithBinary) {
  const RawResponse response = Post(served_.port(), kDown, "application/connect+proto",
                                    Enveloped({std::string("\x0a\x02\x18\x01", 4)}));
  EXPECT_EQ(response.headers.at("content-type"), "application/connect+proto");
  EXPECT_THAT(Payloads(response.body), SizeIs(2));
}

TEST_F(EnvelopeHttpTest, AClientStreamHasOneResponse) {
  const RawResponse response =
      Send(kUp, Enveloped({"{}", R"({"number":"3"})", R"({"number":"4"})"}));
  EXPECT_EQ(response.status, 200);
  const std::vector<std::string> payloads = Payloads(response.body);
  ASSERT_THAT(payloads, SizeIs(2));
  EXPECT_THAT(payloads[0], HasSubstr(R"("sum":"7")"));
  EXPECT_EQ(payloads[1], "2{}");
}

TEST_F(EnvelopeHttpTest, ABidiStreamAnswersWhenTheRequestHasEnded) {
  const RawResponse response =
      Send(kBoth, Enveloped({"{}", R"({"number":"3"})", R"({"number":"4"})"}));
  EXPECT_EQ(response.status, 200);
  const std::vector<std::string> payloads = Payloads(response.body);
  ASSERT_THAT(payloads, SizeIs(3));
  EXPECT_THAT(payloads[0], HasSubstr(R"("number":"3")"));
  EXPECT_THAT(payloads[1], HasSubstr(R"("number":"4")"));
  EXPECT_EQ(payloads[2], "2{}");
}

// The handler waits for room in a response that may not begin yet: the rest of the request is read
// for it.
TEST_F(EnvelopeHttpTest, ABidiStreamMayAnswerMuchBeforeTheRequestHasEnded) {
  const std::vector<std::string> first = ManyMessages(250);
  const std::vector<std::string> second(250, first.back());
  RawHttp http(served_.port());
  http.Send(HeadOf(kBoth, Enveloped(first).size() + Enveloped(second).size()) + Enveloped(first));
  ASSERT_TRUE(served_.journal().Await("received"));
  http.Send(Enveloped(second));
  const RawResponse response = http.Read();
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(Payloads(response.body), SizeIs(500));
}

TEST_F(EnvelopeHttpTest, ARequestThatIsReadAheadHasALimit) {
  runnel::ServerOptions options;
  options.limits.max_unread_bytes = 1000;
  Served served(options);
  const std::string body = Enveloped(ManyMessages(250));
  RawHttp http(served.port());
  http.Send(HeadOf(kBoth, body.size() + 1) + body);
  const RawResponse response = http.Read();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(CodeOf(response), "resource_exhausted");
  EXPECT_THAT(response.body, HasSubstr("Limits::max_unread_bytes"));
}

TEST_F(EnvelopeHttpTest, ABidiRequestThatIdlesIs505AndNamesTheSession) {
  runnel::ServerOptions options;
  options.limits.body_progress_timeout = absl::Milliseconds(50);
  Served served(options);
  RawHttp http(served.port());
  const std::string body = Enveloped({"{}", R"({"number":"3"})"});
  http.Send(HeadOf(kBoth, 1000) + body);
  const RawResponse response = http.Read();
  EXPECT_EQ(response.status, 505);
  EXPECT_THAT(response.body, HasSubstr("runnel.v1.Channel/Open"));
}

TEST_F(EnvelopeHttpTest, ErrorsAreInTheEnd) {
  RawResponse response =
      Send(kDown,
           Enveloped({R"({"script":{"count":1,"bare":true,"fail":{"code":5,"message":"gone"}}})"}));
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(Payloads(response.body),
              ElementsAre("0{}", R"(2{"error":{"code":"not_found","message":"gone"}})"));
  response = Send(kUp, Enveloped({R"({"script":{"fail":{"code":5,"message":"gone"}}})"}));
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(Payloads(response.body),
              ElementsAre(R"(2{"error":{"code":"not_found","message":"gone"}})"));
}

TEST_F(EnvelopeHttpTest, BadRequestsAreInTheEnd) {
  const std::string good = Enveloped({"{}"});
  EXPECT_EQ(CodeOf(Send(kDown, "")), "unimplemented");
  EXPECT_EQ(CodeOf(Send(kDown, good + good)), "unimplemented");
  EXPECT_EQ(CodeOf(Send(kUp, good.substr(0, good.size() - 1))), "invalid_argument");
  EXPECT_EQ(CodeOf(Send(kUp, "\x04" + good.substr(1))), "invalid_argument");
  EXPECT_EQ(CodeOf(Send(kUp, "\x02" + good.substr(1))), "invalid_argument");
  EXPECT_EQ(CodeOf(Send(kUp, "\x01" + good.substr(1))), "internal");
  EXPECT_EQ(CodeOf(Send(kUp, Enveloped({"{"}))), "invalid_argument");
  EXPECT_EQ(CodeOf(Send(kUp, good, "Connect-Timeout-Ms: soon\r\n")), "invalid_argument");
  EXPECT_EQ(CodeOf(Send(kUp, good, "Connect-Protocol-Version: 2\r\n")), "invalid_argument");
  EXPECT_EQ(CodeOf(Send(kUp, good, "Connect-Protocol-Version: 1\r\n")), "2{}");
}

TEST_F(EnvelopeHttpTest, TooLargeAMessageNamesTheLimit) {
  const RawResponse response =
      Send(kUp, std::string("\x00\x00\x40\x00\x01", 5) + std::string(100, 'x'));
  EXPECT_EQ(CodeOf(response), "resource_exhausted");
  EXPECT_THAT(response.body, HasSubstr("Limits::max_message_bytes"));
}

TEST_F(EnvelopeHttpTest, TheDeadlineEndsTheStream) {
  const RawResponse response =
      Send(kDown, Enveloped({R"({"script":{"count":1,"bare":true,"waitForCancel":true}})"}),
           "Connect-Timeout-Ms: 30\r\n");
  EXPECT_EQ(CodeOf(response), "deadline_exceeded");
}

TEST_F(EnvelopeHttpTest, ClosingTheConnectionCancelsTheCall) {
  for (const char* method : {kDown, kUp, kBoth}) {
    Served served;
    {
      RawHttp http(served.port());
      http.SendRequest("POST", method, "Content-Type: application/connect+json\r\n",
                       Enveloped({R"({"script":{"waitForCancel":true}})"}));
      ASSERT_TRUE(served.journal().Await("waiting")) << method;
    }
    EXPECT_TRUE(served.journal().Await("cancelled CANCELLED")) << method;
  }
}

TEST_F(EnvelopeHttpTest, StreamsOfRequestsTakeEnvelopesOnly) {
  const RawResponse response = Post(served_.port(), kUp, kJson, "{}");
  EXPECT_EQ(response.status, 415);
  EXPECT_EQ(response.headers.at("accept-post"),
            "application/connect+json, application/connect+proto");
  EXPECT_THAT(response.body, HasSubstr("runnel.v1.Channel/Open"));
}

TEST_F(EnvelopeHttpTest, UnaryCallsTakeNoEnvelopes) {
  EXPECT_EQ(Send(kUnary, Enveloped({"{}"})).status, 415);
}

TEST_F(EnvelopeHttpTest, MessagesAreCompressedForWhoAsks) {
  std::string body;
  runnel::AppendEnvelope(runnel::kCompressedEnvelope, Gzipped(R"({"number":"0"})"), body);
  runnel::AppendEnvelope(0, R"({"number":"3"})", body);
  RawResponse response = Send(kUp, body, "Connect-Content-Encoding: gzip\r\n");
  EXPECT_EQ(CodeOf(response), "2{}");
  EXPECT_THAT(response.body, HasSubstr(R"("sum":"3")"));

  response = Send(kDown, Enveloped({R"({"script":{"count":1,"payloadBytes":3000}})"}),
                  "Connect-Accept-Encoding: gzip\r\n");
  EXPECT_EQ(response.headers.at("connect-content-encoding"), "gzip");
  EXPECT_LT(response.body.size(), 1000);
  const std::vector<std::string> payloads = Payloads(response.body);
  ASSERT_THAT(payloads, SizeIs(2));
  EXPECT_THAT(payloads[0], StartsWith("1{"));
}

TEST_F(EnvelopeHttpTest, UnknownCompressionIsUnimplementedAndListsWhatThereIs) {
  RawResponse response = Send(kUp, Enveloped({"{}"}), "Connect-Content-Encoding: br\r\n");
  EXPECT_EQ(CodeOf(response), "unimplemented");
  EXPECT_THAT(response.body, HasSubstr("gzip and identity"));
  EXPECT_EQ(response.headers.at("connect-accept-encoding"), "gzip");
  response = Post(served_.port(), kUnary, kJson, "{}", "Content-Encoding: br\r\n");
  EXPECT_EQ(response.status, 501);
  EXPECT_THAT(response.body, HasSubstr("gzip and identity"));
  EXPECT_EQ(response.headers.at("accept-encoding"), "gzip");
  EXPECT_EQ(Get(served_.port(), std::string(kPeek) + "?compression=br").status, 501);
}

TEST_F(EnvelopeHttpTest, UnaryCallsAreCompressedBothWays) {
  const RawResponse response =
      Post(served_.port(), kUnary, kJson, Gzipped(R"({"script":{"payloadBytes":3000}})"),
           "Content-Encoding: gzip\r\nAccept-Encoding: br, gzip\r\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-encoding"), "gzip");
  EXPECT_THAT(runnel::Gunzip(response.body, 10'000, "none").value_or(""),
              SizeIs(testing::Gt(3000)));
  // Small ones are not worth it.
  EXPECT_FALSE(Post(served_.port(), kUnary, kJson, "{}", "Accept-Encoding: gzip\r\n")
                   .headers.contains("content-encoding"));
}

TEST_F(EnvelopeHttpTest, BadGzipIs400AndABombIs429) {
  EXPECT_EQ(Post(served_.port(), kUnary, kJson, "{}", "Content-Encoding: gzip\r\n").status, 400);
  const RawResponse response =
      Post(served_.port(), kUnary, kJson, Gzipped(std::string(5 << 20, ' ') + "{}"),
           "Content-Encoding: gzip\r\n");
  EXPECT_EQ(response.status, 429);
  EXPECT_THAT(response.body, HasSubstr("Limits::max_message_bytes"));
}

TEST_F(EnvelopeHttpTest, GetIsCompressedToo) {
  std::string query = "?connect=v1&encoding=json&compression=gzip&message=";
  for (const char c : Gzipped(R"({"number":"7"})")) {
    char escaped[4];
    std::snprintf(escaped, sizeof escaped, "%%%02x", static_cast<uint8_t>(c));
    query += escaped;
  }
  const RawResponse response = Get(served_.port(), kPeek + query);
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr(R"("number":"7")"));
  EXPECT_EQ(response.headers.at("vary"), "accept-encoding");
}

}  // namespace
}  // namespace interop
