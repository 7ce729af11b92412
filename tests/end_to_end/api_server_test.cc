// What a server answers to the requests of HTTP APIs, byte for byte.

#include <optional>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/server/server.h"
#include "tests/end_to_end/library_service.h"
#include "tests/interop/raw_http.h"

namespace end_to_end {
namespace {

using interop::Get;
using interop::Post;
using interop::RawHttp;
using interop::RawResponse;
using ::testing::HasSubstr;

constexpr char kJson[] = "application/json";
constexpr char kAsk[] = "/v1/models/m:ask";

runnel::Awaitable<absl::StatusOr<std::string>> Known(const runnel::Caller& caller) {
  const std::string key(caller.headers.Get("x-api-key").value_or(""));
  if (key == "bad") co_return absl::UnauthenticatedError("no such key");
  co_return key;
}

class ApiServerTest : public ::testing::Test {
 protected:
  void Start(runnel::ServerOptions options = {}) {
    options.listen = "127.0.0.1:0";
    options.authenticate = Known;
    server_.emplace(std::move(options));
    ASSERT_TRUE(server_->AddService(library_).ok());
    ASSERT_TRUE(server_->AddService(lines_).ok());
    ASSERT_TRUE(server_->Start().ok());
  }
  void SetUp() override { Start(); }
  int port() { return server_->port(); }

  LibraryService library_;
  LinesService lines_;
  std::optional<runnel::Server> server_;
};

TEST_F(ApiServerTest, AsksWhoMayCall) {
  runnel::ServerOptions options;
  std::string asked;
  options.authorize = [&](std::string_view method, std::string_view, const runnel::Metadata&) {
    asked = method;
    return absl::PermissionDeniedError("not you");
  };
  Start(options);
  const RawResponse response = Get(port(), "/v1/books/a");
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(response.body, HasSubstr("not you"));
  EXPECT_THAT(asked, HasSubstr("GetBook"));
}

TEST_F(ApiServerTest, ReadsPathAndQuery) {
  const RawResponse response =
      Get(port(), "/v1/books/a/b%20c?editionNumbers=2&page.size=5&binding=HARDCOVER&unknown=1");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-type"), "application/json");
  EXPECT_EQ(response.body,
            R"({"id":"a/b c","title":"name: \"a/b c\" edition_numbers: 2 page { size: 5 } )"
            R"(binding: HARDCOVER"})");
}

TEST_F(ApiServerTest, ReadsBodyThatIsOneField) {
  RawHttp http(port());
  http.SendRequest("PATCH", "/v1/shelves/7/book?dry_run=true",
                   "Content-Type: application/json; charset=utf-8\r\n",
                   R"({"title":"t","pages":{"a":[1]}})");
  const RawResponse response = http.Read();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"id":"7, not really","title":"t"})");
}

TEST_F(ApiServerTest, AnswersAsTheBodyAsksAndNotAsAcceptDoes) {
  RawResponse response = Post(port(), kAsk, kJson, R"({"question":"a b","stream":true})",
                              "Accept: application/json\r\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-type"), "text/event-stream");
  EXPECT_EQ(response.headers.at("cache-control"), "no-store, no-transform");
  EXPECT_EQ(response.body,
            ": ok\n"
            "data: {\"text\":\"a\"}\n\n"
            "data: {\"text\":\"b\"}\n\n"
            "data: [DONE]\n\n");
  for (const char* no : {R"({"question":"a b","stream":false})", R"({"question":"a b"})",
                         R"({"question":"a b","stream":null})"}) {
    response = Post(port(), kAsk, kJson, no, "Accept: text/event-stream\r\n");
    EXPECT_EQ(response.headers.at("content-type"), "application/json");
    EXPECT_EQ(response.body, R"({"text":"a b"})");
  }
}

TEST_F(ApiServerTest, TellsErrorsBeforeTheStreamByHttp) {
  RawResponse response = Post(port(), kAsk, kJson, R"({"question":"fail","stream":true})");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.at("content-type"), "application/json");
  EXPECT_EQ(response.body, R"({"type":"error","error":{"message":"not today","type":"closed"}})");
  response = Post(port(), kAsk, kJson, R"({"question":"fail"})");
  EXPECT_EQ(response.status, 529);
  EXPECT_EQ(response.body, R"({"type":"error","error":{"message":"not now","type":"busy"}})");
}

TEST_F(ApiServerTest, TellsErrorsWithinTheStreamByFrames) {
  const RawResponse response = Post(port(), kAsk, kJson, R"({"question":"a break","stream":true})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            ": ok\n"
            "data: {\"text\":\"a\"}\n\n"
            "event: error\n"
            "data: {\"type\":\"error\",\"error\":{\"message\":\"broken\",\"type\":\"busy\"}}\n\n");
}

TEST_F(ApiServerTest, NamesEventsAndGoesOnBehindAnId) {
  EXPECT_EQ(Get(port(), "/v1/watch", "Last-Event-ID: 2\r\n").body,
            ": ok\n"
            "event: put\nid: 3\ndata: {\"type\":\"put\",\"id\":\"3\"}\n\n"
            "event: closed\ndata: {\"type\":\"closed\"}\n\n");
}

TEST_F(ApiServerTest, SendsNoStreamBehindAnIdWhereThereAreNone) {
  EXPECT_EQ(Get(port(), "/v1/count?since=2", "Last-Event-ID: 2\r\n").status, 204);
}

TEST_F(ApiServerTest, SendsTextAndEventsOfAnyName) {
  RawHttp http(port());
  http.SendRequest("REPORT", "/v1/lines", "Content-Type: application/json\r\n",
                   R"({"since":"two\nlines"})");
  EXPECT_EQ(http.Read().body,
            ": ok\n"
            "data: two\ndata: lines\n\n"
            "event: answer\ndata: {\"number\":42}\n\n"
            "event: other.name\ndata: <data>\n\n");
  EXPECT_EQ(Get(port(), "/v1/count?since=1").body,
            ": ok\n"
            "event: count\ndata: {}\n\n"
            "data: {\"error\":{\"text\":\"no more\",\"code\":\"out_of_range\"}}\n\n");
}

TEST_F(ApiServerTest, RefusesInTheFormOfTheApi) {
  const auto refused = [](const RawResponse& response, int status, const std::string& error) {
    EXPECT_EQ(response.status, status);
    EXPECT_THAT(response.body, HasSubstr(R"({"type":"error","error":{"message":")" + error));
  };
  refused(Post(port(), kAsk, "text/plain", "{}"), 415, "/v1/models/{model}:ask takes application");
  refused(Post(port(), kAsk, kJson, ""), 400, "the request's body is empty");
  refused(Post(port(), kAsk, kJson, "{"), 400,
          "JSON is no valid api.v1.AskRequest: expected a key");
  refused(Post(port(), kAsk, kJson, R"({"stream":"yes"})"), 400,
          "JSON is no valid api.v1.AskRequest: stream: expected true or false");
  refused(Post(port(), kAsk, kJson, "{}", "Content-Encoding: br\r\n"), 415, "Content-Encoding");
  refused(Post(port(), kAsk, kJson, "{}", "Connect-Timeout-Ms: x\r\n"), 400, "Connect-Timeout-Ms");
  refused(Post(port(), kAsk, kJson, "{}", "x-api-key: bad\r\n"), 401, "no such key");
  refused(Get(port(), "/v1/books/x?price=cheap"), 400, "\\\"cheap\\\" is no number");
  refused(Get(port(), "/v1/books/missing"), 404, "there is no such book");
  const RawResponse verb = Get(port(), kAsk);
  refused(verb, 405, "this path takes POST, not GET");
  EXPECT_EQ(verb.headers.at("allow"), "POST");
}

TEST_F(ApiServerTest, KnowsWhoCalls) {
  EXPECT_EQ(Get(port(), "/v1/books/x", "x-api-key: alice\r\n").headers.at("x-caller"), "alice");
}

TEST_F(ApiServerTest, AnswersInTheOrdinaryWayToo) {
  EXPECT_EQ(Post(port(), "/api.v1.Library/Ask", kJson, R"({"question":"a","stream":true})").body,
            R"({"text":"a"})");
  const RawResponse error = Post(port(), "/api.v1.Library/Ask", kJson, R"({"question":"fail"})");
  EXPECT_EQ(error.body, R"({"code":"unavailable","message":"not now"})");
  EXPECT_EQ(Post(port(), "/v1/other", kJson, "{}").status, 404);
}

TEST_F(ApiServerTest, CompressesAnswersButNoStreams) {
  const std::string question(5000, 'a');
  RawResponse response =
      Post(port(), kAsk, kJson, "{\"question\":\"" + question + "\"}", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(response.headers.at("content-encoding"), "gzip");
  EXPECT_LT(response.body.size(), 1000u);
  response = Post(port(), kAsk, kJson, "{\"stream\":true,\"question\":\"" + question + "\"}",
                  "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(response.headers.count("content-encoding"), 0u);
}

TEST_F(ApiServerTest, ReadsCompressedRequestsUpToTheLimit) {
  runnel::ServerOptions options;
  options.limits.max_message_bytes = 1000;
  Start(std::move(options));
  const RawResponse response =
      Post(port(), kAsk, kJson, "{\"question\":\"" + std::string(2000, 'a') + "\"}");
  EXPECT_EQ(response.status, 413);
  EXPECT_THAT(response.body, HasSubstr("Limits::max_message_bytes"));
}

TEST_F(ApiServerTest, EndsCallsAtTheirDeadline) {
  const RawResponse response =
      Post(port(), kAsk, kJson, R"({"question":"hang"})", "Connect-Timeout-Ms: 20\r\n");
  EXPECT_EQ(response.status, 504);
  EXPECT_THAT(response.body, HasSubstr("deadline"));
  EXPECT_TRUE(library_.journal().Await("cancelled"));
}

TEST_F(ApiServerTest, CancelsWhenTheClientGoesAway) {
  for (const char* request : {R"({"question":"hang"})", R"({"question":"hang","stream":true})",
                              R"({"question":"a hang","stream":true})"}) {
    const int before = library_.journal().Count("cancelled");
    const int asked = library_.journal().Count("Ask") + library_.journal().Count("AskBitByBit");
    {
      RawHttp http(port());
      http.SendRequest("POST", kAsk, "Content-Type: application/json\r\n", request);
      while (library_.journal().Count("Ask") + library_.journal().Count("AskBitByBit") == asked) {
        std::this_thread::yield();
      }
    }
    EXPECT_TRUE(library_.journal().Await("cancelled", before + 1)) << request;
  }
}

TEST_F(ApiServerTest, SlowsDownForSlowClients) {
  {
    RawHttp http(port());
    http.SendRequest("POST", kAsk, "Content-Type: application/json\r\n",
                     R"({"question":"flood","stream":true})");
    http.ReadHead();
  }
  EXPECT_TRUE(library_.journal().Await("cancelled"));
}

TEST_F(ApiServerTest, LetsForeignPagesInWhereTheyAreListed) {
  EXPECT_EQ(Post(port(), kAsk, kJson, "{}", "Origin: https://a.example\r\n").status, 403);
  runnel::ServerOptions options;
  options.origins.allowed_origins = {"https://a.example"};
  Start(std::move(options));
  const RawResponse response =
      Post(port(), kAsk, kJson, R"({"question":"fail"})", "Origin: https://a.example\r\n");
  EXPECT_EQ(response.status, 529);
  EXPECT_EQ(response.headers.at("access-control-allow-origin"), "https://a.example");
}

TEST_F(ApiServerTest, TakesEveryPathOnce) {
  LibraryService again;
  runnel::Server server;
  ASSERT_TRUE(server.AddService(library_).ok());
  EXPECT_EQ(server.AddService(again).code(), absl::StatusCode::kAlreadyExists);
}

}  // namespace
}  // namespace end_to_end
