#include "runtime/json/number_text.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/stubs/strutil.h"
#include "gtest/gtest.h"

namespace runnel {
namespace {

std::string Written(double value) {
  char text[kMaxNumberText];
  return std::string(text, WriteDouble(value, text));
}

std::string Written(float value) {
  char text[kMaxNumberText];
  return std::string(text, WriteFloat(value, text));
}

TEST(NumberTextTest, WritesWhatProtobufWrites) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const auto check = [](double value) {
    if (!std::isfinite(value)) return;
    ASSERT_EQ(Written(value), google::protobuf::SimpleDtoa(value));
    const auto narrow = static_cast<float>(value);
    if (std::isfinite(narrow)) {
      ASSERT_EQ(Written(narrow), google::protobuf::SimpleFtoa(narrow));
    }
  };
  for (double value : {0.0,        -0.0,
                       1e15,       1e16,
                       1e17,       999999999999999.0,
                       0.0001,     0.00001,
                       0.1,        1e9,
                       1e10,       0.001,
                       0.0009,     123456.789,
                       5e-324,     2.2250738585072014e-308,
                       1e22,       1.7976931348623157e308,
                       16777216.0, 3.4028234663852886e38,
                       1e-45}) {
    check(value);
    check(-value);
  }
  for (int round = 0; round < 20'000; ++round) {
    const uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    check(value);
    float narrow;
    std::memcpy(&narrow, &bits, sizeof narrow);
    check(narrow);
    check(static_cast<double>(bits >> (bits & 63)) / std::pow(10, static_cast<int>(random() % 20)));
    check(std::ldexp(static_cast<double>(bits & 0xfffff), -1074));  // subnormal
    check(std::ldexp(static_cast<double>(bits & 0xfffff), -149));   // as a float
  }
}

TEST(NumberTextTest, ReadsBackWhatItWrites) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    const uint64_t bits = random();
    double value, read;
    std::memcpy(&value, &bits, sizeof value);
    if (std::isfinite(value)) {
      ASSERT_TRUE(NumberText(Written(value)).ToDouble(read)) << value;
      ASSERT_EQ(std::memcmp(&value, &read, sizeof value), 0) << value;
    }
    float narrow, narrow_read;
    std::memcpy(&narrow, &bits, sizeof narrow);
    if (std::isfinite(narrow)) {
      ASSERT_TRUE(NumberText(Written(narrow)).ToFloat(narrow_read)) << narrow;
      ASSERT_EQ(std::memcmp(&narrow, &narrow_read, sizeof narrow), 0) << narrow;
    }
  }
}

TEST(NumberTextTest, IntegersMayHavePointAndExponentWhenTheyAreWhole) {
  const struct {
    std::string text;
    bool is_int, is_uint;
    int64_t value;
  } kCases[] = {
      {"0", true, true, 0},
      {"-0", true, true, 0},
      {"-1", true, false, -1},
      {"1.0", true, true, 1},
      {"1.5", false, false, 0},
      {"12e2", true, true, 1200},
      {"1200e-2", true, true, 12},
      {"1e-2", false, false, 0},
      {"9223372036854775807", true, true, std::numeric_limits<int64_t>::max()},
      {"-9223372036854775808", true, false, std::numeric_limits<int64_t>::min()},
      {"-9223372036854775809", false, false, 0},
      {"9.223372036854775807e18", true, true, std::numeric_limits<int64_t>::max()},
      {"-9223372036854775808.000", true, false, std::numeric_limits<int64_t>::min()},
      {"9.223372036854775808e18", false, true, std::numeric_limits<int64_t>::min()},  // 2^63
      {"9007199254740993.0", true, true, 9007199254740993},                           // no double
      {"1.0000000000000000000001", false, false, 0},
      {"100.00e-2", true, true, 1},
      {"100.10e1", true, true, 1001},
      {"0.000e400", true, true, 0},
      {"-0.0e-400", true, true, 0},
      {"0.00000000000000000000012e23", true, true, 12},
      {"18446744073709551615.0", false, true, -1},
      {"1.8446744073709551616e19", false, false, 0},
      {"18446744073709551615e1", false, false, 0},
      {"18446744073709551616", false, false, 0},
      {"1e400", false, false, 0},
      {"-1e400", false, false, 0},
  };
  for (const auto& c : kCases) {
    const NumberText number(c.text);
    ASSERT_TRUE(number.valid()) << c.text;
    int64_t value = 0;
    uint64_t positive = 0;
    EXPECT_EQ(number.ToInt64(value), c.is_int) << c.text;
    EXPECT_EQ(number.ToUint64(positive), c.is_uint) << c.text;
    if (c.is_int) {
      EXPECT_EQ(value, c.value) << c.text;
    }
    if (c.is_uint) {
      EXPECT_EQ(positive, static_cast<uint64_t>(c.value)) << c.text;
    }
  }
  uint64_t largest = 0;
  EXPECT_TRUE(NumberText("18446744073709551615").ToUint64(largest));
  EXPECT_EQ(largest, std::numeric_limits<uint64_t>::max());
}

TEST(NumberTextTest, DoublesMayBeTooLargeButNotTooSmall) {
  double value = 1;
  EXPECT_FALSE(NumberText("1.8e308").ToDouble(value));
  EXPECT_FALSE(NumberText("-1e99999999999999999999").ToDouble(value));
  EXPECT_TRUE(NumberText("1e-99999999999999999999").ToDouble(value));
  EXPECT_EQ(value, 0);
  EXPECT_TRUE(NumberText("0." + std::string(100'000, '0') + "1e100000").ToDouble(value));
  EXPECT_EQ(value, 0.1);
  EXPECT_TRUE(NumberText("-0").ToDouble(value));
  EXPECT_TRUE(std::signbit(value));
}

TEST(NumberTextTest, FloatsAreRoundedAtTheirEdge) {
  constexpr float kMax = std::numeric_limits<float>::max();
  float value = 0;
  EXPECT_TRUE(NumberText("3.4028235e38").ToFloat(value));  // just above it
  EXPECT_EQ(value, kMax);
  EXPECT_TRUE(NumberText("-3.4028235e38").ToFloat(value));
  EXPECT_EQ(value, -kMax);
  EXPECT_FALSE(NumberText("3.4028236e38").ToFloat(value));
  EXPECT_TRUE(NumberText("16777217").ToFloat(value));
  EXPECT_EQ(value, 16777216.0f);
}

TEST(NumberTextTest, SaysWhatIsNoNumber) {
  const struct {
    std::string text, what;
    size_t size;
  } kCases[] = {
      {"", "expected a digit", 0},
      {"-", "expected a digit", 1},
      {"+1", "expected a digit", 0},
      {".5", "expected a digit", 0},
      {"01", "expected no digit after a leading 0", 1},
      {"1.", "expected a digit after '.'", 2},
      {"1.e1", "expected a digit after '.'", 2},
      {"1e", "expected a digit in the exponent", 2},
      {"1e+", "expected a digit in the exponent", 3},
  };
  for (const auto& c : kCases) {
    const NumberText number(c.text);
    ASSERT_FALSE(number.valid()) << c.text;
    EXPECT_STREQ(number.what(), c.what.c_str());
    EXPECT_EQ(number.size(), c.size) << c.text;
  }
  EXPECT_EQ(NumberText("12abc").size(), 2u);
  EXPECT_EQ(NumberText("0x1").size(), 1u);
}

}  // namespace
}  // namespace runnel
