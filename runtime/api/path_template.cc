#include "runtime/api/path_template.h"

#include <algorithm>

#include "runtime/api/percent_text.h"

namespace runnel {
namespace {

std::vector<std::string_view> SplitAtSlashes(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == path.npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

PathTemplate::PathTemplate(std::string_view text) {
  for (std::string_view piece : SplitAtSlashes(text)) {
    Part part;
    const size_t open = piece.find('{');
    part.prefix = std::string(piece.substr(0, open));
    if (open != piece.npos) {
      const size_t close = piece.find('}', open);
      std::string_view name = piece.substr(open + 1, close - open - 1);
      part.any = name.ends_with("=**");
      part.field = std::string(name.substr(0, name.find('=')));
      part.suffix = std::string(piece.substr(close + 1));
      fields_.push_back(part.field);
    }
    parts_.push_back(std::move(part));
  }
}

std::optional<PathTemplate::Values> PathTemplate::Match(std::string_view path) const {
  const std::vector<std::string_view> pieces = SplitAtSlashes(path);
  const bool any = std::any_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.any; });
  if (any ? pieces.size() < parts_.size() : pieces.size() != parts_.size()) return std::nullopt;
  Values values;
  size_t at = 0;  // in `pieces`
  for (const Part& part : parts_) {
    // {field=**} takes the pieces that no other part needs.
    const size_t count = part.any ? pieces.size() - parts_.size() + 1 : 1;
    const char* const begin = pieces[at].data();
    std::string_view text(begin, static_cast<size_t>(pieces[at + count - 1].data() - begin) +
                                     pieces[at + count - 1].size());
    at += count;
    if (part.field.empty()) {
      if (text != part.prefix) return std::nullopt;
      continue;
    }
    if (text.size() <= part.prefix.size() + part.suffix.size() || !text.starts_with(part.prefix) ||
        !text.ends_with(part.suffix)) {
      return std::nullopt;
    }
    text.remove_prefix(part.prefix.size());
    text.remove_suffix(part.suffix.size());
    std::optional<std::string> value = PercentDecoded(text, PlusMeans::kPlus);
    if (!value) return std::nullopt;
    values.emplace_back(part.field, *std::move(value));
  }
  return values;
}

std::string PathTemplate::Fill(const std::vector<std::string>& texts) const {
  std::string path;
  size_t field = 0;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (i > 0) path.push_back('/');
    path.append(parts_[i].prefix);
    if (parts_[i].field.empty()) continue;
    AppendPercentEncoded(texts[field++], parts_[i].any ? "/" : "", path);
    path.append(parts_[i].suffix);
  }
  return path;
}

}  // namespace runnel
