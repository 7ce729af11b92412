// Server streams as curl -N and EventSource make them, byte for byte.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/interop/raw_http.h"
#include "tests/interop/served.h"

namespace interop {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kDown[] = "/end_to_end.v1.Scripted/Down";
constexpr char kFollow[] = "/end_to_end.v1.Scripted/Follow";
constexpr char kJson[] = "application/json";
constexpr char kAccept[] = "Accept: text/event-stream\r\n";

class StreamHttpTest : public ::testing::Test {
 protected:
  Served served_;
};

TEST_F(StreamHttpTest, IsAnEventStreamThatPeopleCanRead) {
  const RawResponse response =
      Post(served_.port(), kDown, kJson, R"({"script":{"count":2,"bare":true}})", kAccept);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-type"), "text/event-stream");
  EXPECT_EQ(response.headers.at("cache-control"), "no-store, no-transform");
  EXPECT_EQ(response.headers.at("x-accel-buffering"), "no");
  EXPECT_EQ(response.headers.at("transfer-encoding"), "chunked");
  EXPECT_EQ(response.body,
            ": ok\n"
            "data: {}\n\n"
            "data: {}\n\n"
            "event: end\n"
            "id: end\n"
            "data: {}\n\n");
}

TEST_F(StreamHttpTest, HasBase64OfBinaryMessages) {
  end_to_end::Request request;
  request.mutable_script()->set_count(1);
  request.mutable_script()->set_bare(true);
  const RawResponse empty =
      Post(served_.port(), kDown, "application/proto", request.SerializeAsString());
  EXPECT_EQ(empty.headers.at("content-type"), "text/event-stream; codec=proto");
  EXPECT_EQ(empty.body, ": ok\ndata: \n\nevent: end\nid: end\ndata: {}\n\n");
  request.mutable_script()->set_count(2);
  const RawResponse follow =
      Post(served_.port(), kFollow, "application/proto", request.SerializeAsString());
  EXPECT_EQ(follow.body,
            ": ok\n"
            "id: 1\ndata: CAE\n\n"
            "id: 2\ndata: CAI\n\n"
            "event: end\nid: end\ndata: {}\n\n");
}

TEST_F(StreamHttpTest, EndsWithTheErrorAndTheTrailers) {
  const RawResponse response = Post(
      served_.port(), kDown, kJson,
      R"({"script":{"count":1,"bare":true,"fail":{"code":9,"message":"closed\n","reason":"R"},)"
      R"("trailing":[{"key":"x-cost","value":"MTI="},{"key":"x-raw-bin","value":"AP8="}]}})");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body,
              StartsWith(": ok\ndata: {}\n\nevent: end\nid: end\n"
                         R"(data: {"error":{"code":"failed_precondition","message":"closed\n",)"
                         R"("details":[{"type":"google.rpc.ErrorInfo","value":")"));
  EXPECT_THAT(response.body, HasSubstr(R"("metadata":{"x-cost":["12"],"x-raw-bin":["AP8"]}})"
                                       "\n\n"));
}

TEST_F(StreamHttpTest, AnErrorBeforeTheFirstMessageIsAnErrorResponse) {
  const RawResponse response =
      Post(served_.port(), kDown, kJson, R"({"script":{"fail":{"code":7,"message":"no"}}})");
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.headers.at("content-type"), kJson);
  EXPECT_EQ(response.body, R"({"code":"permission_denied","message":"no"})");
}

TEST_F(StreamHttpTest, TheHeadComesBeforeTheFirstMessage) {
  RawHttp http(served_.port());
  http.SendRequest("POST", kDown, "Content-Type: application/json\r\n",
                   R"({"script":{"waitForRelease":true}})");
  EXPECT_EQ(http.ReadHead().status, 200);
  EXPECT_EQ(http.ReadUntil("\n"), ": ok\n");
  served_.journal().Add("release");
  EXPECT_EQ(http.ReadUntil(""), ": ok\nevent: end\nid: end\ndata: {}\n\n");
}

TEST_F(StreamHttpTest, AMessageArrivesWhenItIsWritten) {
  RawHttp http(served_.port());
  http.SendRequest("POST", kDown, "Content-Type: application/json\r\n",
                   R"({"script":{"count":1,"bare":true,"waitForRelease":true}})");
  EXPECT_EQ(http.ReadHead().status, 200);
  EXPECT_EQ(http.ReadUntil("data: {}\n\n"), ": ok\ndata: {}\n\n");
  EXPECT_EQ(served_.journal().Count("released"), 0);
}

TEST_F(StreamHttpTest, SilenceIsBrokenByComments) {
  runnel::ServerOptions options;
  options.times.heartbeat = absl::Milliseconds(20);
  Served served(std::move(options));
  RawHttp http(served.port());
  http.SendRequest("POST", kDown, "Content-Type: application/json\r\n",
                   R"({"script":{"count":1,"bare":true,"waitForRelease":true}})");
  http.ReadHead();
  EXPECT_THAT(http.ReadUntil(": \n: \n"), StartsWith(": ok\ndata: {}\n\n: \n: \n"));
  served.journal().Add("release");
  EXPECT_THAT(http.ReadUntil(""), ::testing::EndsWith("event: end\nid: end\ndata: {}\n\n"));
}

TEST_F(StreamHttpTest, ClosingTheConnectionCancelsTheCall) {
  {
    RawHttp http(served_.port());
    http.SendRequest("POST", kDown, "Content-Type: application/json\r\n",
                     R"({"script":{"count":1,"waitForCancel":true}})");
    http.ReadHead();
    ASSERT_TRUE(served_.journal().Await("waiting"));
  }
  EXPECT_TRUE(served_.journal().Await("cancelled CANCELLED"));
}

TEST_F(StreamHttpTest, TheDeadlineEndsTheStream) {
  const RawResponse response = Post(served_.port(), kDown, kJson,
                                    R"({"script":{"count":1,"bare":true,"waitForCancel":true}})",
                                    "Connect-Timeout-Ms: 30\r\n");
  EXPECT_THAT(response.body, StartsWith(": ok\ndata: {}\n\nevent: end\nid: end\ndata: {\"error\":"
                                        R"({"code":"deadline_exceeded",)"));
}

TEST_F(StreamHttpTest, AnAcceptWithoutEventStreamIs406) {
  const RawResponse response =
      Post(served_.port(), kDown, kJson, "{}", "Accept: application/json\r\n");
  EXPECT_EQ(response.status, 406);
  EXPECT_THAT(response.body, HasSubstr("text/event-stream"));
  EXPECT_EQ(Post(served_.port(), kDown, kJson, "{}", "Accept: text/html, */*;q=0.1\r\n").status,
            200);
}

// What an EventSource does: GET, and again with the id of the last event.
TEST_F(StreamHttpTest, AnEventSourceResumesByCursorAndStopsAtTheEnd) {
  const std::string target =
      std::string(kFollow) + "?encoding=json&message=%7B%22script%22%3A%7B%22count%22%3A3%7D%7D";
  RawResponse response = Get(served_.port(), target, kAccept);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            ": ok\n"
            "id: 1\ndata: {\"number\":\"1\"}\n\n"
            "id: 2\ndata: {\"number\":\"2\"}\n\n"
            "id: 3\ndata: {\"number\":\"3\"}\n\n"
            "event: end\nid: end\ndata: {}\n\n");
  response = Get(served_.port(), target, "Accept: text/event-stream\r\nLast-Event-ID: 2\r\n");
  EXPECT_EQ(response.body,
            ": ok\n"
            "id: 3\ndata: {\"number\":\"3\"}\n\n"
            "event: end\nid: end\ndata: {}\n\n");
  response = Get(served_.port(), target, "Accept: text/event-stream\r\nLast-Event-ID: end\r\n");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(Get(served_.port(), target, "Last-Event-ID: x\r\n").status, 400);
}

TEST_F(StreamHttpTest, AMethodThatCannotResumeAnswersAnyLastEventIdWith204) {
  const RawResponse response =
      Post(served_.port(), kDown, kJson, R"({"script":{"count":1}})", "Last-Event-ID: 1\r\n");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(served_.journal().Count("started"), 0);
}

TEST_F(StreamHttpTest, IdsOnAMethodThatIsNotResumableAreTheHandlersError) {
  const RawResponse response =
      Post(served_.port(), "/end_to_end.v1.Scripted/Mislabelled", kJson, "{}");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("resumable"));
}

TEST_F(StreamHttpTest, AnHttp10PeerGetsABodyThatEndsWithTheConnection) {
  RawHttp http(served_.port());
  http.Send(std::string("POST ") + kDown +
            " HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 36\r\n\r\n"
            R"({"script":{"count":1,"bare":true}}  )");
  const RawResponse response = http.Read();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("transfer-encoding"), "");
  EXPECT_EQ(response.body, ": ok\ndata: {}\n\nevent: end\nid: end\ndata: {}\n\n");
}

}  // namespace
}  // namespace interop
