#include <atomic>
#include <map>
#include <thread>

#include "runtime/async/io_thread.h"
#include "runtime/topic/topic_test.h"

namespace runnel {
namespace {

// --- threads ---

Awaitable<int> CountUntilEnd(Topic<Text>& topic, Executor executor, std::atomic<int>& ready) {
  Subscription<Text> subscription = *topic.Subscribe(executor);
  ++ready;
  std::map<std::string, int> last;  // of each publisher
  int count = 0;
  while (true) {
    absl::StatusOr<std::shared_ptr<const Text>> next = co_await subscription.Next();
    if (!next.ok() || *next == nullptr) co_return count;
    const std::string& value = (*next)->value();
    const int number = std::stoi(value.substr(1));
    EXPECT_EQ(number, ++last[value.substr(0, 1)]);
    ++count;
  }
}

TEST(TopicThreadsTest, AnyThreadPublishesToSubscribersOnSeveralLoops) {
  constexpr int kMessages = 200;
  TopicOptions options;
  options.max_messages = 4 * kMessages;
  Topic<Text> topic(std::move(options));
  std::atomic<int> ready = 0;
  std::vector<std::unique_ptr<IoThread>> loops;
  std::vector<std::thread> threads;
  std::vector<int> counts(6);
  for (int i = 0; i < 3; ++i) loops.push_back(std::make_unique<IoThread>());
  for (size_t i = 0; i < counts.size(); ++i) {
    threads.emplace_back([&, i] {
      IoThread& io = *loops[i % loops.size()];
      counts[i] = io.BlockOn(CountUntilEnd(topic, io.executor(), ready));
    });
  }
  while (ready < 6) std::this_thread::yield();
  std::vector<std::thread> publishers;
  for (const char* name : {"a", "b", "c"}) {
    publishers.emplace_back([&topic, name] {
      for (int i = 1; i <= kMessages; ++i) {
        topic.Publish(Say(name + std::to_string(i))).IgnoreError();
      }
    });
  }
  for (std::thread& publisher : publishers) publisher.join();
  topic.Close();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counts, std::vector<int>(6, 3 * kMessages));
  EXPECT_EQ(topic.subscribers(), 0u);
}

Awaitable<int> ReadSome(Topic<Text>& topic, Executor executor, int count) {
  SubscribeOptions options;
  options.start = SubscribeOptions::Start::kOldest;
  options.when_slow = WhenSlow::kWait;
  absl::StatusOr<Subscription<Text>> subscription = topic.Subscribe(executor, options);
  int read = 0;
  while (read < count) {
    absl::StatusOr<std::shared_ptr<const Text>> next = co_await subscription->Next();
    if (!next.ok() || *next == nullptr) break;
    ++read;
  }
  co_return read;
}

Awaitable<int> PublishUntil(Topic<Text>& topic, std::atomic<bool>& stop) {
  int published = 0;
  while (!stop) {
    const absl::StatusOr<std::string> id = co_await topic.PublishAndWait(Say("x"));
    if (!id.ok()) break;
    ++published;
  }
  co_return published;
}

TEST(TopicThreadsTest, SubscribersComeAndGoWhileAPublisherWaitsForThem) {
  TopicOptions options;
  options.max_messages = 16;
  options.max_wait = absl::Hours(1);
  Topic<Text> topic(std::move(options));
  std::atomic<bool> stop = false;
  IoThread one, other, publisher;
  std::thread publishing([&] { EXPECT_GT(publisher.BlockOn(PublishUntil(topic, stop)), 0); });
  std::vector<std::thread> threads;
  for (IoThread* io : {&one, &other, &one}) {
    threads.emplace_back([&topic, io] {
      for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(io->BlockOn(ReadSome(topic, io->executor(), 50)), 50);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  stop = true;
  publishing.join();
}

}  // namespace
}  // namespace runnel
