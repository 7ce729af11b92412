#include "runtime/api/path_template.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/api/percent_text.h"

namespace runnel {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::Pair;

TEST(PathTemplateTest, MatchesPathWithoutFieldsExactly) {
  const PathTemplate path("/v1/messages");
  EXPECT_THAT(path.Match("/v1/messages"), Optional(IsEmpty()));
  for (const char* other : {"/v1/messages/", "/v1/Messages", "/v1", "/v1/messages/x", "", "/"}) {
    EXPECT_EQ(path.Match(other), std::nullopt) << other;
  }
}

TEST(PathTemplateTest, TakesOnePartForField) {
  const PathTemplate path("/v1/models/{model}:ask");
  EXPECT_THAT(path.Match("/v1/models/m:1:ask"), Optional(ElementsAre(Pair("model", "m:1"))));
  for (const char* other :
       {"/v1/models/:ask", "/v1/models/a/b:ask", "/v1/models/a", "/v1/models"}) {
    EXPECT_EQ(path.Match(other), std::nullopt) << other;
  }
}

TEST(PathTemplateTest, TakesAnyNumberOfPartsForTwoStars) {
  const PathTemplate path("/files/{a.path=**}/of/{user}");
  EXPECT_THAT(path.Match("/files/x/y%2Fz/of/me"),
              Optional(ElementsAre(Pair("a.path", "x/y/z"), Pair("user", "me"))));
  EXPECT_THAT(path.Match("/files/x/of/me"),
              Optional(ElementsAre(Pair("a.path", "x"), Pair("user", "me"))));
  EXPECT_EQ(path.Match("/files/of/me"), std::nullopt);
  EXPECT_EQ(path.Match("/files//of/me"), std::nullopt);
}

TEST(PathTemplateTest, UnescapesFieldsAndRefusesWhatIsNoEscape) {
  const PathTemplate path("/{name}");
  EXPECT_THAT(path.Match("/a%20b+c%C3%A9"), Optional(ElementsAre(Pair("name", "a b+cé"))));
  for (const char* bad : {"/a%", "/a%2", "/a%zz"}) EXPECT_EQ(path.Match(bad), std::nullopt) << bad;
}

TEST(PathTemplateTest, FillsWhatItMatches) {
  const PathTemplate path("/v1/{a}/@{b}:x/{c=**}");
  const std::vector<std::string> texts = {"a/b c", "100%", "d/e?f"};
  const std::string filled = path.Fill(texts);
  EXPECT_EQ(filled, "/v1/a%2Fb%20c/@100%25:x/d/e%3Ff");
  EXPECT_THAT(path.Match(filled),
              Optional(ElementsAre(Pair("a", texts[0]), Pair("b", texts[1]), Pair("c", texts[2]))));
}

TEST(PercentTextTest, ReadsPlusAsQueriesMeanIt) {
  EXPECT_EQ(PercentDecoded("a+b%2B", PlusMeans::kSpace), "a b+");
  EXPECT_EQ(PercentDecoded("a+b", PlusMeans::kPlus), "a+b");
}

}  // namespace
}  // namespace runnel
