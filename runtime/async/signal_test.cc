#include "runtime/async/signal.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/async/task_group.h"
#include "runtime/testing/manual_clock.h"

namespace runnel {
namespace {

class SignalTest : public testing::Test {
 protected:
  // Waits with `signal_` and records what came of it.
  Awaitable<void> RecordWait() {
    absl::Status status = co_await signal_->Wait();
    outcomes_.push_back(status.code());
  }
  Awaitable<void> RecordWaitUntil(absl::Time deadline) {
    absl::Status status = co_await signal_->WaitUntil(clock_, deadline);
    outcomes_.push_back(status.code());
  }
  Awaitable<void> RecordWaitTwice() {
    co_await RecordWait();
    co_await RecordWait();
  }
  Awaitable<void> RecordSleep(absl::Duration duration) {
    absl::Status status = co_await SleepFor(clock_, duration);
    outcomes_.push_back(status.code());
  }
  Awaitable<void> RecordJoin(TaskGroup& group) {
    co_await group.Join();
    outcomes_.push_back(absl::StatusCode::kOk);
  }

  void Poll() {
    context_.restart();
    context_.poll();
  }

  ManualClock clock_;
  asio::io_context context_{1};
  std::unique_ptr<Signal> signal_ = std::make_unique<Signal>();
  std::vector<absl::StatusCode> outcomes_;
  TaskGroup tasks_{context_.get_executor()};
  TaskGroup ended_already_{context_.get_executor()};
};

using Codes = std::vector<absl::StatusCode>;

TEST_F(SignalTest, ResumesEveryWaiterInsideTheCallWhereAsked) {
  tasks_.Spawn(RecordWait());
  tasks_.Spawn(RecordWait());
  Poll();
  signal_->NotifyNow();
  EXPECT_EQ(outcomes_, Codes(2, absl::StatusCode::kOk));
}

TEST_F(SignalTest, WhoeverWaitsAgainInsideTheCallWaitsForTheNext) {
  tasks_.Spawn(RecordWaitTwice());
  Poll();
  signal_->NotifyNow();
  EXPECT_EQ(outcomes_, Codes(1, absl::StatusCode::kOk));
  EXPECT_TRUE(signal_->has_waiters());
}

TEST_F(SignalTest, ATaskThatNeedNotWaitEndsInsideSpawn) {
  asio::post(context_, [this] {
    tasks_.Spawn(RecordWait());
    tasks_.Spawn(RecordJoin(ended_already_));
    EXPECT_EQ(tasks_.size(), 1u);
  });
  Poll();
  EXPECT_EQ(outcomes_, Codes(1, absl::StatusCode::kOk));
}

TEST_F(SignalTest, ResumesEveryWaiterFromTheLoop) {
  tasks_.Spawn(RecordWait());
  tasks_.Spawn(RecordWait());
  Poll();
  signal_->Notify();
  EXPECT_EQ(outcomes_, Codes());
  Poll();
  EXPECT_EQ(outcomes_, Codes(2, absl::StatusCode::kOk));
}

TEST_F(SignalTest, RemembersNoNotificationForLater) {
  signal_->Notify();
  tasks_.Spawn(RecordWait());
  Poll();
  EXPECT_EQ(outcomes_, Codes());
  EXPECT_TRUE(signal_->has_waiters());
}

TEST_F(SignalTest, CancelsTheWaitersThatAreLeftWhenItEnds) {
  tasks_.Spawn(RecordWait());
  Poll();
  signal_.reset();
  Poll();
  EXPECT_EQ(outcomes_, Codes({absl::StatusCode::kCancelled}));
}

TEST_F(SignalTest, WaitIsCancelledWithItsCoroutineAndSoIsEveryLaterOne) {
  tasks_.Spawn(RecordWaitTwice());
  Poll();
  tasks_.Cancel();
  Poll();
  EXPECT_EQ(outcomes_, Codes(2, absl::StatusCode::kCancelled));
}

TEST_F(SignalTest, WaitUntilEndsAtItsDeadline) {
  tasks_.Spawn(RecordWaitUntil(clock_.Now() + absl::Seconds(5)));
  Poll();
  clock_.Advance(absl::Seconds(4));
  Poll();
  EXPECT_EQ(outcomes_, Codes());
  clock_.Advance(absl::Seconds(1));
  Poll();
  EXPECT_EQ(outcomes_, Codes({absl::StatusCode::kDeadlineExceeded}));
}

TEST_F(SignalTest, NotifyWinsOverADeadlineInTheSameTurn) {
  tasks_.Spawn(RecordWaitUntil(clock_.Now() + absl::Seconds(5)));
  Poll();
  signal_->Notify();
  clock_.Advance(absl::Seconds(5));
  Poll();
  EXPECT_EQ(outcomes_, Codes({absl::StatusCode::kOk}));
}

TEST_F(SignalTest, SleepEndsWithTimeOrWithCancellation) {
  tasks_.Spawn(RecordSleep(absl::Seconds(1)));
  tasks_.Spawn(RecordSleep(absl::Seconds(9)));
  Poll();
  clock_.Advance(absl::Seconds(1));
  Poll();
  EXPECT_EQ(outcomes_, Codes({absl::StatusCode::kOk}));
  tasks_.Cancel();
  Poll();
  EXPECT_EQ(outcomes_, Codes({absl::StatusCode::kOk, absl::StatusCode::kCancelled}));
}

TEST_F(SignalTest, GroupIsJoinedWhenItsLastTaskEnds) {
  TaskGroup other(context_.get_executor());
  other.Spawn(RecordWait());
  tasks_.Spawn(RecordJoin(other));
  Poll();
  EXPECT_EQ(other.size(), 1u);
  signal_->Notify();
  Poll();
  EXPECT_EQ(outcomes_, Codes(2, absl::StatusCode::kOk));
  EXPECT_EQ(other.size(), 0u);
}

TEST(SignalLifetimeTest, LoopThatEndsFreesTheCoroutinesThatWait) {
  // A coroutine that owns the very signal it waits for: only the loop can free it.
  struct Flag {
    explicit Flag(bool& f) : freed(f) {}
    ~Flag() { freed = true; }
    bool& freed;
  };
  struct Waiting {
    static Awaitable<void> For(std::unique_ptr<Flag> flag) {
      Signal own;
      absl::Status status = co_await own.Wait();
      status.IgnoreError();
    }
  };
  bool freed = false;
  {
    asio::io_context context(1);
    TaskGroup tasks(context.get_executor());
    tasks.Spawn(Waiting::For(std::make_unique<Flag>(freed)));
    context.poll();
    EXPECT_FALSE(freed);
  }
  EXPECT_TRUE(freed);
}

}  // namespace
}  // namespace runnel
