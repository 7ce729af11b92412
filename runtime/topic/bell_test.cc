#include "runtime/topic/bell.h"

#include <boost/asio/io_context.hpp>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/async/task_group.h"

namespace runnel {
namespace {

class BellTest : public testing::Test {
 protected:
  ~BellTest() override {
    tasks_.Cancel();
    Poll();
  }
  void Poll() {
    loop_.restart();
    loop_.poll();
  }
  // Listens so many times, one after the other.
  void Listen(int times) { tasks_.Spawn(Listening(bell_, times, heard_)); }
  static Awaitable<void> Listening(std::shared_ptr<Bell> bell, int times, int& heard) {
    for (int i = 0; i < times; ++i) {
      Signal signal;
      const Bell::Listener listener(bell, signal);
      const absl::Status waited = co_await signal.Wait();
      if (!waited.ok()) co_return;
      ++heard;
    }
  }

  asio::io_context loop_{1};
  std::shared_ptr<Bell> bell_ = std::make_shared<Bell>(loop_.get_executor());
  int heard_ = 0;
  TaskGroup tasks_{loop_.get_executor()};
};

TEST_F(BellTest, WakesEverybodyOnce) {
  for (int i = 0; i < 1000; ++i) Listen(2);
  Poll();
  bell_->Ring();
  Poll();
  EXPECT_EQ(heard_, 1000);
  bell_->Ring();
  Poll();
  EXPECT_EQ(heard_, 2000);
}

TEST_F(BellTest, RingsOnceUntilTheLoopComesToIt) {
  Listen(2);
  Poll();
  bell_->Ring();
  bell_->Ring();
  Poll();
  EXPECT_EQ(heard_, 1);
}

// Those who have not heard the first ring yet hear both as one.
TEST_F(BellTest, WakesThoseWhoListenAgainWhileOthersAreStillBeingWoken) {
  for (int i = 0; i < 100; ++i) Listen(2);
  Poll();
  bell_->Ring();
  while (heard_ < 50) loop_.run_one();
  const int have_heard = heard_;
  ASSERT_LT(have_heard, 100);
  bell_->Ring();
  Poll();
  EXPECT_GE(heard_, 100 + have_heard);
  bell_->Ring();
  Poll();
  EXPECT_EQ(heard_, 200);
}

TEST_F(BellTest, ForgetsListenersThatHaveGone) {
  for (int i = 0; i < 100; ++i) Listen(1);
  Poll();
  bell_->Ring();
  while (heard_ < 20) loop_.run_one();
  tasks_.Cancel();
  Poll();
  EXPECT_EQ(tasks_.size(), 0u);
  Listen(1);
  Poll();
  const int before = heard_;
  bell_->Ring();
  Poll();
  EXPECT_EQ(heard_, before + 1);
}

TEST_F(BellTest, MayRingWhenNobodyListens) {
  bell_->Ring();
  Poll();
  Listen(1);
  Poll();
  EXPECT_EQ(heard_, 0);
}

}  // namespace
}  // namespace runnel
