#include "runtime/sse/sse_client.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/core/string_view.h"
#include "runtime/sse/dart_server_model.h"
#include "runtime/sse/sse_test_peer.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

Awaitable<void> ReadMessage(SseClient* client, std::shared_ptr<std::string> out) {
  absl::StatusOr<std::optional<std::string>> message = co_await client->Read();
  if (!message.ok()) {
    *out = message.status().ToString();
  } else {
    *out = *message ? **message : "(end)";
  }
}

class ClientTest : public SseTest {
 protected:
  void TearDown() override {
    client_.reset();
    Settle();
    SseTest::TearDown();
  }

  void Make(std::string_view url, SseClientOptions options = {}) {
    options.clock = &clock_;
    client_ = std::make_unique<SseClient>(context_.get_executor(), url, std::move(options));
  }
  std::string ReadNext() {
    const auto out = std::make_shared<std::string>();
    tasks_.Spawn(ReadMessage(client_.get(), out));
    EXPECT_TRUE(Until([&] { return !out->empty(); }));
    return *out;
  }
  void SendText(std::string text) {
    const absl::Status sent = Await(client_->Send(std::move(text)));
    EXPECT_TRUE(sent.ok()) << sent;
  }
  // Moves the clock on by what is waited for, until `done`.
  bool UntilInTime(const std::function<bool()>& done) {
    for (int i = 0; i < 20 && !done(); ++i) {
      Settle();
      if (!done()) clock_.Advance(absl::Seconds(1));
    }
    return Until(done);
  }

  std::unique_ptr<SseClient> client_;
};

// --- against a server of Dart's

class DartServerTest : public ClientTest {
 protected:
  void TearDown() override {
    ClientTest::TearDown();
    server_.Stop();
  }
  void Connect(SseClientOptions options = {}) {
    Make(server_.url(), std::move(options));
    EXPECT_TRUE(Await(client_->WaitUntilConnected()).ok());
    EXPECT_TRUE(Until([&] { return server_.streams == 1; }));
  }

  DartServerModel server_{context_};
};

TEST_F(DartServerTest, RequestsAreThoseOfDartsClient) {
  SseClientOptions options;
  options.debug_key = "Injected_Client";
  Connect(std::move(options));
  EXPECT_THAT(client_->id(), MatchesRegex("Injected_Client-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-"
                                          "[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  SendText("blah");
  EXPECT_TRUE(Until([&] { return server_.requests.size() == 2; }));
  EXPECT_THAT(server_.requests[0],
              HasSubstr(absl::StrCat("GET /test?sseClientId=", client_->id(), " HTTP/1.1\r\n")));
  EXPECT_THAT(server_.requests[0], HasSubstr("\r\naccept: text/event-stream\r\n"));
  EXPECT_THAT(server_.requests[1], HasSubstr(absl::StrCat("POST /test?sseClientId=", client_->id(),
                                                          "&messageId=0 HTTP/1.1\r\n")));
  EXPECT_THAT(server_.requests[1], HasSubstr("\r\nContent-Length: 6\r\n"));
  EXPECT_THAT(server_.requests[1], HasSubstr("\r\ncontent-type: text/plain;charset=UTF-8\r\n"));
  EXPECT_TRUE(server_.requests[1].ends_with("\r\n\r\n\"blah\""));
}

TEST_F(DartServerTest, MessagesGoBothWaysInOrder) {
  Connect();
  for (int i = 0; i < 20; ++i) SendText(absl::StrCat(i));
  EXPECT_TRUE(Until([&] { return server_.delivered.size() == 20; }));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(server_.delivered[i], absl::StrCat(i));
  for (int i = 0; i < 20; ++i) server_.SendMessage(absl::StrCat("m", i));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ReadNext(), absl::StrCat("m", i));
}

TEST_F(DartServerTest, WhatIsSentBeforeTheStreamWaitsForIt) {
  server_.Stop();
  SseClientOptions options;
  options.give_up_after = absl::Seconds(60);
  Make(server_.url(), std::move(options));
  SendText("early");
  Settle();
  EXPECT_TRUE(server_.requests.empty());
  server_.Listen();
  EXPECT_TRUE(UntilInTime([&] { return server_.delivered.size() == 1; }));
  EXPECT_THAT(server_.requests[0], HasSubstr("GET "));
}

TEST_F(DartServerTest, ReconnectsWithTheSameIdAndItsNumbersGoOn) {
  Connect();
  SendText("a");
  EXPECT_TRUE(Until([&] { return server_.delivered.size() == 1; }));
  server_.DropStream();
  EXPECT_TRUE(UntilInTime([&] { return server_.streams == 2; }));
  SendText("b");
  EXPECT_TRUE(Until([&] { return server_.delivered.size() == 2; }));
  EXPECT_THAT(server_.requests.back(), HasSubstr("&messageId=1 "));
  server_.SendMessage("c");
  EXPECT_EQ(ReadNext(), "c");
}

TEST_F(DartServerTest, GivesUpAfterFiveSecondsWithoutAStream) {
  Connect();
  server_.Stop();
  Settle();
  clock_.Advance(absl::Seconds(4));
  Settle();
  const absl::Status sent = Await(client_->Send("x"));
  EXPECT_TRUE(sent.ok()) << sent;
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(ReadNext(), HasSubstr("UNAVAILABLE: no stream for 5s: "));
  const absl::Status refused = Await(client_->Send("x"));
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(DartServerTest, FailsToConnectWithTheReason) {
  Make(absl::StrCat("http://127.0.0.1:", server_.port(), "/nowhere"));
  const absl::Status connected = Await(client_->WaitUntilConnected());
  EXPECT_FALSE(connected.ok());
  EXPECT_THAT(std::string(StdView(connected.message())), HasSubstr("404"));
}

TEST_F(DartServerTest, ServerClosesTheClient) {
  Connect();
  server_.SendMessage("last");
  server_.Write("event: control\ndata: close\n\n");
  EXPECT_EQ(ReadNext(), "last");
  EXPECT_EQ(ReadNext(), "(end)");
  clock_.Advance(absl::Minutes(1));
  Settle();
  EXPECT_EQ(server_.streams, 1);
}

TEST_F(DartServerTest, OtherControlEventsAreIgnored) {
  Connect();
  server_.Write("event: control\ndata: \"close\"\n\nevent: other\ndata: 1\n\n: comment\n\n");
  server_.SendMessage("still here");
  EXPECT_EQ(ReadNext(), "still here");
}

TEST_F(DartServerTest, AMessageThatIsNoStringIsAnError) {
  Connect();
  server_.Write("data: {\"a\":1}\n\ndata: \"ok\"\n\n");
  EXPECT_THAT(ReadNext(), HasSubstr("INVALID_ARGUMENT: not a JSON string"));
  EXPECT_EQ(ReadNext(), "ok");
}

TEST_F(DartServerTest, CloseStillPostsWhatWasSent) {
  Connect();
  for (int i = 0; i < 50; ++i) SendText(absl::StrCat(i));
  client_->Close();
  EXPECT_TRUE(Until([&] { return server_.delivered.size() == 50; }));
  EXPECT_EQ(ReadNext(), "(end)");
}

TEST_F(DartServerTest, APostThatBreaksFailsTheChannel) {
  Connect();
  server_.breaks_posts = true;
  SendText("x");
  EXPECT_THAT(ReadNext(), HasSubstr("UNAVAILABLE"));
}

TEST_F(DartServerTest, APostThatIsRefusedFailsTheChannel) {
  Connect();
  server_.post_status = 500;
  SendText("x");
  EXPECT_THAT(ReadNext(), HasSubstr("UNAVAILABLE: message 0 was not taken: HTTP 500"));
}

TEST_F(DartServerTest, LargeMessagesComeWhole) {
  Connect();
  const std::string large(1 << 20, 'x');
  SendText(large);
  EXPECT_TRUE(Until([&] { return server_.delivered.size() == 1; }));
  EXPECT_EQ(server_.delivered[0], large);
}

TEST(SseClientTest, RefusesWhatNoUrlCanHave) {
  asio::io_context context(1);
  SseClientOptions options;
  options.debug_key = "a b";
  for (const char* const url : {"http://127.0.0.1:1/test", "nowhere"}) {
    SseClient client(context.get_executor(), url, options);
    std::string out;
    const auto read = [](SseClient& from, std::string& to) -> Awaitable<void> {
      const absl::StatusOr<std::optional<std::string>> message = co_await from.Read();
      to = message.status().ToString();
    };
    TaskGroup tasks(context.get_executor());
    tasks.Spawn(read(client, out));
    EXPECT_TRUE(RunUntil(context, [&] { return !out.empty(); }));
    EXPECT_THAT(out, HasSubstr("INVALID_ARGUMENT"));
  }
}

// --- against ours

class OurServerTest : public ClientTest {
 protected:
  std::unique_ptr<SseConnection> Connect(SseHandlerOptions options = {}) {
    Serve(std::move(options));
    SseClientOptions client;
    client.http = [this](const std::string&) -> absl::StatusOr<std::shared_ptr<HttpClient>> {
      return std::shared_ptr<HttpClient>(std::shared_ptr<void>(), http_.get());
    };
    Make("http://in-process/test", std::move(client));
    std::unique_ptr<SseConnection> connection = Accept();
    EXPECT_TRUE(Await(client_->WaitUntilConnected()).ok());
    return connection;
  }
};

TEST_F(OurServerTest, MessagesGoBothWays) {
  const auto connection = Connect();
  SendText("ä€\U0001F600\n\"");
  EXPECT_EQ(SseTest::Read(*connection), "ä€\U0001F600\n\"");
  Send(*connection, "back");
  EXPECT_EQ(ReadNext(), "back");
  EXPECT_EQ(connection->client_id(), client_->id());
}

TEST_F(OurServerTest, NothingIsLostWhenStreamsDie) {
  SseHandlerOptions options;
  options.keep_alive = absl::Minutes(1);
  const auto connection = Connect(std::move(options));
  int sent = 0, received = 0;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 10; ++i) Send(*connection, absl::StrCat(sent++));
    // Some of them are on their way.
    EXPECT_EQ(ReadNext(), absl::StrCat(received++));
    http_->CutAll();
    EXPECT_TRUE(Until([&] { return connection->is_in_keep_alive_period(); }));
    EXPECT_TRUE(UntilInTime([&] { return !connection->is_in_keep_alive_period(); }));
    while (received < sent) {
      ASSERT_EQ(ReadNext(), absl::StrCat(received));
      ++received;
    }
  }
  EXPECT_FALSE(connection->is_closed());
}

TEST_F(OurServerTest, ServerCloses) {
  const auto connection = Connect();
  connection->Close();
  EXPECT_EQ(ReadNext(), "(end)");
}

TEST_F(OurServerTest, ClientCloses) {
  const auto connection = Connect();
  SendText("last");
  client_->Close();
  EXPECT_EQ(SseTest::Read(*connection), "last");
  EXPECT_TRUE(Await(connection->WaitUntilClosed()).ok());
}

}  // namespace
}  // namespace runnel
