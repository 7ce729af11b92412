// Feeds whose connections to Redis are cut: at every byte, and at random again and again.

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/redis_topic/redis_topic_test.h"
#include "runtime/redis_topic/redis_topic_test_relay.h"

namespace runnel {
namespace {

using Cut = RedisTopicRelay::Cut;
using Direction = RedisTopicRelay::Direction;

class RedisTopicCutsTest : public RedisTopicTest {
 protected:
  // The first node makes the scripts known.
  void SetUp() override { Publish(*Node(SharedServer().url(), NewName()), "scripts"); }

  // Publishes and reads over the relay, and compares with what Redis has. On any thread, which has
  // a fixture of its own.
  void PublishAndReadOver(RedisTopicRelay& relay, const std::string& name) {
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
    Subscription<Text> here = Subscribe(node, FromOldest());
    ASSERT_EQ(Take(here, 6).texts, texts);
    ASSERT_EQ(node.status().lives, 1u);
    Publish(node, "7");  // and no sixth before it
    ASSERT_EQ(Take(here, 1).texts, Texts{"7"});
    // Seven, and the beginning of the epoch.
    const auto length = io_.BlockOn(direct_->Command({"XLEN", "runnel:feed:{" + name + "}"}));
    ASSERT_TRUE(length.ok()) << length.status();
    ASSERT_EQ(length->integer, 8);
  }

  const std::shared_ptr<RedisClient> direct_ = Client(SharedServer().url());
};

// One that makes its runs on a thread of its own.
class Runner final : public RedisTopicCutsTest {
 public:
  using RedisTopicCutsTest::PublishAndReadOver;

 private:
  void TestBody() override {}
};

// Every byte of Redis' replies, and of what is sent to it every fifth, beginning anywhere. The
// first connection is the one that publishes, the second reads.
TEST_F(RedisTopicCutsTest, LosesAndDoublesNothingWhereverAConnectionIsCut) {
  const uint64_t seed = std::random_device()();
  RedisTopicRelay whole(SharedServer().tcp_address());
  PublishAndReadOver(whole, NewName());
  std::vector<Cut> cuts;
  for (const size_t connection : {0, 1}) {
    for (const Direction direction : {Direction::kUp, Direction::kDown}) {
      const size_t bytes = whole.bytes(connection, direction);
      ASSERT_GT(bytes, 100u);
      const size_t step = direction == Direction::kUp ? 23 : 7;
      for (size_t after = seed % step; after < bytes; after += step) {
        cuts.push_back({connection, connection + 1, direction, after});
      }
    }
  }
  std::atomic<size_t> next = 0;
  std::atomic<int> made = 0;
  std::vector<Runner> runners(4);  // fixtures come and go on the main thread
  std::vector<std::thread> threads;
  for (size_t i = 0; i < runners.size(); ++i) {
    threads.emplace_back([&, &runner = runners[i]] {
      for (size_t n = next++; n < cuts.size() && !HasFailure(); n = next++) {
        const Cut& cut = cuts[n];
        SCOPED_TRACE("seed " + std::to_string(seed) + ", connection " + std::to_string(cut.first) +
                     ", cut " + (cut.direction == Direction::kUp ? "up" : "down") + " after " +
                     std::to_string(cut.after));
        RedisTopicRelay relay(SharedServer().tcp_address(), cut);
        runner.PublishAndReadOver(relay, "cut" + std::to_string(n));
        made += relay.cuts();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  // Not all: what is sent, and in how many pieces, is not the same each time.
  EXPECT_GT(made, static_cast<int>(cuts.size() / 2));
}

TEST_F(RedisTopicCutsTest, LosesAndDoublesNothingWhenSeveralAreCut) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  int cuts = 0;
  // A publish is about 350 bytes up and 45 down, a reader's opening 900 and 150.
  for (int run = 0; run < 50; ++run) {
    const Direction direction = random() % 2 == 0 ? Direction::kUp : Direction::kDown;
    const size_t after = random() % (direction == Direction::kUp ? 900 : 400);
    const size_t count = 2 + random() % 3;
    SCOPED_TRACE("run " + std::to_string(run) + ", cut after " + std::to_string(after));
    RedisTopicRelay relay(SharedServer().tcp_address(), Cut{0, count, direction, after});
    PublishAndReadOver(relay, NewName());
    if (HasFatalFailure()) return;
    cuts += relay.cuts();
  }
  EXPECT_GT(cuts, 50);
}

}  // namespace
}  // namespace runnel
