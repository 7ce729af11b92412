#include "runnel/log_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace runnel {
namespace {

using ::testing::EndsWith;
using ::testing::SizeIs;

const absl::Time kTime = absl::FromUnixMicros(1'700'000'000'123'456);

std::string Line(LogFormat format, std::string_view value) {
  std::string text;
  LogLine(format, kTime, text).Add("v", value).End();
  return text;
}

// What comes behind the time.
std::string Text(std::string_view value) {
  const std::string line = Line(LogFormat::kText, value);
  constexpr std::string_view kBegin = "time=2023-11-14T22:13:20.123456Z v=";
  EXPECT_TRUE(line.starts_with(kBegin)) << line;
  EXPECT_THAT(line, EndsWith("\n"));
  return line.substr(kBegin.size(), line.size() - kBegin.size() - 1);
}

std::string Json(std::string_view value) {
  const std::string line = Line(LogFormat::kJson, value);
  constexpr std::string_view kBegin = R"({"time":"2023-11-14T22:13:20.123456Z","v":)";
  EXPECT_TRUE(line.starts_with(kBegin)) << line;
  EXPECT_THAT(line, EndsWith("}\n"));
  return line.substr(kBegin.size(), line.size() - kBegin.size() - 2);
}

TEST(LogLineTest, WritesNumbersTimesAndDurations) {
  for (LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    std::string text;
    LogLine(format, kTime, text)
        .Add("n", uint64_t{18446744073709551615u})
        .Add("b", true)
        .AddMilliseconds("d_ms", absl::Microseconds(1234567))
        .AddMilliseconds("e_ms", absl::Microseconds(-5))
        .Add("t", kTime)
        .End();
    EXPECT_EQ(text,
              format == LogFormat::kText
                  ? "time=2023-11-14T22:13:20.123456Z n=18446744073709551615 b=true "
                    "d_ms=1234.567 e_ms=0.000 t=2023-11-14T22:13:20.123456Z\n"
                  : R"({"time":"2023-11-14T22:13:20.123456Z","n":18446744073709551615,"b":true,)"
                    R"("d_ms":1234.567,"e_ms":0.000,"t":"2023-11-14T22:13:20.123456Z"})"
                    "\n");
  }
}

TEST(LogLineTest, QuotesTextWhereItMust) {
  EXPECT_EQ(Text("plain-text:1/2"), "plain-text:1/2");
  EXPECT_EQ(Text(""), R"("")");
  EXPECT_EQ(Text("two words"), R"("two words")");
  EXPECT_EQ(Text("a=b"), R"("a=b")");
  EXPECT_EQ(Text("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(Text("Grüße"), R"("Grüße")");
  EXPECT_EQ(Json("plain"), R"("plain")");
}

TEST(LogLineTest, EscapesWhatTerminalsAndReadersOfLinesActUpon) {
  const struct {
    std::string_view value;
    std::string_view escaped;
  } kCases[] = {
      {"a\nevent=call", R"("a\nevent=call")"},
      {"\r", R"("\u000d")"},
      {std::string_view("\0", 1), R"("\u0000")"},
      {"\x1b[31m", R"("\u001b[31m")"},
      {"\x7f", R"("\u007f")"},
      {"\xC2\x9B", R"("\u009b")"},      // CSI
      {"\xE2\x80\xA8", R"("\u2028")"},  // an end of line
      {"\xE2\x80\xAE", R"("\u202e")"},  // turns the direction
      {"\xEF\xBB\xBF", R"("\ufeff")"},
  };
  for (const auto& one : kCases) {
    EXPECT_EQ(Text(one.value), one.escaped);
    EXPECT_EQ(Json(one.value), one.escaped);
  }
}

TEST(LogLineTest, ReplacesWhatIsNoUtf8) {
  for (std::string_view bad : {"\xFF", "\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80",
                               "\xF5\x80\x80\x80", "\xE2\x82", "\xF0\x9F\x98"}) {
    std::string expected = "\"";
    for (size_t i = 0; i < bad.size(); ++i) expected += "\xEF\xBF\xBD";
    EXPECT_EQ(Json(bad), expected + "\"") << testing::PrintToString(bad);
  }
  EXPECT_EQ(Json("\xF0\x9F\x98\x80"), "\"\xF0\x9F\x98\x80\"");
}

TEST(LogLineTest, CutsLongValuesBetweenCharacters) {
  for (int before = 0; before < 4; ++before) {
    std::string value(static_cast<size_t>(1021 + before), 'a');
    value += "\xF0\x9F\x98\x80";
    value.append(5000, 'b');
    const std::string text = Json(value);
    EXPECT_THAT(text, EndsWith("\xE2\x80\xA6\""));
    EXPECT_EQ(text.find("\xEF\xBF\xBD"), text.npos) << before;
    EXPECT_LE(text.size(), 1024u + 5);
    EXPECT_GE(text.size(), 1021u + 5);
  }
}

}  // namespace
}  // namespace runnel
