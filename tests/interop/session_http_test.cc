// A session by hand: Open, Send, Attach and Close, in JSON that people can read.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/interop/raw_http.h"
#include "tests/interop/served.h"

namespace interop {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

constexpr char kJson[] = "application/json";
const std::string kSecret(64, 'a');

std::string OpenBody(const std::string& more = "") {
  return absl::StrCat(R"({"versions":[1],"secret":")", kSecret, "\"", more, "}");
}

class SessionHttpTest : public ::testing::Test {
 protected:
  static runnel::ServerOptions Options() {
    runnel::ServerOptions options;
    options.threads = 2;
    return options;
  }

  // Opens a session on `http`, whose body goes on. Returns what came: the first event.
  std::string Open(RawHttp& http, const std::string& body = OpenBody()) {
    http.SendRequest("POST", "/runnel.v1.Channel/Open", "Content-Type: application/json\r\n", body);
    const RawResponse head = http.ReadHead();
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.headers.at("content-type"), "text/event-stream");
    std::string first = http.ReadUntil("}\n\n");
    const size_t begin = first.find(R"("id":")") + 6;
    session_ = first.substr(begin, first.find('"', begin) - begin);
    return first;
  }

  std::string Header(const std::string& secret = kSecret) const {
    return absl::StrCat("Runnel-Session: ", session_, ".", secret, "\r\n");
  }

  RawResponse Channel(const std::string& method, const std::string& body) {
    return Post(served_.port(), absl::StrCat("/runnel.v1.Channel/", method), kJson, body, Header());
  }

  // A unary call in one frame.
  static std::string UnaryFrame(int call, int number) {
    const std::string message = absl::StrCat(R"({"number":)", number, "}");
    return absl::StrCat(R"({"call":)", call,
                        R"(,"open":{"method":"/end_to_end.v1.Scripted/Both","message":{"size":)",
                        message.size(), R"(,"json":)", message, R"(},"halfClose":true}})");
  }

  Served served_{Options()};
  std::string session_;
};

TEST_F(SessionHttpTest, OpenNamesTheSessionInItsFirstEvent) {
  RawHttp http(served_.port());
  EXPECT_THAT(Open(http), MatchesRegex(R"re(id: 1-0
data: \{"session":\{"id":"[0-9a-f]+","version":1,"epoch":"1".*"resumeMs":120000.*\}\}

)re"));
}

TEST_F(SessionHttpTest, FramesInOpenAreAnsweredOnItsStream) {
  RawHttp http(served_.port());
  const std::string first =
      Open(http, OpenBody(absl::StrCat(R"(,"frames":[)", UnaryFrame(1, 7), "]")));
  const std::string all = http.ReadUntil("\"end\":{}}]}\n\n");
  EXPECT_THAT(all,
              ::testing::EndsWith("id: 1-1\ndata: {\"frames\":[{\"call\":1,\"end\":{}}]}\n\n"));
}

TEST_F(SessionHttpTest, SendCarriesACallAndIsAcknowledged) {
  RawHttp http(served_.port());
  Open(http);
  RawResponse sent =
      Channel("Send", R"({"seq":1,"frames":[)"
                      R"({"call":1,"open":{"method":"/end_to_end.v1.Scripted/Both"}},)"
                      R"({"call":1,"message":{"size":2,"json":{}}},)"
                      R"({"call":1,"message":{"size":12,"json":{"number":7}}},)"
                      R"({"call":1,"message":{"size":13,"json":{"text":"hi"}}},)"
                      R"({"call":1,"halfClose":{}}]})");
  EXPECT_EQ(sent.status, 200);
  EXPECT_EQ(sent.headers.at("content-type"), kJson);
  EXPECT_EQ(sent.body, R"({"ack":5})");
  const std::string all = http.ReadUntil("\"end\":{}}]}\n\n");
  EXPECT_THAT(all, HasSubstr(R"({"call":1,"message":{"size":14,"json":{"number":"7"}}})"));
  EXPECT_THAT(all, HasSubstr(R"({"call":1,"message":{"size":13,"json":{"text":"hi"}}})"));
  EXPECT_EQ(served_.journal().Count("received"), 2);
}

TEST_F(SessionHttpTest, ASendThatIsRepeatedIsAcknowledgedAgainAndRunsOnce) {
  RawHttp http(served_.port());
  Open(http);
  const std::string send = absl::StrCat(R"({"seq":1,"frames":[)", UnaryFrame(1, 7), "]}");
  EXPECT_EQ(Channel("Send", send).body, R"({"ack":1})");
  EXPECT_EQ(Channel("Send", send).body, R"({"ack":1})");
  // One that overlaps has its new frames taken.
  EXPECT_EQ(Channel("Send", absl::StrCat(R"({"seq":1,"frames":[)", UnaryFrame(1, 7), ",",
                                         UnaryFrame(2, 8), "]}"))
                .body,
            R"({"ack":2})");
  http.ReadUntil(R"({"call":2,"end":{}}]})"
                 "\n\n");
  EXPECT_EQ(served_.journal().Count("started"), 2);
}

TEST_F(SessionHttpTest, AGapIsRefusedWithTheExpectedNumber) {
  RawHttp http(served_.port());
  Open(http);
  const RawResponse sent =
      Channel("Send", absl::StrCat(R"({"seq":3,"frames":[)", UnaryFrame(1, 7), "]}"));
  EXPECT_EQ(sent.status, 400);
  EXPECT_THAT(sent.body, StartsWith(R"({"code":"failed_precondition")"));
  EXPECT_THAT(sent.body, HasSubstr("frame 3 came where frame 1 is expected"));
  EXPECT_THAT(sent.body, HasSubstr("google.rpc.ErrorInfo"));
  EXPECT_EQ(served_.journal().Count("started"), 0);
  // The session goes on.
  EXPECT_EQ(Channel("Send", absl::StrCat(R"({"seq":1,"frames":[)", UnaryFrame(1, 7), "]}")).body,
            R"({"ack":1})");
}

TEST_F(SessionHttpTest, AttachGoesOnAfterTheLastEvent) {
  std::string ids;
  {
    RawHttp http(served_.port());
    Open(http);
    Channel("Send", absl::StrCat(R"({"seq":1,"frames":[)", UnaryFrame(1, 7), "]}"));
    http.ReadUntil("\"end\":{}}]}\n\n");
  }
  Channel("Send", absl::StrCat(R"({"seq":2,"frames":[)", UnaryFrame(2, 8), "]}"));
  RawHttp http(served_.port());
  http.SendRequest(
      "POST", "/runnel.v1.Channel/Attach",
      absl::StrCat("Content-Type: application/json\r\nLast-Event-ID: 1-1\r\n", Header()),
      R"({"after":1,"attempt":1})");
  EXPECT_EQ(http.ReadHead().status, 200);
  EXPECT_EQ(http.ReadUntil("}\n\n"),
            ": ok\nid: 1-2\ndata: {\"frames\":[{\"call\":2,\"end\":{}}]}\n\n");
}

TEST_F(SessionHttpTest, AttachBringsWhatWasNotAcknowledgedAgain) {
  RawHttp first(served_.port());
  Open(first);
  Channel("Send", absl::StrCat(R"({"seq":1,"frames":[)", UnaryFrame(1, 7), "]}"));
  first.ReadUntil("\"end\":{}}]}\n\n");
  RawHttp second(served_.port());
  second.SendRequest("POST", "/runnel.v1.Channel/Attach",
                     absl::StrCat("Content-Type: application/json\r\n", Header()),
                     R"({"after":0,"attempt":1})");
  EXPECT_EQ(second.ReadHead().status, 200);
  EXPECT_EQ(second.ReadUntil("}\n\n"),
            ": ok\nid: 1-1\ndata: {\"frames\":[{\"call\":1,\"end\":{}}]}\n\n");
  // The stream that was there has ended, without an event `end`: the session goes on.
  EXPECT_THAT(first.ReadUntil(""), ::testing::Not(HasSubstr("event: end")));
  EXPECT_TRUE(first.at_end());
}

TEST_F(SessionHttpTest, WhatWasAcknowledgedIsGone) {
  RawHttp http(served_.port());
  Open(http);
  Channel("Send", absl::StrCat(R"({"seq":1,"frames":[)", UnaryFrame(1, 7), "]}"));
  http.ReadUntil("\"end\":{}}]}\n\n");
  EXPECT_EQ(Channel("Send", R"({"ack":1})").status, 200);
  const RawResponse attached = Channel("Attach", R"({"after":0,"attempt":1})");
  EXPECT_EQ(attached.status, 503);
  EXPECT_THAT(attached.body, HasSubstr("session lost"));
}

TEST_F(SessionHttpTest, AnAcknowledgementOfWhatWasNeverSentIsRefused) {
  RawHttp http(served_.port());
  Open(http);
  EXPECT_EQ(Channel("Send", R"({"ack":9})").status, 400);
  EXPECT_EQ(Channel("Attach", R"({"after":9,"attempt":1})").status, 503);
}

TEST_F(SessionHttpTest, ARepeatedOpenFindsItsSessionAndRunsNothingTwice) {
  const std::string frames = absl::StrCat(R"(,"frames":[)", UnaryFrame(1, 7), "]");
  RawHttp first(served_.port());
  Open(first, OpenBody(frames));
  const std::string session = session_;
  RawHttp second(served_.port());
  Open(second, OpenBody(absl::StrCat(R"(,"retry":true)", frames)));
  EXPECT_EQ(session_, session);
  second.ReadUntil("\"end\":{}}]}\n\n");
  EXPECT_EQ(served_.journal().Count("started"), 1);
}

TEST_F(SessionHttpTest, ARepeatedOpenOfASessionNobodyKnowsRunsNothing) {
  const RawResponse response =
      Channel("Open", OpenBody(absl::StrCat(R"(,"retry":true,"frames":[)", UnaryFrame(1, 7), "]")));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(served_.journal().Count("started"), 0);
}

TEST_F(SessionHttpTest, BadOpensAreRefused) {
  EXPECT_EQ(Channel("Open", "{").status, 400);
  EXPECT_EQ(Channel("Open", R"({"versions":[1],"secret":"short"})").status, 400);
  EXPECT_EQ(Channel("Open", absl::StrCat(R"({"versions":[2],"secret":")", kSecret, "\"}")).status,
            400);
  EXPECT_EQ(Channel("Nothing", "{}").status, 404);
  EXPECT_EQ(Post(served_.port(), "/runnel.v1.Channel/Open", "text/plain", OpenBody()).status, 415);
  EXPECT_EQ(Get(served_.port(), "/runnel.v1.Channel/Open").status, 405);
}

TEST_F(SessionHttpTest, AWrongSecretAndAnUnknownSessionLookTheSame) {
  RawHttp http(served_.port());
  Open(http);
  for (const char* method : {"Send", "Attach", "Close"}) {
    const std::string target = absl::StrCat("/runnel.v1.Channel/", method);
    const RawResponse wrong =
        Post(served_.port(), target, kJson, "{}", Header(std::string(64, 'b')));
    const RawResponse unknown = Post(served_.port(), target, kJson, "{}",
                                     absl::StrCat("Runnel-Session: 0123.", kSecret, "\r\n"));
    EXPECT_EQ(wrong.status, 404);
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(wrong.body, unknown.body);
    EXPECT_EQ(Post(served_.port(), target, kJson, "{}").status, 400);  // no session at all
  }
}

TEST_F(SessionHttpTest, AnotherCodecThanTheSessionsIsRefused) {
  RawHttp http(served_.port());
  Open(http);
  const RawResponse response =
      Post(served_.port(), "/runnel.v1.Channel/Send", "application/proto", "", Header());
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("application/json"));
}

TEST_F(SessionHttpTest, CloseEndsTheSessionAndItsCalls) {
  RawHttp http(served_.port());
  Open(http);
  Channel("Send",
          R"({"seq":1,"frames":[{"call":1,"open":{"method":"/end_to_end.v1.Scripted/Down",)"
          R"("message":{"size":33,"json":{"script":{"waitForCancel":true}}},"halfClose":true}}]})");
  ASSERT_TRUE(served_.journal().Await("waiting"));
  const RawResponse closed = Channel("Close", "{}");
  EXPECT_EQ(closed.status, 200);
  EXPECT_EQ(closed.body, "{}");
  EXPECT_TRUE(served_.journal().Await("cancelled for SESSION_LOST"));
  EXPECT_THAT(http.ReadUntil(""), HasSubstr("event: end\nid: end\ndata: {\"error\":"));
  EXPECT_TRUE(http.at_end());
  EXPECT_EQ(Channel("Send", "{}").status, 404);
}

TEST_F(SessionHttpTest, AFrameAgainstTheProtocolEndsTheSession) {
  RawHttp http(served_.port());
  Open(http);
  const RawResponse sent = Channel("Send", R"({"seq":1,"frames":[{"call":5,"halfClose":{}}]})");
  EXPECT_EQ(sent.status, 400);
  EXPECT_THAT(sent.body, HasSubstr("call 5 was never opened"));
  http.ReadUntil("");
  EXPECT_TRUE(http.at_end());
}

TEST_F(SessionHttpTest, APingIsAnswered) {
  RawHttp http(served_.port());
  Open(http);
  EXPECT_EQ(Channel("Send", R"({"seq":1,"frames":[{"ping":{}}]})").body, R"({"ack":1})");
  EXPECT_THAT(http.ReadUntil("\"pong\":{}}]}\n\n"), HasSubstr("id: 1-1\n"));
}

TEST_F(SessionHttpTest, AnUnknownMethodEndsItsCallOnly) {
  RawHttp http(served_.port());
  Open(http);
  EXPECT_EQ(Channel("Send", R"({"seq":1,"frames":[{"call":1,"open":{"method":"/x.Y/Z"}}]})").body,
            R"({"ack":1})");
  EXPECT_THAT(http.ReadUntil("}]}\n\n"), HasSubstr(R"("code":"unimplemented")"));
  EXPECT_EQ(Channel("Send", absl::StrCat(R"({"seq":2,"frames":[)", UnaryFrame(2, 8), "]}")).body,
            R"({"ack":2})");
}

TEST_F(SessionHttpTest, MetadataThatCouldNotTravelAsHeadersEndsItsCall) {
  char digit = '0';
  for (const char* entry : {R"("key":"a space","text":"x")", R"("key":"x","text":"a\r\nb")",
                            R"("key":"","text":"x")", R"("key":"host","text":"x")"}) {
    RawHttp http(served_.port());
    Open(http, absl::StrCat(R"({"versions":[1],"secret":")", std::string(64, digit++),
                            R"(","frames":[{"call":1,"open":{"method":)",
                            R"("/end_to_end.v1.Scripted/Both","metadata":[{)", entry, "}]}}]}"));
    EXPECT_THAT(http.ReadUntil("\"}}]}\n\n"),
                HasSubstr(R"({"call":1,"end":{"code":"invalid_argument")"))
        << entry;
  }
  EXPECT_EQ(served_.journal().Count("started"), 0);
}

TEST_F(SessionHttpTest, ASendThatIsTooLargeNamesTheLimit) {
  RawHttp http(served_.port());
  Open(http);
  const RawResponse sent = Channel("Send", std::string(1024 * 1024 + 1, ' '));
  EXPECT_EQ(sent.status, 429);
  EXPECT_THAT(sent.body, HasSubstr("Limits::max_send_bytes"));
}

TEST_F(SessionHttpTest, AMessageIntoAWindowThatIsUsedUpEndsItsCall) {
  RawHttp http(served_.port());
  Open(http);
  const std::string text(40 * 1024, 'x');
  const std::string json = absl::StrCat(R"({"text":")", text, R"("})");
  const std::string message =
      absl::StrCat(R"({"call":1,"message":{"size":)", json.size(), R"(,"json":)", json, "}}");
  // The handler takes one message and no more.
  Channel("Send",
          R"({"seq":1,"frames":[{"call":1,"open":{"method":"/end_to_end.v1.Scripted/Up",)"
          R"("message":{"size":48,"json":{"script":{"early":true,"waitForCancel":true}}}}}]})");
  ASSERT_TRUE(served_.journal().Await("waiting"));
  const RawResponse sent = Channel(
      "Send", absl::StrCat(R"({"seq":2,"frames":[)", message, ",", message, ",", message, "]}"));
  EXPECT_EQ(sent.body, R"({"ack":4})");
  EXPECT_THAT(http.ReadUntil("}]}\n\n"), HasSubstr(R"("code":"failed_precondition")"));
  EXPECT_TRUE(served_.journal().Await("cancelled for WINDOW_VIOLATION"));
}

}  // namespace
}  // namespace interop
