#include "tests/fault/schedule.h"

#include <gtest/gtest.h>

#include "runtime/testing/status_matchers.h"

namespace fault {
namespace {

using runnel::StatusIs;

TEST(ScheduleTest, SaysWhatItParses) {
  const std::string text =
      "cut-reply n=3 bytes=120; double n=4 for=250ms; cutter for=15s; limit bytes=8192; buffer; "
      "cut-all at=2.5s; kill at=4s for=1s";
  absl::StatusOr<Schedule> schedule = Schedule::Parse(text);
  ASSERT_TRUE(schedule.ok()) << schedule.status();
  ASSERT_EQ(schedule->faults.size(), 7u);
  EXPECT_EQ(schedule->faults[0].exchange, 3u);
  EXPECT_EQ(schedule->faults[0].bytes, 120u);
  EXPECT_EQ(schedule->ToString(), text);
}

TEST(ScheduleTest, RefusesWhatItDoesNotUnderstand) {
  for (const char* text : {"explode", "cut-all n=3", "cut-reply n=x", "kill at", "cut-all at=2"}) {
    EXPECT_THAT(Schedule::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
  EXPECT_TRUE(Schedule::Parse(" ; ")->faults.empty());
}

TEST(ScheduleTest, DrawsAreRepeatableAndSurviveBeingText) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Dice one(seed);
    Dice other(seed);
    const Schedule schedule = Schedule::Draw(one, {}, 100);
    EXPECT_EQ(schedule.faults, Schedule::Draw(other, {}, 100).faults);
    absl::StatusOr<Schedule> parsed = Schedule::Parse(schedule.ToString());
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->faults, schedule.faults) << schedule.ToString();
  }
}

TEST(ScheduleTest, NineOfTenDrawsHaveNoReasonToLoseASession) {
  int gentle = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Dice dice(seed);
    const Schedule schedule = Schedule::Draw(dice, {}, 100);
    gentle += !schedule.EndsSessions();
  }
  EXPECT_GE(gentle, 1800);
  EXPECT_LT(gentle, 2000);
}

TEST(ScheduleTest, DrawsOnlyFromTheGroupsThatAreWanted) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Dice dice(seed);
    for (const Fault& fault : Schedule::Draw(dice, {"drop", "kill"}, 100).faults) {
      EXPECT_TRUE(fault.kind == FaultKind::kCutReply || fault.kind == FaultKind::kKill);
    }
  }
}

// A limit that the parts of a message cannot pass would stop a call for good.
TEST(ScheduleTest, LimitsLeaveRoomForOnePartOfAMessage) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Dice dice(seed);
    for (const Fault& fault : Schedule::Draw(dice, {"limit"}, 300'000).faults) {
      EXPECT_GE(fault.bytes, 128u * 1024);
    }
  }
}

TEST(ScheduleTest, KnowsWhatEndsSessions) {
  EXPECT_TRUE(Schedule::Parse("kill at=1s for=0")->EndsSessions());
  EXPECT_TRUE(Schedule::Parse("refuse at=1s for=140s")->EndsSessions());
  EXPECT_FALSE(Schedule::Parse("refuse at=1s for=60s; cut-all at=200s")->EndsSessions());
}

}  // namespace
}  // namespace fault
