#include "tests/conformance/split.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace conformance {
namespace {

// Up to here a text is split everywhere, and taken byte by byte.
constexpr size_t kShort = 2048;
// So many splits of what is longer.
constexpr size_t kSpread = 61;

}  // namespace

std::vector<std::string> Split::Pieces(std::string_view text) const {
  std::vector<std::string> pieces;
  if (bytes_) {
    for (size_t at = 0; at < text.size();) {
      const bool middle = at == kShort / 2 && text.size() > kShort;
      const size_t bytes = middle ? text.size() - kShort : 1;
      pieces.emplace_back(text.substr(at, bytes));
      at += bytes;
    }
    return pieces;
  }
  if (at_ > 0 && at_ < text.size()) {
    pieces.emplace_back(text.substr(0, at_));
    text.remove_prefix(at_);
  }
  if (!text.empty()) pieces.emplace_back(text);
  return pieces;
}

std::string Split::ToString() const {
  if (bytes_) return "byte by byte";
  return at_ == 0 ? "whole" : absl::StrCat("split at byte ", at_);
}

std::vector<Split> Split::All(size_t longest) {
  std::vector<Split> all = {Bytes()};
  for (size_t at = 1; at < std::min(longest, kShort); ++at) all.push_back(At(at));
  if (longest <= kShort) return all;
  for (size_t i = 1; i <= kSpread; ++i) {
    all.push_back(At(kShort + (longest - kShort) * i / (kSpread + 1)));
  }
  all.push_back(At(longest - 1));
  return all;
}

}  // namespace conformance
