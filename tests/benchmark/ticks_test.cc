#include "tests/benchmark/ticks.h"

#include <gtest/gtest.h>

namespace runnel::benchmark {
namespace {

TEST(TicksTest, AreAsLargeAsTheFiguresSay) {
  EXPECT_EQ(MakeTick(100).ByteSizeLong(), 136u);
  EXPECT_EQ(MakeTick(0).ByteSizeLong(), 34u);
}

TEST(TicksTest, PassTheCheckInTheirTurn) {
  for (int payload_bytes : {0, 1, 100, 16 * 1024}) {
    Tick tick = MakeTick(payload_bytes);
    EXPECT_EQ(CheckTick(tick, 0, payload_bytes), absl::OkStatus());
    SetSequence(tick, 7);
    EXPECT_EQ(CheckTick(tick, 7, payload_bytes), absl::OkStatus());
  }
}

TEST(TicksTest, FailTheCheckOutOfTurn) {
  Tick tick = MakeTick(100);
  SetSequence(tick, 7);
  EXPECT_EQ(CheckTick(tick, 6, 100).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CheckTick(tick, 8, 100).code(), absl::StatusCode::kDataLoss);
}

TEST(TicksTest, FailTheCheckWithOtherContents) {
  EXPECT_EQ(CheckTick(Tick(), 0, 0).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CheckTick(MakeTick(99), 0, 100).code(), absl::StatusCode::kDataLoss);
  Tick tick = MakeTick(100);
  tick.mutable_payload()->back() ^= 1;
  EXPECT_EQ(CheckTick(tick, 0, 100).code(), absl::StatusCode::kDataLoss);
  tick = MakeTick(100);
  tick.set_bid(1);
  EXPECT_EQ(CheckTick(tick, 0, 100).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace runnel::benchmark
