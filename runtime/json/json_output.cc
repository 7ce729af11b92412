#include "runtime/json/json_output.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/utf8.h"
#include "runtime/json/number_text.h"
#include "runtime/wire/base64.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace runnel {
namespace {

// Far more than any reader takes, and little enough for the stack.
constexpr int kMaxDepth = 1000;
// Most messages fit.
constexpr size_t kFirstRoom = 384;

// What stands in a string as it is. "<" and ">" do not, so that JSON can stand in HTML.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (int c = 0x20; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\' && c != '<' && c != '>';
  return plain;
}();

bool IsPlain(char c) { return kPlain[static_cast<unsigned char>(c)]; }

// Copies the plain characters that `text` begins with to `to`, where there is room for all of it;
// returns how many they are.
size_t CopyPlain(std::string_view text, char* to) {
  size_t i = 0;
#ifdef __SSE2__
  const __m128i low = _mm_set1_epi8(0x20), del = _mm_set1_epi8(0x7f), quote = _mm_set1_epi8('"'),
                backslash = _mm_set1_epi8('\\'), less = _mm_set1_epi8('<'),
                greater = _mm_set1_epi8('>');
  for (; i + 16 <= text.size(); i += 16) {
    const __m128i chars = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i), chars);
    // Signed, bytes from 0x80 on are less than 0x20 too.
    const __m128i special = _mm_or_si128(
        _mm_or_si128(_mm_cmplt_epi8(chars, low), _mm_cmpeq_epi8(chars, del)),
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(chars, quote), _mm_cmpeq_epi8(chars, backslash)),
                     _mm_or_si128(_mm_cmpeq_epi8(chars, less), _mm_cmpeq_epi8(chars, greater))));
    const int mask = _mm_movemask_epi8(special);
    if (mask != 0) return i + static_cast<size_t>(__builtin_ctz(static_cast<unsigned>(mask)));
  }
#endif
  for (; i < text.size() && IsPlain(text[i]); ++i) to[i] = text[i];
  return i;
}

// Characters that protobuf escapes although JSON does not ask for it: some readers take them for
// the end of a line, others do not show them. From U+00A0 on; all below are handled apart.
bool IsHidden(char32_t c) {
  if (c < 0x0600) return c == 0x00ad;
  if (c < 0x2000) {
    return c <= 0x0603 || c == 0x06dd || c == 0x070f || c == 0x17b4 || c == 0x17b5;
  }
  if (c < 0x2070) {
    return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x2064) || c >= 0x206a;
  }
  if (c < 0x10000) return c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb);
  return (c >= 0x1d173 && c <= 0x1d17a) || c == 0xe0001 || (c >= 0xe0020 && c <= 0xe007f);
}

char* WriteUnit(uint32_t unit, char* to) {
  constexpr char kHex[] = "0123456789abcdef";
  *to++ = '\\';
  *to++ = 'u';
  for (int shift = 12; shift >= 0; shift -= 4) *to++ = kHex[unit >> shift & 15];
  return to;
}

char* WriteEscape(char32_t c, char* to) {
  if (c >= 0x10000) {
    to = WriteUnit(0xd800 + ((c - 0x10000) >> 10), to);
    return WriteUnit(0xdc00 + ((c - 0x10000) & 0x3ff), to);
  }
  char letter = 0;
  switch (c) {
    case '\b':
      letter = 'b';
      break;
    case '\f':
      letter = 'f';
      break;
    case '\n':
      letter = 'n';
      break;
    case '\r':
      letter = 'r';
      break;
    case '\t':
      letter = 't';
      break;
    case '"':
    case '\\':
      letter = static_cast<char>(c);
      break;
    default:
      return WriteUnit(c, to);
  }
  *to++ = '\\';
  *to++ = letter;
  return to;
}

// The character of well-formed UTF-8 at `p`, which is not ASCII, and its length.
char32_t CodePoint(const char* p, size_t& length) {
  const auto at = [p](size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(p[i])); };
  const char32_t lead = at(0);
  if (lead < 0xe0) {
    length = 2;
    return (lead & 0x1f) << 6 | (at(1) & 0x3f);
  }
  if (lead < 0xf0) {
    length = 3;
    return (lead & 0x0f) << 12 | (at(1) & 0x3f) << 6 | (at(2) & 0x3f);
  }
  length = 4;
  return (lead & 0x07) << 18 | (at(1) & 0x3f) << 12 | (at(2) & 0x3f) << 6 | (at(3) & 0x3f);
}

}  // namespace

JsonOutput::JsonOutput(std::string& out) : out_(out), before_(out.size()) {
  out_.resize(before_ + kFirstRoom);
  next_ = out_.data() + before_;
  end_ = out_.data() + out_.size();
}

void JsonOutput::Grow(size_t size) {
  const size_t used = static_cast<size_t>(next_ - out_.data());
  out_.resize(used + std::max(size, used - before_) + kFirstRoom);
  next_ = out_.data() + used;
  end_ = out_.data() + out_.size();
}

bool JsonOutput::Begin(size_t& start) {
  if (++depth_ > kMaxDepth) {
    Fail(absl::InvalidArgumentError(
        absl::StrCat("objects and arrays nest more than ", kMaxDepth, " deep")));
    return false;
  }
  start = static_cast<size_t>(next_ - out_.data());
  return true;
}

void JsonOutput::End(size_t start, char open, char close) {
  --depth_;
  char* to = Reserve(2);
  char* const first = out_.data() + start;
  if (first == to) ++to;
  *first = open;
  *to++ = close;
  next_ = to;
}

template <typename T>
void JsonOutput::Number(T value) {
  char* const to = Reserve(kMaxNumberText);
  next_ = std::to_chars(to, to + kMaxNumberText, value).ptr;
}

template <typename T>
void JsonOutput::QuotedNumber(T value) {
  char* to = Reserve(kMaxNumberText);
  *to++ = '"';
  to = std::to_chars(to, to + kMaxNumberText - 2, value).ptr;
  *to++ = '"';
  next_ = to;
}

void JsonOutput::MapKey(std::string_view key) {
  Element();
  String(key);
  Raw(":");
}

void JsonOutput::MapKey(bool key) {
  Raw(key ? std::string_view(",\"true\":") : std::string_view(",\"false\":"));
}

void JsonOutput::MapKey(int32_t key) { MapKey(int64_t{key}); }

void JsonOutput::MapKey(uint32_t key) { MapKey(uint64_t{key}); }

void JsonOutput::MapKey(int64_t key) {
  Element();
  QuotedNumber(key);
  Raw(":");
}

void JsonOutput::MapKey(uint64_t key) {
  Element();
  QuotedNumber(key);
  Raw(":");
}

void JsonOutput::Int32(int32_t value) { Number(value); }
void JsonOutput::Uint32(uint32_t value) { Number(value); }
void JsonOutput::Int64(int64_t value) { QuotedNumber(value); }
void JsonOutput::Uint64(uint64_t value) { QuotedNumber(value); }

void JsonOutput::Double(double value) {
  if (!std::isfinite(value)) {
    return Raw(std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  }
  next_ = WriteDouble(value, Reserve(kMaxNumberText));
}

void JsonOutput::Float(float value) {
  if (!std::isfinite(value)) return Double(value);
  next_ = WriteFloat(value, Reserve(kMaxNumberText));
}

void JsonOutput::String(std::string_view text) {
  char* to = Reserve(text.size() + 2);
  *to++ = '"';
  const size_t plain = CopyPlain(text, to);
  next_ = to + plain;
  if (plain != text.size()) return EscapedRest(text.substr(plain));
  *next_++ = '"';
}

void JsonOutput::EscapedRest(std::string_view text) {
  if (!IsValidUtf8(text)) Fail(absl::InvalidArgumentError("a string is not valid UTF-8"));
  if (!error_.ok()) return;
  constexpr size_t kLongestEscape = 12;
  while (!text.empty()) {
    // Behind a run of plain characters there is always room for one that is not.
    char* to = Reserve(text.size() + kLongestEscape + 1);
    const size_t plain = CopyPlain(text, to);
    to += plain;
    text.remove_prefix(plain);
    if (!text.empty()) {
      char32_t c = static_cast<unsigned char>(text[0]);
      size_t length = 1;
      if (c >= 0x80) c = CodePoint(text.data(), length);
      if (c < 0xa0 || IsHidden(c)) {
        to = WriteEscape(c, to);
      } else {
        std::memcpy(to, text.data(), length);
        to += length;
      }
      text.remove_prefix(length);
    }
    next_ = to;
  }
  *Reserve(1) = '"';
  ++next_;
}

void JsonOutput::Bytes(std::string_view bytes) {
  char* to = Reserve(PaddedBase64Size(bytes.size()) + 2);
  *to++ = '"';
  to = WritePaddedBase64(bytes, to);
  *to++ = '"';
  next_ = to;
}

void JsonOutput::Enum(const JsonEnum& type, int number) {
  const std::string_view name = type.Name(number);
  if (name.empty()) return Number(number);
  char* to = Reserve(name.size() + 2);
  *to++ = '"';
  std::memcpy(to, name.data(), name.size());
  to += name.size();
  *to++ = '"';
  next_ = to;
}

void JsonOutput::Fail(absl::Status error) {
  if (error_.ok()) error_ = std::move(error);
}

absl::Status JsonOutput::Finish() && {
  out_.resize(static_cast<size_t>(next_ - out_.data()));
  return std::move(error_);
}

}  // namespace runnel
