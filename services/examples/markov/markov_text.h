// MarkovText makes up sentences: every word is one that follows the two before it somewhere in a
// text. It knows nothing but that, and pretends nothing else.

#ifndef SERVICES_EXAMPLES_MARKOV_MARKOV_TEXT_H_
#define SERVICES_EXAMPLES_MARKOV_MARKOV_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace examples::markov {

// What the APIs of the examples call it.
inline constexpr char kModelName[] = "markov-alice";

// The opening of "Alice's Adventures in Wonderland" by Lewis Carroll (1865), which belongs to
// everybody: alice.txt.
std::string_view AliceText();

// Immutable, so thread-safe. A text has at least three words.
class MarkovText {
 public:
  explicit MarkovText(std::string_view text);

  // One answer, word by word. Not thread-safe; the text outlives it.
  class Answer {
   public:
    // Begins behind the last word of `prompt` that is in the text, else with a sentence. The same
    // seed gives the same answer.
    Answer(const MarkovText& text, std::string_view prompt, uint32_t seed);

    // The next word, with a space before it but for the first.
    std::string Next();
    // Whether the word before was the last of a sentence, and enough have been said.
    bool done() const { return done_; }

   private:
    size_t Choose(const std::vector<size_t>& from);

    const MarkovText& text_;
    std::minstd_rand random_;
    size_t at_;  // the place of the next word
    size_t words_ = 0;
    bool done_ = false;
  };

 private:
  // The places behind all occurrences of the two words before a place, which is not the first.
  const std::vector<size_t>& Behind(size_t place) const;

  std::vector<std::string> words_;
  std::vector<size_t> beginnings_;  // of sentences
  const std::vector<size_t> second_ = {1};
  std::map<std::pair<std::string_view, std::string_view>, std::vector<size_t>> followers_;
  std::map<std::string, std::vector<size_t>> places_;  // behind each word, in its bare form
};

// The number of words, which the examples count as tokens.
size_t CountWords(std::string_view text);

}  // namespace examples::markov

#endif  // SERVICES_EXAMPLES_MARKOV_MARKOV_TEXT_H_
