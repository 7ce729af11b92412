#include "tools/cli/json_values.h"

#include "absl/strings/str_cat.h"

namespace runnel::cli {

void JsonValues::Feed(std::string_view bytes) {
  text_.erase(0, begin_);
  position_ -= begin_;
  begin_ = 0;
  text_.append(bytes);
}

absl::StatusOr<std::optional<std::string>> JsonValues::Next() {
  for (; position_ < text_.size(); ++position_) {
    const char c = text_[position_];
    if (c == '\n') ++line_;
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
      continue;
    }
    if (depth_ == 0) {
      // JSON text sequences (RFC 7464) begin with a record separator; a comma is for arrays.
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\x1e') continue;
      begin_line_ = line_;
      begin_ = position_;
      if (c != '{' && c != '[') {
        return absl::InvalidArgumentError(
            absl::StrCat(Place(), ": a message is an object in JSON, and begins with {, not with ",
                         text_.substr(position_, 12)));
      }
    }
    if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (c == '}' || c == ']') {
      if (--depth_ > 0) continue;
      std::string value = text_.substr(begin_, position_ + 1 - begin_);
      begin_ = ++position_;
      return std::optional<std::string>(std::move(value));
    }
  }
  if (depth_ == 0) {
    begin_ = position_;
  } else if (ended_) {
    return absl::InvalidArgumentError(
        absl::StrCat(Place(), ": the JSON that begins here has no end"));
  }
  return std::optional<std::string>();
}

std::string JsonValues::Place() const { return absl::StrCat(origin_, ", line ", begin_line_); }

}  // namespace runnel::cli
