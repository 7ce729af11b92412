#include "tests/conformance/torture_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/testing/status_matchers.h"

namespace conformance {
namespace {

using ::runnel::IsOkAndHolds;
using ::runnel::StatusIs;
using ::testing::HasSubstr;
using Kind = TortureStep::Kind;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(TortureTableTest, UnescapesBytes) {
  EXPECT_THAT(Unescape(R"(a\r\n\t\\b)"), IsOkAndHolds("a\r\n\t\\b"));
  EXPECT_THAT(Unescape(R"(\0\xfF)"), IsOkAndHolds(std::string("\0\xff", 2)));
  EXPECT_THAT(Unescape(R"(<\*3{a\n}>)"), IsOkAndHolds("<a\na\na\n>"));
  EXPECT_THAT(Unescape(""), IsOkAndHolds(""));
}

TEST(TortureTableTest, RefusesWhatIsNoEscape) {
  for (const char* text :
       {"\\", "\\q", "\\x1", "\\xgg", "\\*{a}", "\\*3", "\\*3{a", "\\*3a}", "\\*999999999{ab}"}) {
    EXPECT_THAT(Unescape(text), StatusIs(kInvalid)) << text;
  }
}

TEST(TortureTableTest, ReadsCases) {
  absl::StatusOr<std::vector<TortureCase>> cases = ParseTortureTable(
      "# comment\n\ncase one\n> a\\n\n> b\npause\n> c\nend\n< 400|408 some text\nclosed\n"
      "case two\nleave\n");
  ASSERT_TRUE(cases.ok()) << cases.status();
  ASSERT_EQ(cases->size(), 2u);
  const TortureCase& one = (*cases)[0];
  EXPECT_EQ(one.name, "one");
  EXPECT_EQ(one.line, 3);
  ASSERT_EQ(one.steps.size(), 6u);
  EXPECT_EQ(one.steps[0].text, "a\nb");
  EXPECT_EQ(one.steps[1].kind, Kind::kPause);
  EXPECT_EQ(one.steps[2].text, "c");
  EXPECT_EQ(one.steps[3].kind, Kind::kEnd);
  EXPECT_EQ(one.steps[4].statuses, (std::set<int>{400, 408}));
  EXPECT_EQ(one.steps[4].text, "some text");
  EXPECT_EQ(one.steps[5].kind, Kind::kClosed);
}

TEST(TortureTableTest, ErrorsNameTheLine) {
  const struct {
    const char* table;
    const char* why;
  } cases[] = {
      {"> a\n", "line 1: a case begins"},
      {"case a\nleave\nwhatever\n", "line 3: expected"},
      {"case a\n> \\q\nleave\n", "line 2: no such escape"},
      {"case a\n< ok\nleave\n", "line 2: an answer"},
      {"case a\n> a\ncase b\nleave\n", "line 1: the case ends with neither"},
      {"case a\n", "line 1: the case ends with neither"},
      {"case a\nleave\ncase a\nleave\n", "line 3: the second case of this name"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(ParseTortureTable(c.table), StatusIs(kInvalid, HasSubstr(c.why)));
  }
}

}  // namespace
}  // namespace conformance
