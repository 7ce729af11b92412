#include "codegen/model/comment.h"

#include <string_view>
#include <utility>

namespace runnel::codegen {
namespace {

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::string SafeLine(std::string_view text) {
  std::string line;
  for (char c : text) {
    // Vertical tabs, lone carriage returns and the like end a line for some compilers.
    bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    line += control ? ' ' : c;
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  // A backslash, or the trigraph for one, would pull the next line into the comment.
  if (EndsWith(line, "\\") || EndsWith(line, "?\?/")) line += " //";
  return line;
}

void AppendLines(std::string_view text, Comment& comment) {
  while (!text.empty()) {
    size_t end = text.find('\n');
    comment.push_back(SafeLine(text.substr(0, end)));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  while (!comment.empty() && comment.back().empty()) comment.pop_back();
}

}  // namespace

Comment MakeComment(const std::string& leading, const std::string& trailing) {
  Comment comment;
  AppendLines(leading, comment);
  Comment behind;
  AppendLines(trailing, behind);
  if (!comment.empty() && !behind.empty()) comment.emplace_back();
  for (std::string& line : behind) comment.push_back(std::move(line));
  return comment;
}

}  // namespace runnel::codegen
