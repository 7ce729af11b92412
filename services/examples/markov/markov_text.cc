#include "services/examples/markov/markov_text.h"

#include <cctype>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace examples::markov {
namespace {

constexpr size_t kEnoughWords = 20;

std::vector<std::string> WordsOf(std::string_view text) {
  return absl::StrSplit(absl::string_view(text.data(), text.size()), absl::ByAnyChar(" \n\r\t"),
                        absl::SkipEmpty());
}

// "Rabbit," as "rabbit".
std::string BareForm(std::string_view word) {
  std::string bare;
  for (const char c : word) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      bare.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
  }
  return bare;
}

bool EndsSentence(std::string_view word) {
  while (!word.empty() && (word.back() == '"' || word.back() == ')')) word.remove_suffix(1);
  return !word.empty() && std::string_view(".!?").find(word.back()) != std::string_view::npos;
}

}  // namespace

MarkovText::MarkovText(std::string_view text) : words_(WordsOf(text)) {
  for (size_t i = 0; i < words_.size(); ++i) {
    if (i == 0 || EndsSentence(words_[i - 1])) beginnings_.push_back(i);
    if (i >= 2) followers_[{words_[i - 2], words_[i - 1]}].push_back(i);
    if (i + 1 < words_.size()) places_[BareForm(words_[i])].push_back(i + 1);
  }
}

const std::vector<size_t>& MarkovText::Behind(size_t place) const {
  if (place == 1) return second_;
  const auto found = followers_.find({words_[place - 2], words_[place - 1]});
  return found != followers_.end() ? found->second : beginnings_;
}

MarkovText::Answer::Answer(const MarkovText& text, std::string_view prompt, uint32_t seed)
    : text_(text), random_(seed) {
  const std::vector<std::string> words = WordsOf(prompt);
  const std::vector<size_t>* from = &text.beginnings_;
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    const auto known = text.places_.find(BareForm(*word));
    if (known == text.places_.end()) continue;
    from = &known->second;
    break;
  }
  at_ = Choose(*from);
}

size_t MarkovText::Answer::Choose(const std::vector<size_t>& from) {
  return from[random_() % from.size()];
}

std::string MarkovText::Answer::Next() {
  const std::string& word = text_.words_[at_];
  ++words_;
  done_ = words_ >= kEnoughWords && EndsSentence(word);
  at_ = Choose(text_.Behind(at_ + 1));
  return words_ == 1 ? word : absl::StrCat(" ", word);
}

size_t CountWords(std::string_view text) { return WordsOf(text).size(); }

}  // namespace examples::markov
