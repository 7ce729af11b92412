#include "runtime/server/session_budget.h"

#include <boost/asio/io_context.hpp>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/task_group.h"

namespace runnel {
namespace {

class FakeHolder final : public SessionBudget::Holder {
 public:
  void GiveUp(const std::string& why) override { given_up = why; }
  std::string given_up;
};

TEST(SessionBudgetTest, OldestSessionWithoutAClientIsGivenUp) {
  SessionBudget budget(100);
  FakeHolder first;
  FakeHolder second;
  budget.AddDetached(first);
  budget.AddDetached(second);
  budget.Add(99);
  EXPECT_EQ(first.given_up, "");
  budget.Add(1);
  EXPECT_THAT(first.given_up, testing::HasSubstr("Limits::max_buffered_bytes"));
  EXPECT_EQ(second.given_up, "");
}

TEST(SessionBudgetTest, NextIsGivenUpOnlyWhenTheFirstHasGivenBackTooLittle) {
  SessionBudget budget(100);
  FakeHolder first;
  FakeHolder second;
  budget.AddDetached(first);
  budget.AddDetached(second);
  budget.Add(200);
  budget.Add(1);
  EXPECT_EQ(second.given_up, "") << "before the first had its chance";
  budget.RemoveDetached(first);
  budget.Add(-10);
  budget.Add(1);
  EXPECT_NE(second.given_up, "");
}

TEST(SessionBudgetTest, SessionWithAClientIsLeftAlone) {
  SessionBudget budget(100);
  FakeHolder holder;
  budget.AddDetached(holder);
  budget.RemoveDetached(holder);
  budget.Add(200);
  EXPECT_EQ(holder.given_up, "");
  EXPECT_FALSE(budget.open());
}

TEST(SessionBudgetTest, SessionThatLosesItsClientWhileNothingIsLeftIsGivenUp) {
  SessionBudget budget(100);
  budget.Add(200);
  FakeHolder holder;
  budget.AddDetached(holder);
  EXPECT_NE(holder.given_up, "");
}

Awaitable<void> Wait(SessionBudget& budget, bool& woken) {
  Signal room;
  RoomQueue::Waiter waiter(room);
  budget.room().Add(waiter);
  absl::Status waited = co_await room.Wait();
  woken = waited.ok();
}

TEST(SessionBudgetTest, WhoWaitsForRoomIsWoken) {
  asio::io_context context(1);
  SessionBudget budget(100);
  budget.Add(150);
  bool woken = false;
  TaskGroup tasks(context.get_executor());
  tasks.Spawn(Wait(budget, woken));
  context.poll();
  budget.Add(-50);
  context.restart();
  context.poll();
  EXPECT_FALSE(woken);
  budget.Add(-1);
  context.restart();
  context.poll();
  EXPECT_TRUE(woken);
  EXPECT_EQ(budget.held(), 99);
}

}  // namespace
}  // namespace runnel
