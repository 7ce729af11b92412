#include "runtime/async/interruptible.h"

#include <boost/asio/io_context.hpp>

#include "gtest/gtest.h"
#include "runtime/async/signal.h"
#include "runtime/async/task_group.h"

namespace runnel {
namespace {

class InterruptibleTest : public testing::Test {
 protected:
  Awaitable<void> RecordWait() {
    absl::Status status = co_await interruptible_.Await(signal_.Wait());
    last_ = status.code();
    ++ended_;
  }

  static Awaitable<int> Return(int value) { co_return value; }
  Awaitable<void> AddUp(int count) {
    for (int i = 0; i < count; ++i) {
      const int one = co_await interruptible_.Await(Return(1));
      sum_ += one;
    }
  }

  void Poll() {
    context_.restart();
    context_.poll();
  }

  asio::io_context context_{1};
  Signal signal_;
  Interruptible interruptible_;
  absl::StatusCode last_ = absl::StatusCode::kUnknown;
  int ended_ = 0;
  int sum_ = 0;
  TaskGroup tasks_{context_.get_executor()};
};

TEST_F(InterruptibleTest, ReturnsWhatTheOperationReturns) {
  tasks_.Spawn(RecordWait());
  Poll();
  signal_.Notify();
  Poll();
  EXPECT_EQ(last_, absl::StatusCode::kOk);
}

TEST_F(InterruptibleTest, OperationsThatNeedNotWaitUseUpNoStack) {
  tasks_.Spawn(AddUp(100000));
  Poll();
  EXPECT_EQ(sum_, 100000);
}

TEST_F(InterruptibleTest, InterruptCancelsTheOperation) {
  tasks_.Spawn(RecordWait());
  Poll();
  interruptible_.Interrupt();
  Poll();
  EXPECT_EQ(last_, absl::StatusCode::kCancelled);
}

TEST_F(InterruptibleTest, CancellingTheCallerCancelsTheOperation) {
  tasks_.Spawn(RecordWait());
  Poll();
  tasks_.Cancel();
  Poll();
  EXPECT_EQ(last_, absl::StatusCode::kCancelled);
}

TEST_F(InterruptibleTest, IsUsedAgain) {
  tasks_.Spawn(RecordWait());
  Poll();
  interruptible_.Interrupt();
  Poll();
  tasks_.Spawn(RecordWait());
  Poll();
  EXPECT_EQ(ended_, 1);
  signal_.Notify();
  Poll();
  EXPECT_EQ(ended_, 2);
  EXPECT_EQ(last_, absl::StatusCode::kOk);
}

}  // namespace
}  // namespace runnel
