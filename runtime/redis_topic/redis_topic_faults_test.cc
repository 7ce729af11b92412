// Feeds while Redis is away, slow, restarted, or has lost something, and when a replica takes over.

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/redis_topic/redis_topic_test.h"
#include "runtime/redis_topic/redis_topic_test_relay.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using testing::Contains;
using testing::HasSubstr;

TEST_F(RedisTopicTest, GoesOnAfterRedisWasKilledAndRestarted) {
  RedisServer server({"--appendonly", "yes", "--appendfsync", "always"});
  ASSERT_TRUE(server.Start().ok());
  const auto a = Node(server.url(), "feed");
  const auto b = Node(server.url(), "feed");
  Subscription<Text> on_b = Subscribe(*b);
  const std::string first = Publish(*a, "1");
  EXPECT_EQ(Take(on_b, 1).texts, Texts{"1"});
  server.Kill();
  std::future<Ids> waiting =
      asio::co_spawn(io_.executor(), PublishTexts(*a, {"2", "3", "4"}), asio::use_future);
  // Single-node service goes on: who comes gets what this server has.
  Subscription<Text> meanwhile = Subscribe(*b, FromOldest());
  EXPECT_EQ(Take(meanwhile, 1).texts, Texts{"1"});
  const absl::Status restarted = server.Start();
  ASSERT_TRUE(restarted.ok()) << restarted;
  const Ids ids = waiting.get();
  for (const auto& id : ids) ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(*ids[2], first.substr(0, first.find('-')) + "-4");
  EXPECT_EQ(Take(on_b, 3).texts, (Texts{"2", "3", "4"}));
  EXPECT_EQ(b->status().lives, 1u);
  EXPECT_THAT(Lines(), Contains(HasSubstr("is there again")));
}

// Publishes all the time, one after the other, and keeps what was acknowledged.
Awaitable<Texts> PublishAlways(TextTopic& topic, std::atomic<bool>& stop) {
  Texts acknowledged;
  for (int i = 0; !stop; ++i) {
    const Text message = Say(std::to_string(i));
    auto publish = topic.Publish(message);
    const absl::StatusOr<std::string> id = co_await std::move(publish);
    if (!id.ok()) break;
    acknowledged.push_back(message.value());
  }
  co_return acknowledged;
}

TEST_F(RedisTopicTest, LosesNoAcknowledgedPublishWhenRedisIsKilledAgainAndAgain) {
  RedisServer server({"--appendonly", "yes", "--appendfsync", "always"});
  ASSERT_TRUE(server.Start().ok());
  RedisTopicOptions options = Options();
  options.max_messages = 100'000;
  const auto a = Node(server.url(), "feed", options);
  const auto b = Node(server.url(), "feed", options);
  Subscription<Text> on_b = Subscribe(*b, FromOldest());
  std::atomic<bool> stop = false;
  IoThread other;
  std::future<Texts> published =
      asio::co_spawn(other.executor(), PublishAlways(*a, stop), asio::use_future);
  Texts seen;
  for (int i = 0; i < 5; ++i) {
    for (const std::string& text : Take(on_b, 50).texts) seen.push_back(text);
    server.Kill();
    const absl::Status restarted = server.Start();
    ASSERT_TRUE(restarted.ok()) << restarted;
  }
  stop = true;
  const Texts acknowledged = published.get();
  ASSERT_GE(acknowledged.size(), 250u);
  for (const std::string& text : Take(on_b, acknowledged.size() - seen.size()).texts) {
    seen.push_back(text);
  }
  EXPECT_EQ(seen, acknowledged);
  EXPECT_EQ(b->status().lives, 1u);
}

TEST_F(RedisTopicTest, WaitsForARedisThatIsStopped) {
  RedisServer server;
  ASSERT_TRUE(server.Start().ok());
  TextTopic node(Client(server.url(), absl::Milliseconds(100)), "feed", Options());
  ASSERT_TRUE(io_.BlockOn(node.Loaded()).ok());
  Subscription<Text> subscription = Subscribe(node);
  Publish(node, "1");
  server.Freeze();
  std::future<Ids> waiting =
      asio::co_spawn(io_.executor(), PublishTexts(node, {"2", "3"}), asio::use_future);
  EXPECT_EQ(Take(subscription, 1).texts, Texts{"1"});
  // Long enough for the connection to be given up, and the batch to be sent again.
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
  EXPECT_EQ(node.status().waiting, 2u);
  server.Thaw();
  for (const auto& id : waiting.get()) EXPECT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(Take(subscription, 2).texts, (Texts{"2", "3"}));
  Publish(node, "4");
  EXPECT_EQ(Take(subscription, 1).texts, Texts{"4"});
}

TEST_F(RedisTopicTest, WaitsForAPausedRedis) {
  RedisServer server;
  ASSERT_TRUE(server.Start().ok());
  const auto node = Node(server.url(), "feed");
  Subscription<Text> subscription = Subscribe(*node);
  ASSERT_TRUE(Do(server.url(), {"CLIENT", "PAUSE", "200", "WRITE"}).ok());
  Publish(*node, "1");
  EXPECT_EQ(Take(subscription, 1).texts, Texts{"1"});
}

TEST_F(RedisTopicTest, NoticesARedisThatForgotEverything) {
  RedisServer server;
  ASSERT_TRUE(server.Start().ok());
  const auto node = Node(server.url(), "feed");
  Subscription<Text> subscription = Subscribe(*node);
  const std::string before = Publish(*node, "1");
  EXPECT_EQ(Take(subscription, 1).texts, Texts{"1"});
  server.Kill();
  const absl::Status restarted = server.Start();
  ASSERT_TRUE(restarted.ok()) << restarted;
  const Got end = Take(subscription, 1);
  ASSERT_TRUE(end.ended.has_value()) << end.texts[0];
  EXPECT_THAT(*end.ended, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("has lost messages")));
  ASSERT_TRUE(io_.BlockOn(node->Loaded()).ok());
  Subscription<Text> resumed = Subscribe(*node, After(before));
  ASSERT_TRUE(resumed.gap().has_value());
  EXPECT_FALSE(resumed.gap()->messages.has_value());
  Publish(*node, "2");
  EXPECT_EQ(Take(resumed, 1).texts, Texts{"2"});
  EXPECT_EQ(node->status().lives, 2u);
}

// A replica that lacked the end took over, and others have published since: the numbers are those
// that this server knows, the messages are not.
TEST_F(RedisTopicTest, NoticesAnEndThatWasReplaced) {
  RedisServer& server = SharedServer();
  const std::string name = NewName();
  const std::string stream = "runnel:feed:{" + name + "}";

  const auto other = Node(server.url(), name);
  Publish(*other, "1");
  const absl::StatusOr<RedisReply> copy = Do(server.url(), {"DUMP", stream});
  ASSERT_TRUE(copy.ok()) << copy.status();
  const auto node = Node(server.url(), name);
  Subscription<Text> subscription = Subscribe(*node);
  const std::string lost = Publish(*node, "lost");
  EXPECT_EQ(Take(subscription, 1).texts, Texts{"lost"});
  ASSERT_TRUE(Do(server.url(), {"RESTORE", stream, "0", copy->text, "REPLACE"}).ok());
  const auto late = std::make_unique<TextTopic>(Client(server.url()), name, Options());
  Publish(*late, "replaced");
  // Everybody's reader is disconnected, as by a failover.
  ASSERT_TRUE(Do(server.url(), {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}).ok());
  const Got end = Take(subscription, 1);
  ASSERT_TRUE(end.ended.has_value()) << end.texts[0];
  EXPECT_THAT(*end.ended, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("has lost messages")));
  ASSERT_TRUE(io_.BlockOn(node->Loaded()).ok());
  Subscription<Text> resumed = Subscribe(*node, After(lost));
  EXPECT_TRUE(resumed.gap().has_value());
}

// This server was away for longer than the stream reaches back.
TEST_F(RedisTopicTest, SaysHowManyMessagesRedisHasDropped) {
  RedisServer& server = SharedServer();
  const std::string name = NewName();
  RedisTopicOptions options = Options();
  options.max_messages = 100;
  RedisTopicRelay relay(server.tcp_address());
  const auto node = Node(relay.url(), name, options);
  const auto other = Node(server.url(), name, options);
  const std::string first = Publish(*other, "1");
  Subscription<Text> subscription = Subscribe(*node, FromOldest());
  EXPECT_EQ(Take(subscription, 1).texts, Texts{"1"});
  const uint64_t connections = node->status().connections;
  relay.Redirect("127.0.0.1:1");  // where nobody is
  ASSERT_TRUE(Do(server.url(), {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}).ok());
  while (node->status().connected) std::this_thread::yield();
  const Ids ids = io_.BlockOn(PublishTexts(*other, Texts(1000, "more")));
  ASSERT_TRUE(ids[999].ok()) << ids[999].status();
  relay.Redirect(server.tcp_address());
  const Got end = Take(subscription, 1);
  ASSERT_TRUE(end.ended.has_value()) << end.texts[0];
  EXPECT_THAT(*end.ended, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("has dropped")));
  ASSERT_TRUE(io_.BlockOn(node->Loaded()).ok());
  EXPECT_GT(node->status().connections, connections);
  EXPECT_GT(node->status().missed, 700u);  // Redis drops a hundred at a time
  Subscription<Text> resumed = Subscribe(*node, After(first));
  ASSERT_TRUE(resumed.gap().has_value());
  EXPECT_GT(resumed.gap()->messages, 700u);
  EXPECT_LE(resumed.gap()->messages, 900u);
}

// A backup from before the feed was deleted was put back.
TEST_F(RedisTopicTest, NoticesAnOlderLife) {
  RedisServer& server = SharedServer();
  const std::string name = NewName();
  const std::string stream = "runnel:feed:{" + name + "}";
  const auto node = Node(server.url(), name);
  Publish(*node, "1");
  Publish(*node, "2");
  const absl::StatusOr<RedisReply> copy = Do(server.url(), {"DUMP", stream});
  ASSERT_TRUE(copy.ok()) << copy.status();
  ASSERT_TRUE(Do(server.url(), {"DEL", stream}).ok());
  const std::string later = Publish(*node, "later");
  while (node->status().last_id != later) std::this_thread::yield();
  Subscription<Text> subscription = Subscribe(*node, FromOldest());
  EXPECT_EQ(Take(subscription, 1).texts, Texts{"later"});
  ASSERT_TRUE(Do(server.url(), {"RESTORE", stream, "0", copy->text, "REPLACE"}).ok());
  ASSERT_TRUE(Do(server.url(), {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}).ok());
  const Got end = Take(subscription, 1);
  ASSERT_TRUE(end.ended.has_value()) << end.texts[0];
  EXPECT_THAT(*end.ended, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("has lost messages")));
  ASSERT_TRUE(io_.BlockOn(node->Loaded()).ok());
  Subscription<Text> resumed = Subscribe(*node, After(later));
  EXPECT_TRUE(resumed.gap().has_value());
  Publish(*node, "3");
  EXPECT_EQ(Take(resumed, 1).texts, Texts{"3"});
}

// A master with a replica, and a node whose address stands for one of them: as with sentinels that
// tell a proxy, or DNS, which of them is to be used.
class RedisTopicFailoverTest : public RedisTopicTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(master_.Start().ok());
    const std::string address = master_.tcp_address();
    const size_t colon = address.find(':');
    replica_ = std::make_unique<RedisServer>(std::vector<std::string>{
        "--replicaof", address.substr(0, colon) + " " + address.substr(colon + 1)});
    ASSERT_TRUE(replica_->Start().ok());
    relay_ = std::make_unique<RedisTopicRelay>(address);
    node_ = Node(relay_->url(), "feed");
    subscription_.emplace(Subscribe(*node_));
    first_ = Publish(*node_, "1");
    EXPECT_EQ(Take(*subscription_, 1).texts, Texts{"1"});
    // The replica has it, and the beginning of the epoch.
    while (true) {
      const auto length = Do(replica_->url(), {"XLEN", "runnel:feed:{feed}"});
      if (length.ok() && length->integer == 2) break;
    }
  }
  void Promote() {
    ASSERT_TRUE(Do(replica_->url(), {"REPLICAOF", "NO", "ONE"}).ok());
    relay_->Redirect(replica_->tcp_address());
  }
  std::string Epoch() const { return first_.substr(0, first_.find('-')); }

  RedisServer master_{{"--repl-diskless-sync-delay", "0"}};
  std::unique_ptr<RedisServer> replica_;
  std::unique_ptr<RedisTopicRelay> relay_;
  std::unique_ptr<TextTopic> node_;
  std::optional<Subscription<Text>> subscription_;
  std::string first_;
};

TEST_F(RedisTopicFailoverTest, GoesOnWithAReplicaThatHasEverything) {
  master_.Kill();
  std::future<Ids> waiting =
      asio::co_spawn(io_.executor(), PublishTexts(*node_, {"2", "3"}), asio::use_future);
  Promote();
  const Ids ids = waiting.get();
  ASSERT_TRUE(ids[1].ok()) << ids[1].status();
  EXPECT_EQ(*ids[1], Epoch() + "-3");
  EXPECT_EQ(Take(*subscription_, 2).texts, (Texts{"2", "3"}));
  EXPECT_EQ(node_->status().lives, 1u);
}

TEST_F(RedisTopicFailoverTest, NoticesAReplicaThatLackedTheEnd) {
  ASSERT_TRUE(Do(replica_->url(), {"REPLICAOF", "NO", "ONE"}).ok());
  const std::string lost = Publish(*node_, "lost");
  EXPECT_EQ(Take(*subscription_, 1).texts, Texts{"lost"});
  relay_->Redirect(replica_->tcp_address());
  master_.Kill();
  const Got end = Take(*subscription_, 1);
  ASSERT_TRUE(end.ended.has_value()) << end.texts[0];
  EXPECT_THAT(*end.ended, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("has lost messages")));
  ASSERT_TRUE(io_.BlockOn(node_->Loaded()).ok());
  Subscription<Text> resumed = Subscribe(*node_, After(lost));
  EXPECT_TRUE(resumed.gap().has_value());
  Publish(*node_, "2");
  EXPECT_EQ(Take(resumed, 1).texts, Texts{"2"});
}

// What is published waits for the one that takes writes.
TEST_F(RedisTopicFailoverTest, LeavesAMasterThatHasBecomeAReplica) {
  const std::string address = replica_->tcp_address();
  const size_t colon = address.find(':');
  ASSERT_TRUE(Do(replica_->url(), {"REPLICAOF", "NO", "ONE"}).ok());
  ASSERT_TRUE(
      Do(master_.url(), {"REPLICAOF", address.substr(0, colon), address.substr(colon + 1)}).ok());
  std::future<Ids> waiting =
      asio::co_spawn(io_.executor(), PublishTexts(*node_, {"2"}), asio::use_future);
  while (node_->status().publish_problem.empty()) std::this_thread::yield();
  EXPECT_THAT(Lines(), Contains(HasSubstr("publishes do not arrive")));
  relay_->Redirect(address);
  const Ids ids = waiting.get();
  ASSERT_TRUE(ids[0].ok()) << ids[0].status();
  EXPECT_EQ(*ids[0], Epoch() + "-2");
  EXPECT_EQ(Take(*subscription_, 1).texts, Texts{"2"});
  EXPECT_EQ(node_->status().lives, 1u);
  EXPECT_THAT(Lines(), Contains(HasSubstr("publishes arrive again")));
}

}  // namespace
}  // namespace runnel
