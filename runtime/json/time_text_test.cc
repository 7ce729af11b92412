#include "runtime/json/time_text.h"

#include <random>
#include <string>

#include "gtest/gtest.h"

namespace runnel {
namespace {

constexpr int64_t kMinTime = -62'135'596'800, kMaxTime = 253'402'300'799;
constexpr int64_t kMaxDuration = 315'576'000'000;

std::string Timestamp(int64_t seconds, int32_t nanos) {
  char text[kMaxTimeText];
  const char* const end = WriteTimestamp({seconds, nanos}, text);
  return end == nullptr ? "none" : std::string(static_cast<const char*>(text), end);
}

std::string Duration(int64_t seconds, int32_t nanos) {
  char text[kMaxTimeText];
  const char* const end = WriteDuration({seconds, nanos}, text);
  return end == nullptr ? "none" : std::string(static_cast<const char*>(text), end);
}

TEST(TimeTextTest, WritesTimestamps) {
  EXPECT_EQ(Timestamp(0, 0), "\"1970-01-01T00:00:00Z\"");
  EXPECT_EQ(Timestamp(-1, 999'999'999), "\"1969-12-31T23:59:59.999999999Z\"");
  EXPECT_EQ(Timestamp(951'782'400, 120'000'000), "\"2000-02-29T00:00:00.120Z\"");
  EXPECT_EQ(Timestamp(1, 1'000), "\"1970-01-01T00:00:01.000001Z\"");
  EXPECT_EQ(Timestamp(kMinTime, 0), "\"0001-01-01T00:00:00Z\"");
  EXPECT_EQ(Timestamp(kMaxTime, 0), "\"9999-12-31T23:59:59Z\"");
  EXPECT_EQ(Timestamp(kMinTime - 1, 0), "none");
  EXPECT_EQ(Timestamp(kMaxTime + 1, 0), "none");
  EXPECT_EQ(Timestamp(0, -1), "none");
  EXPECT_EQ(Timestamp(0, 1'000'000'000), "none");
}

TEST(TimeTextTest, WritesDurations) {
  EXPECT_EQ(Duration(0, 0), "\"0s\"");
  EXPECT_EQ(Duration(-1, -500'000'000), "\"-1.500s\"");
  EXPECT_EQ(Duration(0, -1), "\"-0.000000001s\"");
  EXPECT_EQ(Duration(kMaxDuration, 999'999'999), "\"315576000000.999999999s\"");
  EXPECT_EQ(Duration(kMaxDuration + 1, 0), "none");
  EXPECT_EQ(Duration(INT64_MIN, 0), "none");
  EXPECT_EQ(Duration(1, -1), "none");
  EXPECT_EQ(Duration(-1, 1), "none");
  EXPECT_EQ(Duration(0, 1'000'000'000), "none");
}

TEST(TimeTextTest, ReadsBackWhatItWrites) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 10'000; ++round) {
    const auto seconds = kMinTime + static_cast<int64_t>(random() % (kMaxTime - kMinTime + 1));
    const auto nanos = static_cast<int32_t>(random() % 1'000'000'000);
    const std::string time = Timestamp(seconds, nanos);
    SecondsAndNanos read;
    ASSERT_TRUE(ReadTimestamp(std::string_view(time).substr(1, time.size() - 2), read)) << time;
    ASSERT_EQ(read.seconds, seconds) << time;
    ASSERT_EQ(read.nanos, nanos) << time;
  }
}

TEST(TimeTextTest, ReadsOffsetsAndAnyDecimals) {
  const struct {
    std::string_view text;
    int64_t seconds;
    int32_t nanos;
  } kCases[] = {
      {"1970-01-01T01:30:00+01:30", 0, 0},
      {"1969-12-31T23:00:00.5-01:00", 0, 500'000'000},
      {"1970-01-01T00:00:00.123456789987Z", 0, 123'456'789},
      {"1970-01-01T00:00:00-00:00", 0, 0},
  };
  for (const auto& c : kCases) {
    SecondsAndNanos read;
    ASSERT_TRUE(ReadTimestamp(c.text, read)) << c.text;
    EXPECT_EQ(read.seconds, c.seconds) << c.text;
    EXPECT_EQ(read.nanos, c.nanos) << c.text;
  }
}

TEST(TimeTextTest, RefusesWhatIsNoTime) {
  for (std::string_view text :
       {"", "1970-01-01", "1970-01-01T00:00:00", "1970-1-01T00:00:00Z", "1970-01-01t00:00:00Z",
        "1970-01-01T00:00:00z", "1970-01-01 00:00:00Z", "0000-01-01T00:00:00Z",
        "1970-13-01T00:00:00Z", "1970-02-29T00:00:00Z", "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z", "1970-01-01T00:00:60Z", "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00Z ", "1970-01-01T00:00:00+0100", "1970-01-01T00:00:00+24:00",
        "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"}) {
    SecondsAndNanos read;
    EXPECT_FALSE(ReadTimestamp(text, read)) << text;
  }
}

TEST(TimeTextTest, ReadsDurations) {
  SecondsAndNanos read;
  ASSERT_TRUE(ReadDuration("-1.5s", read));
  EXPECT_EQ(read.seconds, -1);
  EXPECT_EQ(read.nanos, -500'000'000);
  ASSERT_TRUE(ReadDuration("315576000000s", read));
  EXPECT_EQ(read.seconds, kMaxDuration);
  for (std::string_view text :
       {"", "s", "1", "-s", "+1s", " 1s", "1 s", ".5s", "1.s", "1e3s", "--1s", "1.0000000001s",
        "315576000001s", "99999999999999999999s", "1sec"}) {
    EXPECT_FALSE(ReadDuration(text, read)) << text;
  }
}

}  // namespace
}  // namespace runnel
