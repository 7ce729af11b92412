#include "codegen/model/comment.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace runnel::codegen {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CommentTest, IsEmptyWhereThereIsNone) { EXPECT_THAT(MakeComment("", ""), IsEmpty()); }

TEST(CommentTest, KeepsLinesAndTheirIndentation) {
  EXPECT_THAT(MakeComment(" One.\n\n   Two.\n", ""), ElementsAre(" One.", "", "   Two."));
}

TEST(CommentTest, PutsWhatStandsBehindAfterWhatStandsBefore) {
  EXPECT_THAT(MakeComment(" Before.\n", " Behind.\n"), ElementsAre(" Before.", "", " Behind."));
  EXPECT_THAT(MakeComment("", " Behind.\n"), ElementsAre(" Behind."));
}

TEST(CommentTest, LineNeverEndsInBackslash) {
  EXPECT_THAT(MakeComment(" a \\\n b \\ \t\n", ""), ElementsAre(" a \\ //", " b \\ //"));
}

TEST(CommentTest, LineNeverEndsInTrigraphForBackslash) {
  EXPECT_THAT(MakeComment(" a ?\?/\n", ""), ElementsAre(" a ?\?/ //"));
}

TEST(CommentTest, ControlCharactersBecomeSpaces) {
  EXPECT_THAT(MakeComment(" a\rint x;\v\f\n", ""), ElementsAre(" a int x;"));
}

}  // namespace
}  // namespace runnel::codegen
