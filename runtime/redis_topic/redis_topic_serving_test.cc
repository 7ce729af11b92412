// Feeds over Redis behind real servers: what subscribers over HTTP see when they come back to
// another one of them.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/async/io_thread.h"
#include "runtime/client/event_source.h"
#include "runtime/redis_topic/redis_topic.h"
#include "runtime/server/server.h"
#include "runtime/testing/redis_server.h"
#include "runtime/topic/feed_test.runnel.h"
#include "tests/interop/raw_http.h"

namespace topic_test::v1 {
namespace {

// One server of several: its feed, its service, its HTTP.
class Node final : public Feeds::Service {
 public:
  explicit Node(const std::string& redis, size_t max_messages = 1024)
      : client_(std::make_shared<runnel::RedisClient>(io_.executor(),
                                                      *runnel::RedisOptions::FromUrl(redis))),
        ticks_(client_, "ticks", Keeping(max_messages)) {
    runnel::ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.threads = 2;
    server_ = std::make_unique<runnel::Server>(std::move(options));
    absl::Status status = server_->AddService(*this);
    if (status.ok()) status = server_->Start();
    if (status.ok()) status = io_.BlockOn(ticks_.Loaded());
    EXPECT_TRUE(status.ok()) << status;
  }
  ~Node() override {
    ticks_.Close();
    server_.reset();
  }

  runnel::Awaitable<absl::Status> Watch(runnel::ServerContext& context, const WatchRequest&,
                                        runnel::Writer<Tick>& out) override {
    return ticks_.Serve(context, out);
  }
  runnel::Awaitable<absl::Status> WatchOnly(runnel::ServerContext& context, const WatchRequest&,
                                            runnel::Writer<Tick>& out) override {
    return ticks_.Serve(context, out);
  }

  // The id, once Redis has it.
  std::string Publish(int number) {
    Tick tick;
    tick.set_number(number);
    const absl::StatusOr<std::string> id = io_.BlockOn(ticks_.Publish(tick));
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or("");
  }
  size_t subscribers() const { return ticks_.subscribers(); }
  int port() const { return server_->port(); }

 private:
  static runnel::RedisTopicOptions Keeping(size_t max_messages) {
    runnel::RedisTopicOptions options;
    options.max_messages = max_messages;
    return options;
  }

  runnel::IoThread io_;
  std::shared_ptr<runnel::RedisClient> client_;
  runnel::RedisTopic<Tick> ticks_;
  std::unique_ptr<runnel::Server> server_;
};

std::string UrlOf(const Node& node) {
  return "http://127.0.0.1:" + std::to_string(node.port()) +
         "/topic_test.v1.Feeds/Watch?encoding=json&message=%7B%7D";
}

std::string Event(const std::string& id, int number) {
  return id + R"( {"number":")" + std::to_string(number) + "\"}";
}

// Who listens at one node, and has seen `last_event_id`.
class Subscriber {
 public:
  explicit Subscriber(const Node& node, const std::string& last_event_id = "")
      : source_(io_.executor(), UrlOf(node), From(last_event_id)) {
    const absl::StatusOr<bool> opened = io_.BlockOn(source_.Open());
    EXPECT_TRUE(opened.ok() && *opened) << opened.status();
  }
  // The next event's id and data.
  std::string Next() {
    const absl::StatusOr<std::optional<runnel::SourceEvent>> event = io_.BlockOn(source_.Read());
    EXPECT_TRUE(event.ok()) << event.status();
    if (!event.ok() || !*event) return "";
    return (*event)->id + " " + (*event)->data;
  }

 private:
  static runnel::EventSourceOptions From(const std::string& last_event_id) {
    runnel::EventSourceOptions options;
    options.last_event_id = last_event_id;
    return options;
  }

  runnel::IoThread io_;
  runnel::EventSource source_;
};

// What the head of the stream says is missing.
std::string Gap(const Node& node, const std::string& last_event_id) {
  interop::RawHttp http(node.port());
  http.SendRequest("GET", "/topic_test.v1.Feeds/Watch?encoding=json&message=%7B%7D",
                   "Accept: text/event-stream\r\nLast-Event-ID: " + last_event_id + "\r\n");
  const interop::RawResponse head = http.ReadHead();
  EXPECT_EQ(head.status, 200);
  const auto found = head.headers.find("feed-gap");
  return found == head.headers.end() ? "none" : found->second;
}

class RedisTopicServingTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(redis_.Start().ok()); }
  std::unique_ptr<Node> Start() { return std::make_unique<Node>(redis_.url()); }

  runnel::RedisServer redis_{{"--appendonly", "yes", "--appendfsync", "always"}};
};

TEST_F(RedisTopicServingTest, AClientGoesOnAtAnotherServer) {
  const auto a = Start();
  const auto b = Start();
  Subscriber first(*a);
  const std::string id1 = a->Publish(1);
  const std::string id2 = b->Publish(2);
  EXPECT_EQ(first.Next(), Event(id1, 1));
  EXPECT_EQ(first.Next(), Event(id2, 2));
  const std::string id3 = a->Publish(3);
  EXPECT_EQ(Gap(*b, id2), "none");
  Subscriber moved(*b, id2);
  EXPECT_EQ(moved.Next(), Event(id3, 3));
  const std::string id4 = a->Publish(4);
  EXPECT_EQ(moved.Next(), Event(id4, 4));
  EXPECT_EQ(first.Next(), Event(id3, 3));
}

// It was ahead of the server that it comes to.
TEST_F(RedisTopicServingTest, AClientGoesOnWithWhatItHasSeenLast) {
  const auto a = Start();
  const auto b = Start();
  Subscriber fast(*a);
  for (int i = 1; i <= 5; ++i) {
    const std::string id = a->Publish(i);
    EXPECT_EQ(fast.Next(), Event(id, i));
    EXPECT_EQ(Gap(*b, id), "none");
  }
}

TEST_F(RedisTopicServingTest, AClientGoesOnAfterARestartOfEverything) {
  std::string id1, id2;
  {
    const auto a = Start();
    const auto b = Start();
    Subscriber first(*a);
    id1 = a->Publish(1);
    id2 = b->Publish(2);
    EXPECT_EQ(first.Next(), Event(id1, 1));
  }
  redis_.Kill();
  ASSERT_TRUE(redis_.Start().ok());
  const auto c = Start();
  EXPECT_EQ(Gap(*c, id1), "none");
  Subscriber resumed(*c, id1);
  EXPECT_EQ(resumed.Next(), Event(id2, 2));
  const std::string id3 = c->Publish(3);
  EXPECT_EQ(resumed.Next(), Event(id3, 3));
  EXPECT_EQ(id3.substr(0, id3.find('-')), id1.substr(0, id1.find('-')));
}

TEST_F(RedisTopicServingTest, AClientIsToldWhatItMisses) {
  const auto a = std::make_unique<Node>(redis_.url(), 4);
  const std::string id = a->Publish(0);
  for (int i = 1; i <= 10; ++i) a->Publish(i);
  EXPECT_EQ(Gap(*a, id), "6");  // of those that Redis still has this server keeps four
  EXPECT_EQ(Gap(*a, "17-4"), "unknown");
}

// One reading of Redis, whatever the number of those who subscribe.
TEST_F(RedisTopicServingTest, ReadsAFeedOnceForAllSubscribers) {
  const auto a = Start();
  std::vector<std::unique_ptr<Subscriber>> all;
  for (int i = 0; i < 5; ++i) all.push_back(std::make_unique<Subscriber>(*a));
  EXPECT_EQ(a->subscribers(), 5u);
  runnel::IoThread io;
  runnel::RedisClient redis(io.executor(), *runnel::RedisOptions::FromUrl(redis_.url()));
  const auto clients = io.BlockOn(redis.Command({"CLIENT", "LIST", "TYPE", "normal"}));
  ASSERT_TRUE(clients.ok()) << clients.status();
  // Its publisher, its reader, and who asks.
  EXPECT_EQ(std::count(clients->text.begin(), clients->text.end(), '\n'), 3);
  const std::string id = a->Publish(1);
  for (const auto& subscriber : all) EXPECT_EQ(subscriber->Next(), Event(id, 1));
}

}  // namespace
}  // namespace topic_test::v1
