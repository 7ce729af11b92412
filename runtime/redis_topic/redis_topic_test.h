// What the tests of feeds over Redis share: a server, and subscribers that are read from a thread.

#ifndef RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_TOPIC_TEST_H_
#define RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_TOPIC_TEST_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/wrappers.pb.h"
#include "gtest/gtest.h"
#include "runtime/async/io_thread.h"
#include "runtime/async/task_group.h"
#include "runtime/redis_topic/redis_topic.h"
#include "runtime/testing/redis_server.h"

namespace runnel {

using Text = google::protobuf::StringValue;
using Texts = std::vector<std::string>;
using Ids = std::vector<absl::StatusOr<std::string>>;
using TextTopic = RedisTopic<Text>;

inline Text Say(const std::string& text) {
  Text message;
  message.set_value(text);
  return message;
}

inline SubscribeOptions After(const std::string& id) {
  SubscribeOptions options;
  options.last_event_id = id;
  return options;
}
inline SubscribeOptions FromOldest() {
  SubscribeOptions options;
  options.start = SubscribeOptions::Start::kOldest;
  return options;
}

// The texts of the next `count` messages; of fewer, and how it ended.
struct Got {
  Texts texts;
  std::optional<absl::Status> ended;
};
inline Awaitable<Got> ReadTexts(Subscription<Text>& subscription, size_t count) {
  Got got;
  while (got.texts.size() < count) {
    absl::StatusOr<std::shared_ptr<const Text>> next = co_await subscription.Next();
    if (!next.ok() || *next == nullptr) {
      got.ended = next.status();
      break;
    }
    got.texts.push_back((*next)->value());
  }
  co_return got;
}

inline Awaitable<void> PublishOne(TextTopic& topic, std::string text,
                                  absl::StatusOr<std::string>& id) {
  const Text message = Say(text);
  auto publish = topic.Publish(message);
  id = co_await std::move(publish);
}

// All at once.
inline Awaitable<Ids> PublishTexts(TextTopic& topic, Texts texts) {
  Ids ids(texts.size(), absl::UnknownError("not published"));
  TaskGroup tasks(co_await asio::this_coro::executor);
  for (size_t i = 0; i < texts.size(); ++i) tasks.Spawn(PublishOne(topic, texts[i], ids[i]));
  co_await tasks.Join();
  co_return ids;
}

class RedisTopicTest : public testing::Test {
 protected:
  // One for all tests that do it no harm.
  static RedisServer& SharedServer() {
    static RedisServer server;
    static const absl::Status started = server.Start();
    EXPECT_TRUE(started.ok()) << started;
    return server;
  }
  static std::string NewName() {
    static int made = 0;
    return "feed" + std::to_string(++made);
  }

  std::shared_ptr<RedisClient> Client(const std::string& url,
                                      absl::Duration timeout = absl::Seconds(5)) {
    absl::StatusOr<RedisOptions> options = RedisOptions::FromUrl(url);
    EXPECT_TRUE(options.ok()) << options.status();
    options->command_timeout = timeout;
    options->longest_pause = absl::Milliseconds(100);
    return std::make_shared<RedisClient>(io_.executor(), *std::move(options));
  }
  RedisTopicOptions Options() {
    RedisTopicOptions options;
    options.publish_timeout = absl::Seconds(60);
    options.subscribe_timeout = absl::Seconds(60);
    options.log = [lines = lines_](std::string_view line) { lines->emplace_back(line); };
    return options;
  }
  // A node's end of the feed, read.
  std::unique_ptr<TextTopic> Node(const std::string& url, const std::string& name,
                                  std::optional<RedisTopicOptions> options = std::nullopt) {
    auto topic = std::make_unique<TextTopic>(Client(url), name, options ? *options : Options());
    const absl::Status loaded = io_.BlockOn(topic->Loaded());
    EXPECT_TRUE(loaded.ok()) << loaded;
    return topic;
  }
  std::string Publish(TextTopic& topic, const std::string& text) {
    const absl::StatusOr<std::string> id = io_.BlockOn(topic.Publish(Say(text)));
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or("");
  }
  Subscription<Text> Subscribe(TextTopic& topic, SubscribeOptions options = SubscribeOptions()) {
    absl::StatusOr<Subscription<Text>> made = topic.Subscribe(io_.executor(), std::move(options));
    EXPECT_TRUE(made.ok()) << made.status();
    return *std::move(made);
  }
  Got Take(Subscription<Text>& subscription, size_t count) {
    return io_.BlockOn(ReadTexts(subscription, count));
  }
  absl::StatusOr<RedisReply> Do(const std::string& url, std::vector<std::string> command) {
    const std::shared_ptr<RedisClient> client = Client(url);
    return io_.BlockOn(client->Command(std::move(command)));
  }
  // What has been logged so far.
  static Awaitable<Texts> Lines(std::shared_ptr<Texts> lines) { co_return *lines; }
  Texts Lines() { return io_.BlockOn(Lines(lines_)); }

  const std::shared_ptr<Texts> lines_ = std::make_shared<Texts>();  // on the loop
  IoThread io_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_TOPIC_TEST_H_
