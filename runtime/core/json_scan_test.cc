#include "runtime/core/json_scan.h"

#include <random>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;

TEST(JsonScanTest, AcceptsJson) {
  for (std::string_view text :
       {"0", "-0", "1.5e+10", "1E-2", "true", "false", "null", "\"\"", "[]", "{}", " [ ] ",
        "\t{\r\n}", "[1,[2,{\"a\":[]}],{}]", R"({"a":1,"a":{"b":[true,null]},"":""})",
        R"("\"\\\/\b\f\n\r\t\u00e4\uD83D\uDE00")", "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"",
        "1e999", "\"\x7f\""}) {
    EXPECT_THAT(ScanJson(text, 100), IsOk()) << text;
  }
}

TEST(JsonScanTest, SaysWhereAndWhatWasExpected) {
  const struct {
    std::string text, error;
  } kCases[] = {
      {"", "byte 0: expected a value, not the end"},
      {"  ", "byte 2: expected a value, not the end"},
      {"{\"key\" 1}", "byte 7: expected ':' after a key"},
      {"{", "byte 1: expected a key or '}'"},
      {"{1:2}", "byte 1: expected a key or '}'"},
      {"{\"a\":1,}", "byte 7: expected a key after ','"},
      {"{\"a\":}", "byte 5: expected a value"},
      {"{\"a\":1", "byte 6: expected ',' or '}'"},
      {"{\"a\":1]", "byte 6: expected ',' or '}'"},
      {"[1 2]", "byte 3: expected ',' or ']'"},
      {"[1,]", "byte 3: expected a value"},
      {"[", "byte 1: expected a value, not the end"},
      {"[[]", "byte 3: expected ',' or ']'"},
      {"]", "byte 0: expected a value"},
      {"{} {}", "byte 3: expected the end"},
      {"tru", "byte 0: expected a value"},
      {"nulll", "byte 4: expected the end"},
      {"NaN", "byte 0: expected a value"},
      {"'a'", "byte 0: expected a value"},
      {"01", "byte 1: expected no digit after a leading 0"},
      {"-", "byte 1: expected a digit"},
      {"+1", "byte 0: expected a value"},
      {".5", "byte 0: expected a value"},
      {"1.", "byte 2: expected a digit after '.'"},
      {"1e", "byte 2: expected a digit in the exponent"},
      {"0x1", "byte 1: expected the end"},
      {"\"a", "byte 2: the text ends inside a string"},
      {"\"\\", "byte 1: the text ends inside a string"},
      {"\"\\x\"", "byte 1: expected one of"},
      {"\"\\u12g4\"", "byte 1: expected four hexadecimal digits"},
      {"\"\\u12", "byte 1: expected four hexadecimal digits"},
      {"\"\\ud800\"", "byte 1: expected surrogates in a pair"},
      {"\"\\ud800\\u0041\"", "byte 1: expected surrogates in a pair"},
      {"\"\\udc00\"", "byte 1: expected surrogates in a pair"},
      {"\"a\nb\"", "byte 2: expected control characters"},
      {std::string("\"\0\"", 3), "byte 1: expected control characters"},
      {"\"abcdefghij\xff\"", "byte 11: expected valid UTF-8"},
      {"\"\xed\xa0\x80\"", "byte 1: expected valid UTF-8"},
      {"\"\xc3\"", "byte 1: expected valid UTF-8"},
      {"\"\xc3", "byte 1: expected valid UTF-8"},
      {"\xef\xbb\xbf{}", "byte 0: expected a value"},
      {"{}/**/", "byte 2: expected the end"},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(ScanJson(c.text, 100),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.error)))
        << c.text;
  }
}

TEST(JsonScanTest, BoundsNesting) {
  EXPECT_THAT(ScanJson("[{\"a\":[]}]", 3), IsOk());
  EXPECT_THAT(ScanJson("[{\"a\":[[]]}]", 3),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("Limits::max_json_depth")));
  EXPECT_THAT(ScanJson("[]", 0), StatusIs(absl::StatusCode::kResourceExhausted));
  const std::string deep = std::string(1 << 20, '[') + std::string(1 << 20, ']');
  EXPECT_THAT(ScanJson(deep, 1 << 20), IsOk());
}

TEST(JsonScanTest, FindsTheEndOfAValue) {
  constexpr std::string_view kText = R"([{"a":"]"}, 12,"x"])";
  size_t position = 1;
  ASSERT_THAT(SkipJsonValue(kText, 1, 100, position), IsOk());
  EXPECT_EQ(position, 10u);
  position = 12;
  ASSERT_THAT(SkipJsonValue(kText, 1, 100, position), IsOk());
  EXPECT_EQ(position, 14u);
}

// nlohmann's reader agrees with ours on everything that random edits make of a text. It refuses
// numbers that no double holds; without exponents there are none.
TEST(JsonScanTest, FindsTheEndOfAValueThatIsNotChecked) {
  for (const std::string_view value :
       {"{}", "[]", R"({"a":[1,{"b":"]}"}]})", R"(["\"]","\\",{}])", "[\"\\\\\\\"]\"]", "{x}", "[}",
        "[\"a long string, with a [ bracket in it\", { }, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 ]",
        "1.5", "true", "\"a\\\"b\""}) {
    for (const std::string_view rest : {"", "}", ",\"x\":[{"}) {
      const std::string text = "  " + std::string(value) + std::string(rest);
      size_t position = 2;
      EXPECT_THAT(SkipUncheckedJson(text, position), IsOk()) << text;
      EXPECT_EQ(position, 2 + value.size()) << text;
    }
  }
}

TEST(JsonScanTest, RefusesAValueThatIsNotCheckedWhenItHasNoEnd) {
  for (const std::string_view text :
       {"", "{", "[[]", "{\"a}", "[\"\\", "[\"\\\"]", "x", "]", "\"a", "tru",
        "[\"a string that is longer than sixteen", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"}) {
    size_t position = 0;
    EXPECT_THAT(SkipUncheckedJson(text, position), StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

TEST(JsonScanTest, AgreesWithAnotherReader) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const std::string original =
      R"({"a":[1,-2.53,true,null,"x\u00e4\ud83d\ude00\n"],"b":{"c":{},"d":[]},"ü":"€"})";
  const std::string alphabet = "{}[]\",:\\u0123456789.-+tfn \n\xc3\xbc\xed\xa0";
  for (int round = 0; round < 20000; ++round) {
    std::string text = original;
    for (int edits = 1 + random() % 3; edits > 0; --edits) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text.erase(at, 1 + random() % 4);
          break;
        case 1:
          text.insert(at, 1, alphabet[random() % alphabet.size()]);
          break;
        default:
          text[at] = alphabet[random() % alphabet.size()];
      }
      if (text.empty()) text = "0";
    }
    ASSERT_EQ(ScanJson(text, 100).ok(), nlohmann::json::accept(text)) << text;
  }
}

}  // namespace
}  // namespace runnel
