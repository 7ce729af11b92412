// Feeds while Redis is away, slow, restarted, or has lost something, and while connections are cut.

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/redis_topic/redis_topic_test.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using asio::ip::tcp;
using testing::Contains;
using testing::HasSubstr;

using Ids = std::vector<absl::StatusOr<std::string>>;

// Relays connections to a server, and cuts the first ones after so many bytes in one direction.
class CuttingRelay {
 public:
  enum class Direction { kUp, kDown };
  CuttingRelay(const std::string& server, int cuts, Direction direction, size_t after)
      : cuts_(cuts), direction_(direction), after_(after) {
    const size_t colon = server.find(':');
    server_ = {asio::ip::make_address(server.substr(0, colon)),
               static_cast<uint16_t>(std::stoi(server.substr(colon + 1)))};
    asio::co_spawn(context_, Accept(), asio::detached);
    thread_ = std::thread([this] { context_.run(); });
  }
  ~CuttingRelay() {
    context_.stop();
    thread_.join();
  }
  std::string url() const {
    return "redis://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  int cut() const { return cut_; }

 private:
  struct Pair {
    explicit Pair(asio::io_context& context) : client(context), server(context) {}
    tcp::socket client, server;
    bool to_cut = false;
    size_t bytes = 0;
  };

  Awaitable<void> Accept() {
    while (true) {
      auto pair = std::make_shared<Pair>(context_);
      auto accepted = acceptor_.async_accept(pair->client, asio::use_awaitable);
      co_await std::move(accepted);
      boost::system::error_code error;
      pair->server.connect(server_, error);
      if (error) continue;
      pair->to_cut = cuts_-- > 0;
      asio::co_spawn(context_, Relay(pair, Direction::kUp), asio::detached);
      asio::co_spawn(context_, Relay(pair, Direction::kDown), asio::detached);
    }
  }
  Awaitable<void> Relay(std::shared_ptr<Pair> pair, Direction direction) {
    tcp::socket& from = direction == Direction::kUp ? pair->client : pair->server;
    tcp::socket& to = direction == Direction::kUp ? pair->server : pair->client;
    const bool counts = pair->to_cut && direction == direction_;
    char bytes[4096];
    boost::system::error_code error;
    try {
      while (true) {
        auto read = from.async_read_some(asio::buffer(bytes), asio::use_awaitable);
        size_t n = co_await std::move(read);
        const bool ends = counts && pair->bytes + n >= after_;
        if (ends) n = after_ - pair->bytes;
        pair->bytes += n;
        asio::write(to, asio::buffer(bytes, n));
        if (ends) break;
      }
      ++cut_;
    } catch (const boost::system::system_error&) {
    }
    pair->client.close(error);
    pair->server.close(error);
  }

  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  tcp::endpoint server_;
  int cuts_;
  const Direction direction_;
  const size_t after_;
  std::atomic<int> cut_ = 0;
  std::thread thread_;
};

TEST_F(RedisTopicTest, LosesAndDoublesNothingWhereverConnectionsAreCut) {
  RedisServer& server = SharedServer();
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  int cuts = 0;
  // A publish is about 350 bytes up and 45 down, a reader's opening 900 and 150. The first node has
  // made the scripts known.
  Publish(*Node(server.url(), NewName()), "scripts");
  for (int run = 0; run < 100; ++run) {
    const auto direction =
        random() % 2 == 0 ? CuttingRelay::Direction::kUp : CuttingRelay::Direction::kDown;
    const size_t after = random() % (direction == CuttingRelay::Direction::kUp ? 900 : 400);
    SCOPED_TRACE("run " + std::to_string(run) + ", cut after " + std::to_string(after));
    CuttingRelay relay(server.tcp_address(), 2 + static_cast<int>(random() % 3), direction, after);
    const std::string name = NewName();
    TextTopic node(Client(relay.url()), name, Options());
    const Texts texts = {"1", "2", "3", "4", "5", "6"};
    const Ids first = io_.BlockOn(PublishTexts(node, {"1", "2", "3"}));
    const Ids second = io_.BlockOn(PublishTexts(node, {"4", "5", "6"}));
    for (size_t i = 0; i < 3; ++i) {
      ASSERT_TRUE(first[i].ok()) << first[i].status();
      ASSERT_TRUE(second[i].ok()) << second[i].status();
    }
    ASSERT_EQ(first[0]->substr(first[0]->find('-')), "-1");
    ASSERT_EQ(second[2]->substr(second[2]->find('-')), "-6");
    ASSERT_TRUE(io_.BlockOn(node.Loaded()).ok());
    const auto topic = Node(server.url(), name);
    Subscription<Text> elsewhere = Subscribe(*topic, FromOldest());
    ASSERT_EQ(Take(elsewhere, 6).texts, texts);
    Subscription<Text> here = Subscribe(node, FromOldest());
    ASSERT_EQ(Take(here, 6).texts, texts);
    ASSERT_EQ(node.status().lives, 1u);
    Publish(node, "7");  // and no sixth before it
    ASSERT_EQ(Take(elsewhere, 1).texts, Texts{"7"});
    ASSERT_EQ(Take(here, 1).texts, Texts{"7"});
    cuts += relay.cut();
  }
  EXPECT_GT(cuts, 100);
}

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

}  // namespace
}  // namespace runnel
