#include "codegen/model/cpp_names.h"

#include <functional>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace runnel::codegen {
namespace {

using ::testing::ElementsAre;

using NameSet = std::set<std::string, std::less<>>;

TEST(CppNamesTest, KnowsKeywordsTokensAndMacros) {
  for (const char* word : {"EOF", "xor_eq", "class", "co_await", "concept", "NULL", "int", "and"}) {
    EXPECT_TRUE(IsCppWord(word)) << word;
  }
  for (const char* word : {"Class", "final", "override", "import", "classes", ""}) {
    EXPECT_FALSE(IsCppWord(word)) << word;
  }
}

TEST(CppNamesTest, LeavesFreeNamesAlone) {
  NameSet taken;
  EXPECT_THAT(ChooseNames({"Post", "Watch"}, IsCppWord, taken), ElementsAre("Post", "Watch"));
  EXPECT_THAT(taken, ElementsAre("Post", "Watch"));
}

TEST(CppNamesTest, AppendsUnderscoreUntilFree) {
  NameSet taken = {"int_", "int__"};
  EXPECT_THAT(ChooseNames({"int"}, IsCppWord, taken), ElementsAre("int___"));
}

TEST(CppNamesTest, ChangesTakenName) {
  NameSet taken = {"Chat"};
  EXPECT_THAT(ChooseNames({"Chat"}, IsCppWord, taken), ElementsAre("Chat_"));
}

TEST(CppNamesTest, NameThatNeedsNoChangeKeepsItWhateverTheOrder) {
  NameSet taken;
  EXPECT_THAT(ChooseNames({"delete", "delete_", "delete__"}, IsCppWord, taken),
              ElementsAre("delete___", "delete_", "delete__"));
}

}  // namespace
}  // namespace runnel::codegen
