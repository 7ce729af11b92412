#include "tools/cli/json_layout.h"

#include "runtime/core/json_scan.h"
#include "tools/cli/terminal.h"

namespace runnel::cli {
namespace {

class Layout {
 public:
  Layout(std::string_view json, JsonShape shape, bool colors, std::string& out)
      : json_(json), shape_(shape), colors_(colors), out_(out) {}

  void Run() {
    while (true) {
      SkipJsonSpace(json_, position_);
      if (position_ >= json_.size()) return;
      const char c = json_[position_];
      switch (c) {
        case '{':
        case '[':
          Open(c);
          break;
        case '}':
        case ']':
          --depth_;
          Break();
          Mark(c);
          break;
        case ',':
          Mark(c);
          if (shape_ == JsonShape::kOneLine) out_ += ' ';
          Break();
          break;
        case ':':
          Mark(c);
          out_ += ' ';
          break;
        case '"':
          String();
          break;
        default:
          Word();
      }
    }
  }

 private:
  void Mark(char c) {
    out_ += c;
    ++position_;
  }

  void Open(char c) {
    Mark(c);
    SkipJsonSpace(json_, position_);
    const char next = position_ < json_.size() ? json_[position_] : '\0';
    if (next == '}' || next == ']') {
      Mark(next);  // empty ones stay together
      return;
    }
    ++depth_;
    Break();
  }

  void Break() {
    if (shape_ != JsonShape::kIndented) return;
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }

  void String() {
    const size_t begin = position_;
    if (!SkipJsonString(json_, position_).ok()) position_ = json_.size();
    const std::string_view text = json_.substr(begin, position_ - begin);
    size_t next = position_;
    SkipJsonSpace(json_, next);
    const bool key = next < json_.size() && json_[next] == ':';
    out_ += Styled(Harmless(text), key ? Style::kBold : Style::kGreen, colors_);
  }

  // A number, true, false or null.
  void Word() {
    const size_t end = json_.find_first_of(",}] \t\r\n", position_);
    out_ += Styled(json_.substr(position_, end - position_), Style::kMagenta, colors_);
    position_ = end == std::string_view::npos ? json_.size() : end;
  }

  const std::string_view json_;
  const JsonShape shape_;
  const bool colors_;
  std::string& out_;
  size_t position_ = 0;
  size_t depth_ = 0;
};

}  // namespace

void AppendJsonForPeople(std::string_view json, JsonShape shape, bool colors, std::string& out) {
  Layout(json, shape, colors, out).Run();
}

}  // namespace runnel::cli
