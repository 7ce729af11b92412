// What the tests of feeds share: a loop that runs when told to, and subscribers on it.

#ifndef RUNNEL_RUNTIME_TOPIC_TOPIC_TEST_H_
#define RUNNEL_RUNTIME_TOPIC_TOPIC_TEST_H_

#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/wrappers.pb.h"
#include "gtest/gtest.h"
#include "runtime/async/task_group.h"
#include "runtime/testing/manual_clock.h"
#include "runtime/topic/memory_topic_log.h"
#include "runtime/topic/topic.h"

namespace runnel {

using Text = google::protobuf::StringValue;
using Texts = std::vector<std::string>;

inline Text Say(const std::string& text) {
  Text message;
  message.set_value(text);
  return message;
}

// What one subscriber got, and how it ended.
struct Got {
  Texts texts;
  std::optional<absl::StatusCode> ended;
};

class TopicTest : public testing::Test {
 protected:
  ~TopicTest() override {
    tasks_.Cancel();
    Poll();
  }

  TopicOptions Options(size_t max_messages = 1024, size_t max_bytes = 1 << 20) {
    TopicOptions options;
    options.max_messages = max_messages;
    options.clock = &clock_;
    options.max_wait = absl::Seconds(1);
    options.log = std::make_unique<MemoryTopicLog>(max_messages, max_bytes, "e");
    return options;
  }

  template <typename TopicType>
  Subscription<Text>& Subscribe(TopicType& topic, SubscribeOptions options = SubscribeOptions()) {
    absl::StatusOr<Subscription<Text>> made =
        topic.Subscribe(loop_.get_executor(), std::move(options));
    EXPECT_TRUE(made.ok()) << made.status();
    subscriptions_.push_back(*std::move(made));
    return subscriptions_.back();
  }
  // Reads up to `count` messages of what is there.
  Got Take(Subscription<Text>& subscription, size_t count = 1000) {
    Got got;
    TaskGroup tasks(loop_.get_executor());
    tasks.Spawn(Read(subscription, count, got));
    Poll();
    tasks.Cancel();
    Poll();
    return got;
  }
  static Awaitable<void> Read(Subscription<Text>& subscription, size_t count, Got& got) {
    while (got.texts.size() < count) {
      absl::StatusOr<std::shared_ptr<const Text>> next = co_await subscription.Next();
      if (absl::IsCancelled(next.status())) co_return;
      if (!next.ok() || *next == nullptr) {
        got.ended = next.status().code();
        co_return;
      }
      got.texts.push_back((*next)->value());
    }
  }
  void Poll() {
    loop_.restart();
    loop_.poll();
  }

  asio::io_context loop_{1};
  ManualClock clock_;
  TaskGroup tasks_{loop_.get_executor()};
  std::deque<Subscription<Text>> subscriptions_;
};

inline SubscribeOptions After(const std::string& id) {
  SubscribeOptions options;
  options.last_event_id = id;
  return options;
}
inline SubscribeOptions Slow(WhenSlow when_slow, size_t max_behind = 0) {
  SubscribeOptions options;
  options.when_slow = when_slow;
  options.max_behind = max_behind;
  return options;
}
inline SubscribeOptions FromOldest() {
  SubscribeOptions options;
  options.start = SubscribeOptions::Start::kOldest;
  return options;
}

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_TOPIC_TOPIC_TEST_H_
