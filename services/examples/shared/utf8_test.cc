#include "services/examples/shared/utf8.h"

#include "gtest/gtest.h"

namespace examples {
namespace {

TEST(ToUtf8Test, KeepsCharactersOfEveryLength) {
  const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf";
  EXPECT_EQ(ToUtf8(text), text);
}

TEST(ToUtf8Test, ReplacesEveryByteThatBelongsToNoCharacter) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(ToUtf8("a\xff z"), "a" + r + " z");
  EXPECT_EQ(ToUtf8("\xc3"), r);                          // cut off
  EXPECT_EQ(ToUtf8("\xc0\x80"), r + r);                  // overlong
  EXPECT_EQ(ToUtf8("\xe0\x9f\xbf"), r + r + r);          // overlong
  EXPECT_EQ(ToUtf8("\xed\xa0\x80"), r + r + r);          // a surrogate
  EXPECT_EQ(ToUtf8("\xf4\x90\x80\x80"), r + r + r + r);  // above U+10FFFF
  EXPECT_EQ(ToUtf8("\xe2\x82z"), r + r + "z");
}

}  // namespace
}  // namespace examples
