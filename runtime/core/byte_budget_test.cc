#include "runtime/core/byte_budget.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using testing::HasSubstr;

TEST(ByteBudgetTest, IsForAllTogether) {
  ByteBudget budget(100, "Limits::some");
  ByteLease one(&budget);
  ByteLease two(&budget);
  EXPECT_TRUE(one.Resize(60).ok());
  EXPECT_TRUE(two.Resize(40).ok());
  EXPECT_THAT(two.Resize(41),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("limit is Limits::some = 100")));
  EXPECT_EQ(budget.held(), 100u);
  EXPECT_TRUE(one.Resize(59).ok());
  EXPECT_TRUE(two.Resize(41).ok());
}

TEST(ByteBudgetTest, GetsBackWhatIsNotHeldAnyMore) {
  ByteBudget budget(100, "Limits::some");
  for (int i = 0; i < 3; ++i) {
    ByteLease lease(&budget);
    EXPECT_TRUE(lease.Resize(100).ok());
  }
  EXPECT_EQ(budget.held(), 0u);
}

TEST(ByteBudgetTest, WithoutABudgetAnythingGoes) {
  ByteLease lease(nullptr);
  EXPECT_TRUE(lease.Resize(size_t{1} << 60).ok());
}

}  // namespace
}  // namespace runnel
