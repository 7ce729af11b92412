#include "codegen/cpp/string_literal.h"

#include <string>

#include "gtest/gtest.h"

namespace runnel::codegen {
namespace {

TEST(StringLiteralTest, LeavesNothingToTheCompilersFancy) {
  EXPECT_EQ(StringLiteral("plain_1 $x"), R"("plain_1 $x")");
  EXPECT_EQ(StringLiteral("\"\\"), R"("\"\\")");
  EXPECT_EQ(StringLiteral("?\?/"), R"("\?\?/")");  // a trigraph
  EXPECT_EQ(StringLiteral("\xc3\xa4"
                          "1\n"),
            R"("\303\2441\012")");  // no digit joins an escape
}

TEST(StringLiteralTest, JsonIsEscapedAsTheRuntimeDoes) {
  EXPECT_EQ(JsonString("plain"), R"("plain")");
  EXPECT_EQ(JsonString("\"\\"), R"("\"\\")");
  EXPECT_EQ(JsonString("<\x7f>"), R"("\u003c\u007f\u003e")");
  EXPECT_EQ(JsonString("\xc3\xa4"), "\"\xc3\xa4\"");
}

}  // namespace
}  // namespace runnel::codegen
