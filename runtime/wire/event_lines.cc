#include "runtime/wire/event_lines.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kLineEnds = "\r\n";

}  // namespace

absl::StatusOr<std::optional<std::string_view>> EventLines::Next() {
  if (line_ended_) {
    // Comments go on for hours where there are no events.
    const bool leads = line_ == 0 && comment();
    if (block_ended_ || leads || keep_ == Keep::kLines) block_.clear();
    line_ = block_.size();
    line_ended_ = block_ended_ = first_line_ = false;
  }
  if (input_.empty()) return std::nullopt;
  if (std::exchange(after_cr_, false) && input_[0] == '\n') {
    // The other half of a line end.
    if (!block_.empty()) block_ += '\n';
    line_ = block_.size();
    const std::string_view half = input_.substr(0, 1);
    input_.remove_prefix(1);
    return half;
  }
  const size_t end = std::min(input_.find_first_of(kLineEnds), input_.size());
  line_ended_ = end < input_.size();
  const std::string_view piece = input_.substr(0, end + (line_ended_ ? 1 : 0));
  input_.remove_prefix(piece.size());
  after_cr_ = piece.ends_with('\r');
  if (piece.size() > max_bytes_ - block_.size()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("event of more than ", max_bytes_, " bytes as it came"));
  }
  block_ += piece;
  block_ended_ = line_ended_ && Line().empty();
  return piece;
}

std::string_view EventLines::Line() const {
  std::string_view line = std::string_view(block_).substr(line_);
  line.remove_suffix(1);
  if (first_line_ && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  return line;
}

std::optional<std::string_view> EventLines::comment() const {
  if (!line_ended_) return std::nullopt;
  std::string_view line = Line();
  if (!line.starts_with(':')) return std::nullopt;
  line.remove_prefix(1);
  if (line.starts_with(' ')) line.remove_prefix(1);
  return line;
}

std::string_view EventLines::block() const {
  return std::string_view(block_).substr(0, block_ended_ ? line_ : block_.size());
}

}  // namespace runnel
