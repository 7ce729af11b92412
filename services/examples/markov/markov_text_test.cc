#include "services/examples/markov/markov_text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace examples::markov {
namespace {

using ::testing::HasSubstr;

std::string Say(const MarkovText& text, std::string_view prompt, uint32_t seed) {
  MarkovText::Answer answer(text, prompt, seed);
  std::string said;
  while (!answer.done()) said += answer.Next();
  return said;
}

TEST(MarkovTextTest, FollowsTheTextWhereItHasNoChoice) {
  const MarkovText text("one two three four. Five six");
  MarkovText::Answer answer(text, "", 1);
  std::string said;
  for (int i = 0; i < 40; ++i) said += answer.Next();
  EXPECT_THAT(said, HasSubstr("one two three four. Five six"));
}

TEST(MarkovTextTest, GoesOnBehindTheLastWordItKnows) {
  const MarkovText text("The Rabbit, ran away and the cat slept.");
  EXPECT_EQ(MarkovText::Answer(text, "what did the rabbit, unexpectedly?", 7).Next(), "ran");
}

TEST(MarkovTextTest, SaysTheSameForTheSameSeed) {
  const MarkovText text(AliceText());
  EXPECT_EQ(Say(text, "Alice", 3), Say(text, "Alice", 3));
  EXPECT_NE(Say(text, "Alice", 3), Say(text, "Alice", 4));
}

TEST(MarkovTextTest, EndsWithASentence) {
  const MarkovText text(AliceText());
  for (uint32_t seed = 1; seed < 50; ++seed) {
    const std::string said = Say(text, "", seed);
    EXPECT_GE(CountWords(said), 20u);
    EXPECT_NE(said.find_last_of(".!?"), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace examples::markov
