#include "runtime/core/utf8.h"

#include "gtest/gtest.h"

namespace runnel {
namespace {

std::string Repaired(std::string_view bytes) {
  std::string out;
  AppendRepairedUtf8(bytes, out);
  return out;
}

TEST(Utf8Test, ReplacesEachMaximalSubpart) {
  const std::string kBad = "\xef\xbf\xbd";
  const struct {
    std::string in, out;
  } kCases[] = {
      {"", ""},
      {"plain ascii of some length", "plain ascii of some length"},
      {"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80 \xef\xbf\xbf",
       "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80 \xef\xbf\xbf"},
      {"\xc0\xaf", kBad + kBad},
      {"\xe2\x82z", kBad + "z"},
      {"\xed\xa0\x80", kBad + kBad + kBad},
      {"\xf4\x90\x80\x80", kBad + kBad + kBad + kBad},
      {"a\xf0\x9f\x98", "a" + kBad},
      {"\xe0\x80\x80", kBad + kBad + kBad},
      {"\xff\xfe", kBad + kBad},
      {"\xc3\xc3\xbc", kBad + "\xc3\xbc"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Repaired(c.in), c.out);
    EXPECT_EQ(IsValidUtf8(c.in), c.in == c.out);
  }
}

TEST(Utf8Test, RoundTripsEveryCodePoint) {
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    std::string bytes;
    AppendUtf8(c, bytes);
    ASSERT_TRUE(IsValidUtf8(bytes)) << static_cast<uint32_t>(c);
    ASSERT_EQ(ValidUtf8Prefix(bytes.substr(0, bytes.size() - 1)), 0u);
  }
}

TEST(Utf8Test, FindsTheFirstErrorAtEveryOffset) {
  for (size_t i = 0; i < 40; ++i) {
    std::string bytes(40, 'x');
    bytes[i] = '\x80';
    EXPECT_EQ(ValidUtf8Prefix(bytes), i);
  }
}

}  // namespace
}  // namespace runnel
