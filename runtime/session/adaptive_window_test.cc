#include "runtime/session/adaptive_window.h"

#include "gtest/gtest.h"

namespace runnel {
namespace {

class AdaptiveWindowTest : public testing::Test {
 protected:
  void Take(size_t bytes, absl::Duration after) {
    now_ += after;
    window_.OnTaken(bytes, now_);
  }

  absl::Time now_ = absl::UnixEpoch();
  AdaptiveWindow window_{1000, 5000};
};

TEST_F(AdaptiveWindowTest, GrowsUpToItsLimitForAFastReceiver) {
  Take(500, absl::Milliseconds(10));  // since when nobody knows
  EXPECT_EQ(window_.bytes(), 1000u);
  Take(500, absl::Milliseconds(10));
  EXPECT_EQ(window_.bytes(), 2000u);
  Take(1000, absl::Milliseconds(10));
  EXPECT_EQ(window_.bytes(), 4000u);
  Take(2000, absl::Milliseconds(10));
  EXPECT_EQ(window_.bytes(), 5000u);
  Take(2500, absl::Milliseconds(10));
  EXPECT_EQ(window_.bytes(), 5000u);
}

TEST_F(AdaptiveWindowTest, ShrinksToWhereItBeganForASlowReceiver) {
  for (int i = 0; i < 4; ++i) Take(window_.bytes(), absl::Milliseconds(10));
  ASSERT_EQ(window_.bytes(), 5000u);
  Take(2500, absl::Milliseconds(1100));
  EXPECT_EQ(window_.bytes(), 2500u);
  for (int i = 0; i < 4; ++i) Take(500, absl::Seconds(10));
  EXPECT_EQ(window_.bytes(), 1000u);
}

TEST_F(AdaptiveWindowTest, StaysAsItIsInBetween) {
  Take(500, absl::Seconds(1));
  Take(1000, absl::Seconds(1));
  EXPECT_EQ(window_.bytes(), 1000u);
}

// Which has as much time to come as the whole.
TEST_F(AdaptiveWindowTest, LooksAtTheRateAndNotAtTheAmount) {
  Take(1, absl::Milliseconds(10));
  Take(1, absl::Milliseconds(10));
  EXPECT_EQ(window_.bytes(), 1000u);
}

TEST_F(AdaptiveWindowTest, NothingTakenSaysNothing) {
  Take(500, absl::Milliseconds(10));
  Take(0, absl::ZeroDuration());
  Take(500, absl::Milliseconds(10));
  EXPECT_EQ(window_.bytes(), 2000u);
}

}  // namespace
}  // namespace runnel
