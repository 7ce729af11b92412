// The behaviours that the tests of Dart's package:sse look at, one by one and by their names, on
// SseHandler. (sse/test/sse_test.dart and sse/test/sse_unit_test.dart of version 4.2.)

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/sse/sse_test_peer.h"

namespace runnel {
namespace {

class PackageSseTest : public SseTest {
 protected:
  // As a page of those tests does: "send N" makes it send 0 to N - 1.
  static void SendNumbers(DartClient& client, int count) {
    for (int i = 0; i < count; ++i) client.Send(absl::StrCat(i));
  }

  void ServeKeepingAlive() {
    SseHandlerOptions options;
    options.keep_alive = absl::Seconds(5);
    Serve(std::move(options));
  }
};

TEST_F(PackageSseTest, CanRoundTripMessages) {
  Serve();
  const auto client = NewClient();
  client->echoes = true;
  const auto connection = Connect(*client);
  Send(*connection, "blah");
  EXPECT_EQ(Read(*connection), "blah");
}

TEST_F(PackageSseTest, CanSendASignificantNumberOfRequests) {
  Serve();
  const auto client = NewClient();
  client->echoes = true;
  const auto connection = Connect(*client);
  constexpr int kCount = 7000;
  for (int i = 0; i < kCount; ++i) Send(*connection, absl::StrCat(i));
  for (int i = 0; i < kCount; ++i) {
    const auto message = Await(connection->Read());
    ASSERT_TRUE(message.ok() && *message);
    ASSERT_EQ(**message, absl::StrCat(i));
  }
}

TEST_F(PackageSseTest, MessagesArriveInOrder) {
  Serve();
  EXPECT_EQ(handler_->number_of_clients(), 0u);
  const auto client = NewClient();
  const auto connection = Connect(*client);
  EXPECT_EQ(handler_->number_of_clients(), 1u);
  SendNumbers(*client, 100);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(Read(*connection), absl::StrCat(i));
}

TEST_F(PackageSseTest, MultipleClientsCanConnect) {
  Serve();
  const auto a = NewClient("a"), b = NewClient("b");
  const auto connection_a = Connect(*a);
  const auto connection_b = Connect(*b);
  EXPECT_EQ(handler_->number_of_clients(), 2u);
}

TEST_F(PackageSseTest, RoutesDataCorrectly) {
  Serve();
  const auto a = NewClient("a"), b = NewClient("b");
  a->echoes = b->echoes = true;
  const auto connection_a = Connect(*a);
  const auto connection_b = Connect(*b);
  Send(*connection_a, "foo");
  Send(*connection_b, "bar");
  EXPECT_EQ(Read(*connection_a), "foo");
  EXPECT_EQ(Read(*connection_b), "bar");
}

// Dart's `sink.close()` is Disconnect here.
TEST_F(PackageSseTest, CanCloseFromTheServer) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  EXPECT_EQ(handler_->number_of_clients(), 1u);
  connection->Disconnect();
  EXPECT_TRUE(Until([&] { return !client->connected; }));
  EXPECT_EQ(handler_->number_of_clients(), 0u);
  EXPECT_FALSE(client->told_to_close);
}

TEST_F(PackageSseTest, ClientReconnectsAfterBeingDisconnected) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  connection->Disconnect();
  EXPECT_TRUE(Until([&] { return !client->connected; }));
  const auto another = Connect(*client);
  EXPECT_EQ(handler_->number_of_clients(), 1u);
}

TEST_F(PackageSseTest, CanCloseFromTheClientSide) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  client->Drop();
  EXPECT_TRUE(Until([&] { return connection->is_closed(); }));
  EXPECT_EQ(handler_->number_of_clients(), 0u);
  Advance(absl::Seconds(5));
  EXPECT_EQ(Read(*connection), "(end)");
}

TEST_F(PackageSseTest, CancellingTheListenerClosesTheConnection) {
  Serve();
  const auto client = NewClient();
  auto connection = Connect(*client);
  connection.reset();
  EXPECT_TRUE(Until([&] { return handler_->number_of_clients() == 0; }));
}

// Dart's test of it is skipped: it fails now and then.
TEST_F(PackageSseTest, DisconnectsWhenNavigatingAway) {
  Serve();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  EXPECT_EQ(handler_->number_of_clients(), 1u);
  client->Drop();
  const absl::Status closed = Await(connection->WaitUntilClosed());
  EXPECT_TRUE(closed.ok()) << closed;
  EXPECT_EQ(handler_->number_of_clients(), 0u);
}

TEST_F(PackageSseTest, ClientReconnectUsesTheSameConnection) {
  ServeKeepingAlive();
  const auto client = NewClient();
  client->echoes = true;
  const auto connection = Connect(*client);
  for (int i = 0; i < 2; ++i) {
    client->Drop();
    EXPECT_TRUE(Until([&] { return connection->is_in_keep_alive_period(); }));
    EXPECT_EQ(handler_->number_of_clients(), 1u);
    client->Connect();
    EXPECT_TRUE(Until([&] { return client->connected; }));
    Send(*connection, "bar");
    EXPECT_EQ(Read(*connection), "bar");
    EXPECT_EQ(handler_->number_of_clients(), 1u);
  }
}

TEST_F(PackageSseTest, MessagesSentDuringDisconnectArriveInOrder) {
  ServeKeepingAlive();
  const auto client = NewClient();
  client->echoes = true;
  const auto connection = Connect(*client);
  client->Drop();
  EXPECT_TRUE(Until([&] { return connection->is_in_keep_alive_period(); }));
  Send(*connection, "one");
  Send(*connection, "two");
  client->Connect();
  EXPECT_EQ(handler_->number_of_clients(), 1u);
  EXPECT_TRUE(Until([&] { return client->received.size() == 2; }));
  EXPECT_EQ(Read(*connection), "one");
  EXPECT_EQ(Read(*connection), "two");
}

TEST_F(PackageSseTest, ExplicitShutdownDoesNotWaitForKeepAlive) {
  ServeKeepingAlive();
  const auto client = NewClient();
  const auto connection = Connect(*client);
  EXPECT_EQ(handler_->number_of_clients(), 1u);
  handler_->Shutdown();
  EXPECT_TRUE(Until([&] { return !client->connected; }));
  EXPECT_EQ(handler_->number_of_clients(), 0u);
  EXPECT_EQ(Read(*connection), "(end)");
}

TEST_F(PackageSseTest, HandlesOutOfOrderDisconnectAndReconnect) {
  SseHandlerOptions options;
  options.keep_alive = options.ignore_disconnect = absl::Seconds(5);
  Serve(std::move(options));
  const auto client = NewClient();
  client->keeps_ids = false;
  const auto connection = Connect(*client);
  client->Post("0", R"("0")");
  client->Post("1", R"("1")");
  EXPECT_EQ(Read(*connection), "0");
  EXPECT_EQ(Read(*connection), "1");
  // A second stream, of the same client, before the first one ends.
  const auto again = NewClient();
  again->keeps_ids = false;
  again->Connect();
  EXPECT_TRUE(Until([&] { return again->connected; }));
  client->Drop();
  Settle();
  again->Post("2", R"("2")");
  again->Post("3", R"("3")");
  EXPECT_EQ(Read(*connection), "2");
  EXPECT_EQ(Read(*connection), "3");
  EXPECT_EQ(handler_->number_of_clients(), 1u);
  EXPECT_FALSE(connection->is_in_keep_alive_period());
}

}  // namespace
}  // namespace runnel
