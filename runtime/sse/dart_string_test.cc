#include "runtime/sse/dart_string.h"

#include <string>

#include "gtest/gtest.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

std::string Written(std::string_view text) {
  std::string out;
  AppendDartString(text, out);
  return out;
}

TEST(DartStringTest, IsWrittenAsDartDoes) {
  EXPECT_EQ(Written(""), R"("")");
  EXPECT_EQ(Written("line1\nline2 \"q\" \\ €"), R"("line1\nline2 \"q\" \\ €")");
  EXPECT_EQ(Written("\b\t\n\f\r"), R"("\b\t\n\f\r")");
  EXPECT_EQ(Written(std::string_view("\0\v\x1f", 3)), R"("\u0000\u000b\u001f")");
  EXPECT_EQ(Written("/<>&\x7f\u2028\U0001F600"), "\"/<>&\x7f\u2028\U0001F600\"");
}

TEST(DartStringTest, WritesWhatIsNotUtf8AsReplacementCharacters) {
  EXPECT_EQ(Written("a\xff"
                    "b"),
            "\"a\uFFFDb\"");
}

TEST(DartStringTest, ReadsEveryEscape) {
  const auto text = ParseDartString(R"( "\"\\\/\b\f\n\r\t\u0041\u20aC\ud83d\uDE00" )");
  EXPECT_THAT(text, IsOkAndHolds(std::string("\"\\/\b\f\n\r\tA€\U0001F600")));
}

TEST(DartStringTest, ReadsLoneSurrogatesAsReplacementCharacters) {
  EXPECT_THAT(ParseDartString(R"("\ud800")"), IsOkAndHolds(std::string("\uFFFD")));
  EXPECT_THAT(ParseDartString(R"("a\udc00b")"), IsOkAndHolds(std::string("a\uFFFDb")));
  EXPECT_THAT(ParseDartString(R"("\ud800\ud83d\ude00")"),
              IsOkAndHolds(std::string("\uFFFD\U0001F600")));
  EXPECT_THAT(ParseDartString(R"("\ud800\u0041")"), IsOkAndHolds(std::string("\uFFFDA")));
}

TEST(DartStringTest, ReadsWhatIsNotUtf8AsReplacementCharacters) {
  EXPECT_THAT(ParseDartString("\"\xed\xa0\x80\""), IsOkAndHolds(std::string("\uFFFD\uFFFD\uFFFD")));
}

TEST(DartStringTest, RefusesWhatIsNoString) {
  for (const std::string_view json :
       {"", " ", "{}", "null", "7", "\"", "\"a", "\"a\\\"", "\"a\" x", "\"a\"\"b\"", "\"\n\"",
        "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\"}) {
    EXPECT_THAT(ParseDartString(json), StatusIs(absl::StatusCode::kInvalidArgument)) << json;
  }
}

TEST(DartStringTest, ReadsWhatItWrote) {
  std::string all;
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  all += "äöü€\U0001F600";
  EXPECT_THAT(ParseDartString(Written(all)), IsOkAndHolds(all));
}

}  // namespace
}  // namespace runnel
