// What SseHandler does with messages that are missing, late, too many or too large.

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/core/string_view.h"
#include "runtime/sse/sse_handler.h"
#include "runtime/sse/sse_test_peer.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(SseHandlerTest, DropsMessagesThatComeTwice) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  client->Post("0", R"("a")");
  client->Post("0", R"("a")");
  client->Post("2", R"("c")");
  client->Post("2", R"("c")");
  client->Post("1", R"("b")");
  client->Post("0", R"("a")");
  for (const char* const text : {"a", "b", "c", "(nothing)"}) EXPECT_EQ(Read(*connection), text);
}

TEST_F(SseHandlerTest, AGapFailsInTime) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  client->Post("1", R"("b")");
  Settle();
  Advance(absl::Seconds(29));
  EXPECT_FALSE(connection->is_closed());
  Advance(absl::Seconds(1));
  EXPECT_TRUE(Until([&] { return client->told_to_close; }));
  EXPECT_THAT(Read(*connection), StartsWith("DATA_LOSS: message 0 of the client is lost"));
  EXPECT_EQ(handler_->number_of_clients(), 0u);
  const absl::Status sent = Await(connection->Send("x"));
  EXPECT_THAT(sent, StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(SseHandlerTest, AGapThatClosesIsNone) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  client->Post("1", R"("b")");
  Settle();
  Advance(absl::Seconds(29));
  client->Post("0", R"("a")");
  EXPECT_EQ(Read(*connection), "a");
  EXPECT_EQ(Read(*connection), "b");
  // The next one has its own time.
  client->Post("3", R"("d")");
  Settle();
  Advance(absl::Seconds(29));
  EXPECT_FALSE(connection->is_closed());
}

TEST_F(SseHandlerTest, AGapFailsByItsSize) {
  SseHandlerOptions options;
  options.limits.max_early_messages = 3;
  Serve(std::move(options));
  const auto client = NewClient();
  const auto connection = Connect(*client);
  for (const char* const number : {"1", "2", "3"}) client->Post(number, R"("x")");
  Settle();
  EXPECT_FALSE(connection->is_closed());
  client->Post("4", R"("x")");
  EXPECT_TRUE(Until([&] { return client->told_to_close; }));
  EXPECT_THAT(client->posted, ElementsAre(200, 200, 200, 429));
  const std::string error = Read(*connection);
  EXPECT_THAT(error, StartsWith("RESOURCE_EXHAUSTED"));
  EXPECT_THAT(error, HasSubstr("SseLimits::max_early_messages = 3"));
}

TEST_F(SseHandlerTest, ReadsWhatAClientHadQueuedWhenItLeft) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  client->Drop();
  EXPECT_TRUE(Until([&] { return connection->is_closed(); }));
  EXPECT_EQ(handler_->number_of_clients(), 0u);
  for (int i = 0; i < 50; ++i) client->Send(absl::StrCat(i));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Read(*connection), absl::StrCat(i));
  EXPECT_EQ(Read(*connection), "(nothing)");
  Advance(absl::Seconds(5));
  EXPECT_EQ(Read(*connection), "(end)");
  const absl::Status sent = Await(connection->Send("x"));
  EXPECT_THAT(sent, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(SseHandlerTest, SaysWhatIsMissingOfWhatAClientHadQueued) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  client->Drop();
  EXPECT_TRUE(Until([&] { return connection->is_closed(); }));
  client->Post("1", R"("b")");
  Settle();
  Advance(absl::Seconds(5));
  EXPECT_THAT(Read(*connection), StartsWith("DATA_LOSS: message 0"));
}

TEST_F(SseHandlerTest, NumbersGoOnWithTheNextConnection) {
  Serve();
  const auto client = NewClient();
  const auto first = Connect(*client);
  client->Send("0");
  EXPECT_EQ(Read(*first), "0");
  client->Drop();
  EXPECT_TRUE(Until([&] { return first->is_closed(); }));
  const auto second = Connect(*client);
  client->Send("1");
  EXPECT_EQ(Read(*second), "1");
  EXPECT_EQ(Read(*first), "(end)");
}

TEST_F(SseHandlerTest, AMessageBetweenTwoConnectionsIsNoGap) {
  Serve();
  const auto client = NewClient();
  const auto first = Connect(*client);
  client->Drop();
  EXPECT_TRUE(Until([&] { return first->is_closed(); }));
  Advance(absl::Seconds(6));
  client->Send("lost");
  Settle();
  const auto second = Connect(*client);
  client->Send("next");
  EXPECT_EQ(Read(*second), "next");
}

TEST_F(SseHandlerTest, ForgetsClientsThatStayAway) {
  Serve();
  const auto client = NewClient();
  const auto first = Connect(*client);
  client->Send("0");
  EXPECT_EQ(Read(*first), "0");
  client->Drop();
  Settle();
  Advance(absl::Minutes(11));
  const auto second = Connect(*client);
  client->Send("1");
  Settle();
  Advance(absl::Seconds(30));
  EXPECT_THAT(Read(*second), StartsWith("DATA_LOSS"));
}

TEST_F(SseHandlerTest, WhatIsNoLongerKeptFailsTheConnection) {
  SseHandlerOptions options;
  options.keep_alive = absl::Minutes(1);
  options.limits.max_kept_bytes = 0;
  Serve(std::move(options));
  const auto client = NewClient();
  const auto connection = Connect(*client);
  Send(*connection, "a");
  EXPECT_TRUE(Until([&] { return client->received.size() == 1; }));
  const std::string seen = client->last_event_id;
  Send(*connection, "b");
  Send(*connection, "c");
  EXPECT_TRUE(Until([&] { return client->received.size() == 3; }));
  DropAndWait(*client, *connection);
  client->last_event_id = seen;  // as if the rest had been lost
  client->Connect();
  EXPECT_TRUE(Until([&] { return client->told_to_close; }));
  EXPECT_THAT(Read(*connection), HasSubstr("SseLimits::max_kept_bytes = 0"));
}

TEST_F(SseHandlerTest, NoMoreClientsThanAllowed) {
  SseHandlerOptions options;
  options.limits.max_clients = 1;
  Serve(std::move(options));
  const auto a = NewClient("a"), b = NewClient("b");
  const auto connection = Connect(*a);
  b->Connect();
  EXPECT_TRUE(Until([&] { return b->status == 503; }));
  // One that comes back is none more.
  const auto again = NewClient("a");
  Reconnect(*again);
}

TEST_F(SseHandlerTest, RefusesLongClientIds) {
  Serve();
  const auto client = NewClient(std::string(257, 'a'));
  client->Connect();
  EXPECT_TRUE(Until([&] { return client->status == 400; }));
}

TEST_F(SseHandlerTest, RefusesLargeMessagesLoudly) {
  SseHandlerOptions options;
  options.limits.max_message_bytes = 10;
  Serve(std::move(options));
  const auto client = NewClient();
  const auto connection = Connect(*client);
  client->Send("12345678");
  EXPECT_EQ(Read(*connection), "12345678");
  client->Send("123456789");
  EXPECT_THAT(Read(*connection), StartsWith("RESOURCE_EXHAUSTED"));
  EXPECT_TRUE(Until([&] { return client->told_to_close; }));
  EXPECT_TRUE(Until([&] { return client->posted.size() == 2; }));
  EXPECT_THAT(client->posted, ElementsAre(200, 413));
}

TEST_F(SseHandlerTest, PostsWaitForAReaderThatIsSlow) {
  SseHandlerOptions options;
  options.limits.max_unread_bytes = 100;
  Serve(std::move(options));
  const auto client = NewClient();
  const auto connection = Connect(*client);
  for (int i = 0; i < 10; ++i) client->Send(std::string(40, 'x'));
  Settle();
  EXPECT_LT(client->posted.size(), 5u);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Read(*connection), std::string(40, 'x')) << i;
  EXPECT_TRUE(Until([&] { return client->posted.size() == 10; }));
}

TEST_F(SseHandlerTest, TheMessageThatOthersWaitForHasRoom) {
  SseHandlerOptions options;
  options.limits.max_unread_bytes = 100;
  Serve(std::move(options));
  const auto client = NewClient();
  const auto connection = Connect(*client);
  for (const char* const number : {"1", "2", "3", "0"}) {
    client->Post(number, absl::StrCat("\"", std::string(40, number[0]), "\""));
    Settle();
  }
  for (const char c : {'0', '1', '2', '3'}) EXPECT_EQ(Read(*connection), std::string(40, c));
}

TEST_F(SseHandlerTest, SendWaitsForAClientThatIsSlow) {
  SseHandlerOptions options;
  options.keep_alive = absl::Minutes(1);
  options.limits.max_unsent_bytes = 200;
  Serve(std::move(options));
  const auto client = NewClient();
  const auto connection = Connect(*client);
  DropAndWait(*client, *connection);
  int sent = 0;
  const auto send_all = [](SseConnection& to, int& count) -> Awaitable<void> {
    for (; count < 20; ++count) {
      const absl::Status status = co_await to.Send(std::string(40, 'x'));
      if (!status.ok()) co_return;
    }
  };
  tasks_.Spawn(send_all(*connection, sent));
  Settle();
  EXPECT_LT(sent, 5);
  Reconnect(*client);
  EXPECT_TRUE(Until([&] { return client->received.size() == 20; }));
  EXPECT_EQ(sent, 20);
}

TEST_F(SseHandlerTest, AllClientsTogetherHaveALimit) {
  SseHandlerOptions options;
  options.keep_alive = absl::Minutes(1);
  options.limits.max_buffered_bytes = 1000;
  Serve(std::move(options));
  const auto a = NewClient("a"), b = NewClient("b");
  const auto connection_a = Connect(*a), connection_b = Connect(*b);
  DropAndWait(*a, *connection_a);
  Send(*connection_a, std::string(600, 'x'));
  const absl::Status sent = Await(connection_b->Send(std::string(600, 'x')));
  EXPECT_THAT(sent, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(std::string(StdView(sent.message())),
              HasSubstr("SseLimits::max_buffered_bytes = 1000"));
  b->Send(std::string(600, 'x'));
  EXPECT_THAT(Read(*connection_b), HasSubstr("SseLimits::max_buffered_bytes = 1000"));
  EXPECT_TRUE(Until([&] { return b->told_to_close; }));
  EXPECT_FALSE(connection_a->is_closed());
}

TEST_F(SseHandlerTest, NoMoreClientsOfOneCallerThanAllowed) {
  SseHandlerOptions options;
  options.limits.max_clients_per_caller = 1;
  Serve(std::move(options));
  const auto a = NewClient("a"), b = NewClient("b");
  const auto connection = Connect(*a);
  b->Connect();
  EXPECT_TRUE(Until([&] { return b->status == 503; }));
  const auto again = NewClient("a");
  const auto second = Connect(*again);
  again->Drop();
  EXPECT_TRUE(Until([&] { return second->is_closed(); }));
  b->Connect();
  EXPECT_TRUE(Until([&] { return b->connected; }));
}

}  // namespace
}  // namespace runnel
