#include "runtime/sse/sse_handler.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/sse/sse_test_peer.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::ElementsAre;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

TEST_F(SseHandlerTest, TakesWhatDartsHandlerTakesAndNothingElse) {
  Serve();
  EXPECT_EQ(StatusOf("GET", {{"accept", "text/event-stream"}}), 200);
  for (const char* const accept :
       {"text/event-stream, */*", "Text/Event-Stream", "text/event-stream;q=1", "*/*"}) {
    EXPECT_EQ(StatusOf("GET", {{"accept", accept}}), 404) << accept;
  }
  EXPECT_EQ(StatusOf("GET", {}), 404);
  EXPECT_EQ(StatusOf("POST", {{"accept", "text/event-stream"}}), 404);
  for (const char* const method : {"OPTIONS", "HEAD", "PUT", "DELETE"}) {
    EXPECT_EQ(StatusOf(method, {{"accept", "*/*"}}), 404) << method;
  }
}

TEST_F(SseHandlerTest, StreamsAreDartsWithIds) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  Send(*connection, "line1\nline2 \"q\" \\ €");
  EXPECT_TRUE(Until([&] { return client->received.size() == 1; }));
  EXPECT_EQ(client->stream_headers.Get("content-type"), "text/event-stream");
  EXPECT_EQ(client->stream_headers.Get("cache-control"), "no-cache");
  const std::string epoch = client->raw.substr(4, 12);
  EXPECT_EQ(client->raw, absl::StrCat("id: ", epoch, "-0\n\nid: ", epoch,
                                      "-1\ndata: \"line1\\nline2 \\\"q\\\" \\\\ €\"\n\n"));
}

TEST_F(SseHandlerTest, AnswersMessagesAsDartsHandlerDoes) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  const HttpHeaders headers = {{"content-type", "text/plain;charset=UTF-8"}};
  for (const char* const query :
       {"sseClientId=nobody&messageId=0", "messageId=0", "sseClientId=nobody&messageId=x",
        "sseClientId=44b094bf-97db-4de7-a709-423236898701&messageId=-1",
        "sseClientId=44b094bf-97db-4de7-a709-423236898701&messageId=99999999999999999999"}) {
    const HttpResponse response = Ask("POST", absl::StrCat("/test?", query), headers, "\"x\"");
    EXPECT_EQ(response.status, 200) << query;
    EXPECT_EQ(response.body, nullptr) << query;
  }
  EXPECT_EQ(Read(*connection), "(nothing)");
  // Without a number it is the first.
  Ask("POST", "/test?sseClientId=44b094bf-97db-4de7-a709-423236898701", headers, "\"first\"");
  EXPECT_EQ(Read(*connection), "first");
}

TEST_F(SseHandlerTest, ClientIdsAreComparedAsTheyStand) {
  Serve();
  for (const char* const id : {"InjectedClient-TKQ4+C", "a/b", "a%2Fb", ""}) {
    const auto client = NewClient(id);
    const auto connection = Connect(*client);
    client->Send("blah");
    EXPECT_EQ(Read(*connection), "blah") << id;
    EXPECT_EQ(connection->client_id(), id);
  }
}

TEST_F(SseHandlerTest, ConnectionsKnowTheRequestThatBeganThem) {
  Serve();
  const auto client = NewClient("key-1");
  client->headers.Add("x-color", "blue");
  const auto connection = Connect(*client);
  EXPECT_EQ(connection->headers().Get("x-color"), "blue");
  EXPECT_EQ(connection->peer(), "in-process");
  EXPECT_EQ(connection->principal(), "");
}

TEST_F(SseHandlerTest, AMessageThatIsNoneIsAnErrorAndNoGap) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  client->Post("0", "{}");
  client->Post("1", "");
  client->Post("2", R"("\ud800 \ud83d\ude00")");
  EXPECT_THAT(Read(*connection), StartsWith("INVALID_ARGUMENT: message 0 is not a JSON string"));
  EXPECT_THAT(Read(*connection), StartsWith("INVALID_ARGUMENT: message 1 is not a JSON string"));
  EXPECT_EQ(Read(*connection), "\uFFFD \U0001F600");
  EXPECT_THAT(client->posted, ElementsAre(200, 200, 200));
  EXPECT_FALSE(connection->is_closed());
}

TEST_F(SseHandlerTest, CloseStopsTheClientBehindWhatWasSent) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  Send(*connection, "last");
  connection->Close();
  EXPECT_TRUE(Until([&] { return client->told_to_close; }));
  EXPECT_THAT(client->received, ElementsAre("last"));
  EXPECT_TRUE(client->raw.ends_with("event: control\ndata: close\n\n"));
  EXPECT_EQ(handler_->number_of_clients(), 0u);
  client->Send("ignored");
  EXPECT_EQ(Read(*connection), "(end)");
  EXPECT_TRUE(Until([&] { return client->posted.size() == 1; }));
  EXPECT_THAT(client->posted, ElementsAre(200));
}

TEST_F(SseHandlerTest, CloseIsToldAgainToAClientThatHasNotHeard) {
  ServeKeepingAlive();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  DropAndWait(*client, *connection);
  Send(*connection, "last");
  connection->Close();
  Settle();
  client->Connect();
  EXPECT_TRUE(Until([&] { return client->told_to_close; }));
  EXPECT_THAT(client->received, ElementsAre("last"));
  // Perhaps the connection has died before that arrived.
  client->told_to_close = false;
  client->Connect();
  EXPECT_TRUE(Until([&] { return client->told_to_close; }));
  client->told_to_close = false;
  client->Connect();
  EXPECT_TRUE(Until([&] { return client->status == 204; }));
  EXPECT_EQ(Accept(), nullptr);
}

TEST_F(SseHandlerTest, NothingIsLostInADyingConnection) {
  ServeKeepingAlive();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  Send(*connection, "a");
  EXPECT_TRUE(Until([&] { return client->received.size() == 1; }));
  client->pauses = true;
  for (const char* const text : {"b", "c", "d"}) {
    Send(*connection, text);
    Settle();  // into the connection
  }
  DropAndWait(*client, *connection);
  client->pauses = false;
  Reconnect(*client);
  EXPECT_TRUE(Until([&] { return client->received.size() >= 4; }));
  Settle();
  EXPECT_THAT(client->received, ElementsAre("a", "b", "c", "d"));
}

TEST_F(SseHandlerTest, NothingIsLostInAConnectionThatDiesAtOnce) {
  ServeKeepingAlive();
  const auto client = NewClient();
  client->pauses = true;
  const auto connection = Connect(*client);
  Send(*connection, "a");
  Settle();
  DropAndWait(*client, *connection);
  client->pauses = false;
  EXPECT_EQ(client->last_event_id, "");
  Reconnect(*client);
  EXPECT_TRUE(Until([&] { return client->received.size() == 1; }));
}

TEST_F(SseHandlerTest, AClientThatKeepsNoIdsGetsNothingTwice) {
  ServeKeepingAlive();
  const auto client = NewClient();
  client->keeps_ids = false;
  const auto connection = Connect(*client);
  client->Send("hello");
  EXPECT_EQ(Read(*connection), "hello");
  Send(*connection, "a");
  EXPECT_TRUE(Until([&] { return client->received.size() == 1; }));
  DropAndWait(*client, *connection);
  Send(*connection, "b");
  Reconnect(*client);
  EXPECT_TRUE(Until([&] { return client->received.size() == 2; }));
  EXPECT_THAT(client->received, ElementsAre("a", "b"));
}

TEST_F(SseHandlerTest, AnIdOfAnotherServerSaysNothing) {
  ServeKeepingAlive();
  const auto client = NewClient();
  client->last_event_id = "7";
  const auto connection = Connect(*client);
  Send(*connection, "a");
  EXPECT_TRUE(Until([&] { return client->received.size() == 1; }));
}

TEST_F(SseHandlerTest, KeepAliveEnds) {
  ServeKeepingAlive(absl::Seconds(5));
  const auto client = NewClient();
  const auto connection = Connect(*client);
  DropAndWait(*client, *connection);
  client->Send("late");
  EXPECT_EQ(Read(*connection), "late");
  Advance(absl::Seconds(4));
  EXPECT_EQ(handler_->number_of_clients(), 1u);
  Advance(absl::Seconds(1));
  EXPECT_EQ(handler_->number_of_clients(), 0u);
  EXPECT_EQ(Read(*connection), "(end)");
  const auto another = Connect(*client);
  client->Send("new");
  EXPECT_EQ(Read(*another), "new");
}

TEST_F(SseHandlerTest, ASecondStreamOfAClientIsANewConnectionWithoutKeepAlive) {
  Serve();
  const auto client = NewClient();
  const auto first = Connect(*client);
  const auto again = NewClient();
  const auto second = Connect(*again);
  EXPECT_TRUE(first->is_closed());
  EXPECT_EQ(Read(*first), "(end)");
  EXPECT_TRUE(Until([&] { return !client->connected; }));
  EXPECT_FALSE(second->is_closed());
  EXPECT_EQ(handler_->number_of_clients(), 1u);
}

TEST_F(SseHandlerTest, IgnoreDisconnectKeepsTheConnectionOfASecondStream) {
  SseHandlerOptions options;
  options.ignore_disconnect = absl::Seconds(1);
  Serve(std::move(options));
  const auto client = NewClient();
  const auto connection = Connect(*client);
  const auto again = NewClient();
  Reconnect(*again);
  client->Drop();
  Settle();
  Advance(absl::Seconds(10));
  Send(*connection, "a");
  EXPECT_TRUE(Until([&] { return again->received.size() == 1; }));
}

TEST_F(SseHandlerTest, SilenceIsBrokenByComments) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  Settle();
  Advance(absl::Seconds(14));
  EXPECT_FALSE(client->raw.ends_with("\n:\n"));
  Advance(absl::Seconds(1));
  EXPECT_TRUE(Until([&] { return client->raw.ends_with("\n:\n"); }));
  EXPECT_TRUE(client->received.empty());
}

TEST_F(SseHandlerTest, SaysWhenToComeBack) {
  SseHandlerOptions options;
  options.retry = absl::Milliseconds(300);
  Serve(std::move(options));
  const auto client = NewClient();
  const auto connection = Connect(*client);
  EXPECT_TRUE(Until([&] { return !client->raw.empty(); }));
  EXPECT_THAT(client->raw, MatchesRegex("retry: 300\nid: [0-9a-f]+-0\n\n"));
}

TEST_F(SseHandlerTest, TakesNoMoreAfterShutdown) {
  Serve();
  handler_->Shutdown();
  EXPECT_EQ(Accept(), nullptr);
  const auto client = NewClient();
  client->Connect();
  EXPECT_TRUE(Until([&] { return client->status == 503; }));
}

TEST_F(SseHandlerTest, ConnectionsOutliveTheHandler) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  client->Drop();
  Settle();
  handler_.reset();
  EXPECT_EQ(Read(*connection), "(end)");
}

TEST_F(SseHandlerTest, ARaceOfCancellationsLosesNoMessage) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  EXPECT_EQ(Read(*connection), "(nothing)");  // cancelled
  client->Send("a");
  EXPECT_EQ(Read(*connection), "a");
}

TEST_F(SseHandlerTest, AClientIdIsItsFirstCallers) {
  Serve();
  const auto status_of = [this](std::string method, std::string accept, std::string principal) {
    HttpRequest request;
    request.method = std::move(method);
    request.target = "/test?sseClientId=x&messageId=0";
    request.headers.Add("accept", accept);
    return Await(handler_->Handle(std::move(request), std::move(principal))).status;
  };
  EXPECT_EQ(status_of("GET", "text/event-stream", "alice"), 200);
  EXPECT_EQ(status_of("GET", "text/event-stream", "bob"), 403);
  EXPECT_EQ(status_of("POST", "*/*", "bob"), 403);
  EXPECT_EQ(status_of("POST", "*/*", "alice"), 200);
  EXPECT_EQ(status_of("GET", "text/event-stream", "alice"), 200);
}

TEST_F(SseHandlerTest, PagesOfOtherSitesAreRefusedByItself) {
  Serve();
  EXPECT_EQ(StatusOf("GET", {{"accept", "text/event-stream"},
                             {"host", "127.0.0.1:8192"},
                             {"origin", "http://127.0.0.1:8191"}}),
            403);
}

TEST_F(SseHandlerTest, PagesThatAreAllowedMayReadTheStreamWithCookies) {
  SseHandlerOptions options;
  options.origins.allowed_origins = {"http://127.0.0.1:8191"};
  options.origins.allow_credentials = true;
  Serve(std::move(options));
  const HttpResponse response = Ask("GET", "/test?sseClientId=x",
                                    {{"accept", "text/event-stream"},
                                     {"host", "127.0.0.1:8192"},
                                     {"origin", "http://127.0.0.1:8191"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("access-control-allow-origin"), "http://127.0.0.1:8191");
  EXPECT_EQ(response.headers.Get("access-control-allow-credentials"), "true");
  EXPECT_EQ(response.headers.Get("vary"), "origin");
}

}  // namespace
}  // namespace runnel
