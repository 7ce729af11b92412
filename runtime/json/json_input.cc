#include "runtime/json/json_input.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/json_scan.h"
#include "runtime/core/json_string.h"
#include "runtime/core/string_view.h"
#include "runtime/core/utf8.h"
#include "runtime/wire/base64.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace runnel {
namespace {

// The first of the characters that end the plain part of a string: a quotation mark, a backslash
// or a control character. `high` becomes true when there are others than ASCII before it.
const char* SkipPlain(const char* p, const char* end, bool& high) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'),
                control = _mm_set1_epi8(0x1f);
  for (; end - p >= 16; p += 16) {
    const __m128i chars = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i special =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(chars, quote), _mm_cmpeq_epi8(chars, backslash)),
                     _mm_cmpeq_epi8(_mm_max_epu8(chars, control), control));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(special));
    auto above = static_cast<unsigned>(_mm_movemask_epi8(chars));
    if (found != 0) {
      const int at = __builtin_ctz(found);
      if (above & ((1u << at) - 1)) high = true;
      return p + at;
    }
    if (above != 0) high = true;
  }
#endif
  for (; p != end; ++p) {
    const auto c = static_cast<unsigned char>(*p);
    if (c == '"' || c == '\\' || c < 0x20) return p;
    if (c >= 0x80) high = true;
  }
  return p;
}

}  // namespace

JsonInput::JsonInput(std::string_view text, const Limits& limits)
    : begin_(text.data()), p_(begin_), end_(begin_ + text.size()), value_(p_), limits_(limits) {}

bool JsonInput::FailAt(const char* where, std::string_view what) {
  if (failed_) return false;
  failed_ = true;
  where_ = static_cast<size_t>(where - begin_);
  what_ = what;
  return false;
}

bool JsonInput::FailAs(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kResourceExhausted) return FailDepth();
  // "invalid JSON at byte 12: expected …", and p_ is where that is.
  const std::string_view message = StdView(status.message());
  return FailAt(p_, message.substr(message.find(": ") + 2));
}

bool JsonInput::FailDepth() {
  if (failed_) return false;
  code_ = absl::StatusCode::kResourceExhausted;
  return FailAt(p_, absl::StrCat("nested more than ", limits_.max_json_depth,
                                 " deep (the limit is Limits::max_json_depth)"));
}

std::string JsonInput::Quote(std::string_view text) {
  constexpr size_t kLongest = 64;
  if (text.size() > kLongest) text = text.substr(0, ValidUtf8Prefix(text.substr(0, kLongest)));
  std::string quoted;
  AppendJsonString(text, quoted);
  return quoted;
}

void JsonInput::AddToPath(std::string_view piece) {
  // What nests as deep as it may has a path nobody wants to read; its end says most.
  constexpr size_t kLongest = 1000;
  if (path_.size() > kLongest) {
    if (!path_.starts_with("…")) path_.insert(0, path_[0] == '[' ? "…" : "….");
    return;
  }
  if (!path_.empty() && path_[0] != '[') path_.insert(0, ".");
  path_.insert(0, piece);
}

void JsonInput::Within(std::string_view field) { AddToPath(field); }

void JsonInput::WithinElement(size_t index) { AddToPath(absl::StrCat("[", index, "]")); }

void JsonInput::WithinKey(std::string_view key) { AddToPath(absl::StrCat("[", Quote(key), "]")); }

bool JsonInput::AtEnd() {
  SkipSpace();
  return p_ == end_ || FailAt(p_, "expected the end after the value");
}

absl::Status JsonInput::Error(std::string_view type) const {
  return absl::Status(code_, absl::StrCat("JSON is no valid ", AbslView(type), ": ", path_,
                                          path_.empty() ? "" : ": ", what_, " at byte ", where_));
}

bool JsonInput::AtValue() {
  SkipSpace();
  value_ = p_;
  return p_ != end_;
}

char JsonInput::Peek() { return AtValue() ? *p_ : '\0'; }

bool JsonInput::Literal(std::string_view literal) {
  if (!std::string_view(p_, static_cast<size_t>(end_ - p_)).starts_with(literal)) return false;
  p_ += literal.size();
  return true;
}

bool JsonInput::Null() { return AtValue() && *p_ == 'n' && Literal("null"); }

bool JsonInput::Enter(char open, std::string_view what) {
  if (!AtValue() || *p_ != open) return FailAt(p_, what);
  if (depth_ >= limits_.max_json_depth) return FailDepth();
  ++depth_;
  ++p_;
  return true;
}

bool JsonInput::More(bool& first, char close, std::string_view what) {
  SkipSpace();
  if (p_ != end_ && *p_ == close) {
    --depth_;
    ++p_;
    return false;
  }
  if (first) {
    first = false;
    return true;
  }
  if (p_ == end_ || *p_ != ',') return FailAt(p_, what);
  ++p_;
  SkipSpace();
  return true;
}

bool JsonInput::Colon() {
  SkipSpace();
  if (p_ == end_ || *p_ != ':') return FailAt(p_, "expected ':' after a key");
  ++p_;
  SkipSpace();
  return true;
}

bool JsonInput::Skip() {
  std::string_view ignored;
  return Raw(ignored);
}

bool JsonInput::Raw(std::string_view& value) {
  AtValue();
  const std::string_view text(begin_, static_cast<size_t>(end_ - begin_));
  auto position = static_cast<size_t>(p_ - begin_);
  const size_t start = position;
  const absl::Status status = SkipJsonValue(text, depth_, limits_.max_json_depth, position);
  p_ = begin_ + position;
  if (!status.ok()) return FailAs(status);
  value = text.substr(start, position - start);
  return true;
}

bool JsonInput::Quoted(std::string_view& body, bool& escaped) {
  const char* const open = p_;
  bool high = false;
  const char* const close = SkipPlain(open + 1, end_, high);
  if (close != end_ && *close == '"' && (!high || IsValidUtf8({open + 1, close}))) {
    body = std::string_view(open + 1, close);
    escaped = false;
    p_ = close + 1;
    return true;
  }
  // Escapes, or something is wrong.
  const std::string_view text(begin_, static_cast<size_t>(end_ - begin_));
  auto position = static_cast<size_t>(open - begin_);
  const absl::Status status = SkipJsonString(text, position);
  p_ = begin_ + position;
  if (!status.ok()) return FailAs(status);
  body = std::string_view(open + 1, p_ - 1);
  escaped = true;
  return true;
}

bool JsonInput::Text(std::string_view& value) {
  if (!AtValue() || *p_ != '"') return FailAt(p_, "expected a string");
  bool escaped;
  if (!Quoted(value, escaped)) return false;
  if (escaped) {
    unescaped_.clear();
    AppendUnescapedJson(value, unescaped_);
    value = unescaped_;
  }
  return true;
}

bool JsonInput::String(std::string& value) {
  if (!AtValue() || *p_ != '"') return FailAt(p_, "expected a string");
  std::string_view body;
  bool escaped;
  if (!Quoted(body, escaped)) return false;
  if (escaped) {
    value.clear();
    AppendUnescapedJson(body, value);
  } else {
    value.assign(body);
  }
  return true;
}

bool JsonInput::Bytes(std::string& value) {
  std::string_view text;
  if (!AtValue() || *p_ != '"') return FailAt(p_, "expected base64 in a string");
  if (!Text(text)) return false;
  if (absl::Status decoded = DecodeAnyBase64(text, value); !decoded.ok()) {
    return Fail(absl::StrCat("expected base64 (", decoded.message(), ")"));
  }
  return true;
}

bool JsonInput::Bool(bool& value) {
  if (AtValue()) {
    value = *p_ == 't';
    if (Literal("true") || Literal("false")) return true;
  }
  return FailAt(p_, "expected true or false");
}

}  // namespace runnel
