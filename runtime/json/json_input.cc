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

constexpr std::string_view kExpectedInt32 =
    "expected a whole number from -2147483648 to 2147483647";
constexpr std::string_view kExpectedUint32 = "expected a whole number from 0 to 4294967295";
constexpr std::string_view kExpectedInt64 =
    "expected a whole number from -9223372036854775808 to 9223372036854775807";
constexpr std::string_view kExpectedUint64 =
    "expected a whole number from 0 to 18446744073709551615";

// A piece of a path or a key in an error: what a peer sends may be long.
std::string_view Short(std::string_view text) {
  constexpr size_t kLongest = 64;
  if (text.size() <= kLongest) return text;
  return text.substr(0, ValidUtf8Prefix(text.substr(0, kLongest)));
}

// Whether `size` bytes are the same; names of fields are short, and a call costs more than they do.
bool Same(const char* a, const char* b, size_t size) {
  uint64_t x, y;
  for (; size >= 8; a += 8, b += 8, size -= 8) {
    std::memcpy(&x, a, 8);
    std::memcpy(&y, b, 8);
    if (x != y) return false;
  }
  for (; size > 0; ++a, ++b, --size) {
    if (*a != *b) return false;
  }
  return true;
}

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

template <typename T>
bool ToInteger(const NumberText& number, T& value) {
  if constexpr (std::is_signed_v<T>) {
    int64_t wide = 0;
    if (!number.ToInt64(wide) || wide != static_cast<T>(wide)) return false;
    value = static_cast<T>(wide);
  } else {
    uint64_t wide = 0;
    if (!number.ToUint64(wide) || wide != static_cast<T>(wide)) return false;
    value = static_cast<T>(wide);
  }
  return true;
}

// All of `text` as an integer in the plainest form; else `value` stays.
template <typename T>
bool ParseInteger(std::string_view text, T& value) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  const char* const end = text.data() + text.size();
  T parsed{};
  const auto [stop, error] = std::from_chars(text.data(), end, parsed);
  if (stop != end || error != std::errc()) return false;
  value = parsed;
  return true;
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

bool JsonInput::FailAs(absl::Status status) {
  if (status.code() == absl::StatusCode::kResourceExhausted) {
    if (!failed_) status_ = std::move(status);
    failed_ = true;
    return false;
  }
  // "invalid JSON at byte 12: expected …", and p_ is where that is.
  const std::string_view message = StdView(status.message());
  return FailAt(p_, message.substr(message.find(": ") + 2));
}

void JsonInput::Within(std::string_view field) {
  const bool joined = path_.empty() || path_[0] == '[';
  path_.insert(0, absl::StrCat(AbslView(field), joined ? "" : "."));
}

void JsonInput::WithinElement(size_t index) {
  const bool joined = path_.empty() || path_[0] == '[';
  path_.insert(0, absl::StrCat("[", index, joined ? "]" : "]."));
}

void JsonInput::WithinKey(std::string_view key) {
  const bool joined = path_.empty() || path_[0] == '[';
  path_.insert(0, absl::StrCat("[\"", AbslView(Short(key)), joined ? "\"]" : "\"]."));
}

bool JsonInput::AtEnd() {
  SkipSpace();
  return p_ == end_ || FailAt(p_, "expected the end after the value");
}

absl::Status JsonInput::Error(std::string_view type) const {
  if (!status_.ok()) return status_;
  return absl::InvalidArgumentError(absl::StrCat("JSON is no valid ", AbslView(type), ": ", path_,
                                                 path_.empty() ? "" : ": ", what_, " at byte ",
                                                 where_));
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
  if (depth_ >= limits_.max_json_depth) {
    return FailAs(JsonDepthError(static_cast<size_t>(p_ - begin_), limits_.max_json_depth));
  }
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
  absl::Status status = SkipJsonValue(text, depth_, limits_.max_json_depth, position);
  p_ = begin_ + position;
  if (!status.ok()) return FailAs(std::move(status));
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
  absl::Status status = SkipJsonString(text, position);
  p_ = begin_ + position;
  if (!status.ok()) return FailAs(std::move(status));
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

template <typename Read>
bool JsonInput::NumberInText(std::string_view text, Read read) {
  const NumberText number(text);
  return number.valid() && number.size() == text.size() && read(number);
}

template <typename Read>
bool JsonInput::Number(std::string_view what, Read read) {
  if (AtValue() && (*p_ == '-' || (*p_ >= '0' && *p_ <= '9'))) {
    const NumberText number(std::string_view(p_, end_));
    p_ += number.size();
    if (!number.valid()) return FailAt(p_, number.what());
    return read(number) || Fail(what);
  }
  if (p_ == end_ || *p_ != '"') return FailAt(p_, what);
  std::string_view text;
  if (!Text(text)) return false;
  return NumberInText(text, read) || Fail(what);
}

bool JsonInput::Int32(int32_t& value) {
  // In a string, as its own writer has it, an integer has neither point nor exponent; protobuf
  // takes a sign and zeros before it there.
  std::string_view text;
  if (Peek() == '"') return Text(text) && (ParseInteger(text, value) || Fail(kExpectedInt32));
  return Number(kExpectedInt32, [&](const NumberText& n) { return ToInteger(n, value); });
}

bool JsonInput::Uint32(uint32_t& value) {
  std::string_view text;
  if (Peek() == '"') return Text(text) && (ParseInteger(text, value) || Fail(kExpectedUint32));
  return Number(kExpectedUint32, [&](const NumberText& n) { return ToInteger(n, value); });
}

bool JsonInput::Int64(int64_t& value) {
  std::string_view text;
  if (Peek() == '"') return Text(text) && (ParseInteger(text, value) || Fail(kExpectedInt64));
  return Number(kExpectedInt64, [&](const NumberText& n) { return n.ToInt64(value); });
}

bool JsonInput::Uint64(uint64_t& value) {
  std::string_view text;
  if (Peek() == '"') return Text(text) && (ParseInteger(text, value) || Fail(kExpectedUint64));
  return Number(kExpectedUint64, [&](const NumberText& n) { return n.ToUint64(value); });
}

bool JsonInput::Double(double& value) {
  constexpr std::string_view kExpected = "expected a number";
  if (Peek() != '"') {
    return Number(kExpected, [&](const NumberText& n) { return n.ToDouble(value); });
  }
  std::string_view text;
  if (!Text(text)) return false;
  if (text == "NaN") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity" || text == "-Infinity") {
    value = text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  } else if (!NumberInText(text, [&](const NumberText& n) { return n.ToDouble(value); })) {
    return Fail(kExpected);
  }
  return true;
}

bool JsonInput::Float(float& value) {
  constexpr std::string_view kExpected = "expected a number that a float can hold";
  if (Peek() != '"') {
    return Number(kExpected, [&](const NumberText& n) { return n.ToFloat(value); });
  }
  std::string_view text;
  if (!Text(text)) return false;
  if (text == "NaN") {
    value = std::numeric_limits<float>::quiet_NaN();
  } else if (text == "Infinity" || text == "-Infinity") {
    value = text[0] == '-' ? -HUGE_VALF : HUGE_VALF;
  } else if (!NumberInText(text, [&](const NumberText& n) { return n.ToFloat(value); })) {
    return Fail(kExpected);
  }
  return true;
}

bool JsonInput::Enum(const JsonEnum& type, int& value, bool& known) {
  known = true;
  constexpr std::string_view kExpected = "expected the name or the number of an enum";
  if (Peek() != '"') {
    return Number(kExpected, [&](const NumberText& n) { return ToInteger(n, value); });
  }
  std::string_view text;
  if (!Text(text)) return false;
  if (const int* number = type.Number(text); number != nullptr) {
    value = *number;
    return true;
  }
  // protobuf takes a known number in a string too.
  if (ParseInteger(text, value) && !type.Name(value).empty()) return true;
  known = false;
  if (limits_.unknown_json == UnknownJson::kIgnore) return true;
  return Fail(absl::StrCat("\"", AbslView(Short(text)), "\" is no value of this enum"));
}

template <typename T>
bool JsonInput::IntegerKey(std::string_view text, T& key, std::string_view what) {
  return ParseInteger(text, key) || Fail(absl::StrCat(AbslView(what), " as the key"));
}

bool JsonInput::MapKey(std::string_view text, int32_t& key) {
  return IntegerKey(text, key, kExpectedInt32);
}
bool JsonInput::MapKey(std::string_view text, uint32_t& key) {
  return IntegerKey(text, key, kExpectedUint32);
}
bool JsonInput::MapKey(std::string_view text, int64_t& key) {
  return IntegerKey(text, key, kExpectedInt64);
}
bool JsonInput::MapKey(std::string_view text, uint64_t& key) {
  return IntegerKey(text, key, kExpectedUint64);
}
bool JsonInput::MapKey(std::string_view text, bool& key) {
  key = text == "true";
  return key || text == "false" || Fail("expected true or false as the key");
}
bool JsonInput::MapKey(std::string_view text, std::string& key) {
  key.assign(text);
  return true;
}

bool JsonObject::ReadKey(bool& known) {
  // Writers mostly keep the order of the fields.
  const size_t left = static_cast<size_t>(in_.end_ - in_.p_);
  if (expected_ < fields_.fields.size() && left > 0 && *in_.p_ == '"') {
    const std::string_view name = fields_.fields[expected_].name;
    const size_t size = name.size();
    if (left >= size + 2 && in_.p_[size + 1] == '"' && Same(in_.p_ + 1, name.data(), size)) {
      in_.p_ += size + 2;
      field_ = expected_++;
      known = true;
      return in_.Colon();
    }
  }
  const char* const start = in_.p_;
  if (in_.p_ == in_.end_ || *in_.p_ != '"') return in_.FailAt(start, "expected a key");
  std::string_view key;
  if (!in_.Text(key)) return false;
  const auto found = std::lower_bound(fields_.keys.begin(), fields_.keys.end(), key,
                                      [](const JsonKey& entry, std::string_view wanted) {
                                        return ShorterOrLess(entry.key, wanted);
                                      });
  known = found != fields_.keys.end() && found->key == key;
  if (known) {
    field_ = found->field;
    expected_ = field_ + 1;
  } else if (in_.limits_.unknown_json == UnknownJson::kRefuse) {
    return in_.FailAt(start, absl::StrCat("\"", AbslView(Short(key)), "\" is no field"));
  }
  return in_.Colon();
}

bool JsonObject::TakePlace() {
  const size_t place = fields_.fields[field_].place;
  bool free;
  if (place < 64) {
    const uint64_t bit = uint64_t{1} << place;
    free = (taken_ & bit) == 0;
    taken_ |= bit;
  } else {
    if (taken_more_.size() <= place - 64) taken_more_.resize(place - 63);
    free = !taken_more_[place - 64];
    taken_more_[place - 64] = true;
  }
  if (free) return true;
  in_.AtValue();
  in_.Fail("expected no second value of this field or its oneof");
  return Fail();
}

bool JsonObject::Next() {
  if (!entered_) {
    entered_ = true;
    if (!in_.Enter('{', "expected an object")) return false;
  }
  while (in_.More(first_, '}', "expected ',' or '}' after a member")) {
    bool known;
    if (!ReadKey(known)) return false;
    if (!known) {
      if (!in_.Skip()) return false;
      continue;
    }
    if (in_.p_ != in_.end_ && *in_.p_ == 'n' && !fields_.fields[field_].takes_null) {
      if (in_.Null()) continue;
    }
    return TakePlace();
  }
  return false;
}

bool JsonObject::Fail() {
  in_.Within(fields_.fields[field_].name);
  return false;
}

bool JsonArray::Next() {
  if (!entered_) {
    entered_ = true;
    if (in_.Enter('[', "expected a list") && in_.More(first_, ']', "")) return true;
    index_ = std::string_view::npos;
    return false;
  }
  if (!in_.ok()) return false;
  if (in_.More(first_, ']', "expected ',' or ']' after an element")) {
    ++index_;
    return true;
  }
  return false;
}

bool JsonArray::Done() {
  if (in_.ok()) return true;
  if (index_ != std::string_view::npos) in_.WithinElement(index_);
  return false;
}

bool JsonMap::Next() {
  if (!entered_) {
    entered_ = true;
    if (!in_.Enter('{', "expected an object")) return false;
  }
  if (!in_.ok()) return false;
  within_ = false;
  if (!in_.More(first_, '}', "expected ',' or '}' after a member")) return false;
  if (in_.p_ == in_.end_ || *in_.p_ != '"') return in_.FailAt(in_.p_, "expected a key");
  in_.value_ = in_.p_;
  bool escaped;
  if (!in_.Quoted(key_, escaped)) return false;
  if (escaped) {
    unescaped_.clear();
    AppendUnescapedJson(key_, unescaped_);
    key_ = unescaped_;
  }
  if (!in_.Colon()) return false;
  within_ = true;
  return true;
}

bool JsonMap::FailTwice() { return in_.Fail("expected no second entry of this key"); }

bool JsonMap::Done() {
  if (in_.ok()) return true;
  if (within_) in_.WithinKey(key_);
  return false;
}

}  // namespace runnel
