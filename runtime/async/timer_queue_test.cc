#include "runtime/async/timer_queue.h"

#include <algorithm>
#include <random>
#include <string>
#include <thread>

#include "gtest/gtest.h"

namespace runnel {
namespace {

// Times are long past, or far in the future: nothing here waits.
class TimerQueueTest : public testing::Test {
 protected:
  using Time = TimerQueue::Time;
  static Time Past(int number) { return Time() + std::chrono::seconds(number); }
  static Time Future(int number) {
    return std::chrono::steady_clock::now() + std::chrono::hours(1 + number);
  }

  std::unique_ptr<Timer> Add(Time when, std::string name) {
    return queue_->CallAt(when, [this, name = std::move(name)] { ran_ += name; });
  }
  void Poll() {
    loop_.restart();
    loop_.poll();
  }

  asio::io_context loop_{1};
  std::shared_ptr<TimerQueue> queue_ = TimerQueue::Of(loop_);
  std::string ran_;
};

TEST_F(TimerQueueTest, RunsWhatIsDueInTheOrderOfItsTimes) {
  const auto c = Add(Past(3), "c");
  const auto a = Add(Past(1), "a");
  const auto later = Add(Future(1), "later");
  const auto b = Add(Past(2), "b");
  EXPECT_EQ(ran_, "");
  Poll();
  EXPECT_EQ(ran_, "abc");
}

TEST_F(TimerQueueTest, RunsWhatIsDueAtTheSameTimeInTheOrderOfItsCalls) {
  std::vector<std::unique_ptr<Timer>> timers;
  for (char name = 'a'; name <= 'z'; ++name) timers.push_back(Add(Past(1), std::string(1, name)));
  Poll();
  EXPECT_EQ(ran_, "abcdefghijklmnopqrstuvwxyz");
}

TEST_F(TimerQueueTest, ForgetsDestroyedTimers) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  std::vector<std::unique_ptr<Timer>> timers;
  std::vector<int> times(200);
  for (int i = 0; i < 200; ++i) times[i] = i;
  std::shuffle(times.begin(), times.end(), random);
  std::vector<int> ran;
  for (int time : times) {
    timers.push_back(queue_->CallAt(Past(time), [&ran, time] { ran.push_back(time); }));
  }
  std::vector<int> kept;
  for (int i = 0; i < 200; ++i) {
    if (random() % 2 == 0) {
      timers[i].reset();
    } else {
      kept.push_back(times[i]);
    }
  }
  Poll();
  std::sort(kept.begin(), kept.end());
  EXPECT_EQ(ran, kept);
}

TEST_F(TimerQueueTest, LetsACallbackDestroyTimersAndAddThem) {
  std::unique_ptr<Timer> own;
  std::unique_ptr<Timer> next = Add(Past(2), "next");
  std::unique_ptr<Timer> added;
  own = queue_->CallAt(Past(1), [&] {
    ran_ += "own";
    next.reset();
    added = Add(Past(0), " added");
    own.reset();
  });
  while (ran_.empty()) loop_.poll_one();
  EXPECT_EQ(ran_, "own");
  Poll();
  EXPECT_EQ(ran_, "own added");
}

// A callback that adds one like itself leaves the loop its turns.
TEST_F(TimerQueueTest, RunsWhatCallbacksAddInALaterTurn) {
  std::unique_ptr<Timer> timer;
  int turns = 0;
  absl::AnyInvocable<void()> again = [&] {
    ++turns;
    timer = queue_->CallAt(Past(1), [&] { again(); });
  };
  again();
  while (turns == 1) loop_.poll_one();
  EXPECT_EQ(turns, 2);
}

TEST_F(TimerQueueTest, LetsALoopEndThatHasNoTimerAnyMore) {
  std::unique_ptr<Timer> far = Add(Future(2), "far");
  std::unique_ptr<Timer> near = Add(Future(1), "near");
  Poll();
  EXPECT_FALSE(loop_.stopped());
  near.reset();
  far.reset();
  Poll();
  EXPECT_TRUE(loop_.stopped());
  EXPECT_EQ(ran_, "");
}

TEST_F(TimerQueueTest, MovesUpForAnEarlierTimer) {
  const auto far = Add(Future(1), "far");
  Poll();
  const auto now = Add(Past(1), "now");
  Poll();
  EXPECT_EQ(ran_, "now");
}

TEST(TimerQueueEndTest, OutlivesItsLoop) {
  bool ran = false;
  std::unique_ptr<Timer> timer;
  std::shared_ptr<TimerQueue> queue;
  {
    asio::io_context loop;
    queue = TimerQueue::Of(loop);
    timer = queue->CallAt(TimerQueue::Time(), [&ran] { ran = true; });
  }
  const auto late = queue->CallAt(TimerQueue::Time(), [&ran] { ran = true; });
  timer.reset();
  EXPECT_FALSE(ran);
}

TEST(TimerQueueEndTest, TakesTimersFromOtherThreads) {
  asio::io_context loop;
  const std::shared_ptr<TimerQueue> queue = TimerQueue::Of(loop);
  std::vector<std::unique_ptr<Timer>> timers;
  int ran = 0;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) {
      timers.push_back(queue->CallAt(TimerQueue::Time(), [&ran] { ++ran; }));
    }
  });
  auto guard = asio::make_work_guard(loop);
  std::thread running([&loop] { loop.run(); });
  other.join();
  guard.reset();
  running.join();
  EXPECT_EQ(ran, 1000);
}

}  // namespace
}  // namespace runnel
