#include "runtime/client/backoff.h"

#include "gtest/gtest.h"

namespace runnel {
namespace {

TEST(BackoffTest, DoublesUpToItsLimitAndKeepsTheUpperHalf) {
  Backoff backoff(absl::Milliseconds(100), absl::Milliseconds(300));
  for (const absl::Duration longest : {absl::Milliseconds(100), absl::Milliseconds(200),
                                       absl::Milliseconds(300), absl::Milliseconds(300)}) {
    const absl::Duration delay = backoff.Next();
    EXPECT_GE(delay, longest / 2);
    EXPECT_LE(delay, longest);
  }
}

TEST(BackoffTest, StartsAgainAfterReset) {
  Backoff backoff(absl::Milliseconds(100), absl::Seconds(10));
  for (int i = 0; i < 5; ++i) backoff.Next();
  backoff.Reset();
  EXPECT_LE(backoff.Next(), absl::Milliseconds(100));
}

}  // namespace
}  // namespace runnel
