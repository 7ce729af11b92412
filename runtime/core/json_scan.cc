#include "runtime/core/json_scan.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/core/utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace runnel {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The lowest bit that is set is that of the first of the 8 bytes that ends a run of plain
// characters: a quotation mark, a backslash, a control character or a byte that is not ASCII.
uint64_t Special(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101u, kHigh = 0x8080808080808080u;
  const auto has_zero = [](uint64_t x) { return (x - kOnes) & ~x & kHigh; };
  return (word & kHigh) | has_zero(word ^ (kOnes * '"')) | has_zero(word ^ (kOnes * '\\')) |
         ((word - kOnes * 0x20) & ~word & kHigh);
}

bool IsPlain(unsigned char c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

size_t SkipPlain(std::string_view text, size_t i) {
  if constexpr (std::endian::native == std::endian::little) {
    for (; i + 8 <= text.size(); i += 8) {
      uint64_t word;
      std::memcpy(&word, text.data() + i, 8);
      const uint64_t special = Special(word);
      if (special != 0) return i + static_cast<size_t>(std::countr_zero(special)) / 8;
    }
  }
  while (i < text.size() && IsPlain(static_cast<unsigned char>(text[i]))) ++i;
  return i;
}

// Reads the four digits of a \u escape that begins at `i`; -1 if there are none.
int HexEscape(std::string_view text, size_t i) {
  if (i + 6 > text.size() || text[i] != '\\' || text[i + 1] != 'u') return -1;
  int value = 0;
  for (size_t k = i + 2; k < i + 6; ++k) {
    const char c = text[k];
    const int digit = IsDigit(c)               ? c - '0'
                      : c >= 'a' && c <= 'f'   ? c - 'a' + 10
                      : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                               : -1;
    if (digit < 0) return -1;
    value = value << 4 | digit;
  }
  return value;
}

absl::Status SkipEscape(std::string_view text, size_t& i) {
  if (i + 1 >= text.size()) return JsonError(i, "the text ends inside a string");
  switch (text[i + 1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      i += 2;
      return absl::OkStatus();
    case 'u':
      break;
    default:
      return JsonError(i, "expected one of \"\\/bfnrtu after a backslash");
  }
  const int unit = HexEscape(text, i);
  if (unit < 0) return JsonError(i, "expected four hexadecimal digits after \\u");
  if (unit >= 0xd800 && unit <= 0xdfff) {
    const int low = unit <= 0xdbff ? HexEscape(text, i + 6) : -1;
    if (low < 0xdc00 || low > 0xdfff) return JsonError(i, "expected surrogates in a pair");
    i += 6;
  }
  i += 6;
  return absl::OkStatus();
}

absl::Status SkipLiteral(std::string_view text, std::string_view literal, size_t& position) {
  if (!text.substr(position).starts_with(literal)) {
    return JsonError(position, "expected a value");
  }
  position += literal.size();
  return absl::OkStatus();
}

absl::Status SkipScalar(std::string_view text, size_t& position) {
  if (position >= text.size()) return JsonError(position, "expected a value, not the end");
  switch (text[position]) {
    case '"':
      return SkipJsonString(text, position);
    case 't':
      return SkipLiteral(text, "true", position);
    case 'f':
      return SkipLiteral(text, "false", position);
    case 'n':
      return SkipLiteral(text, "null", position);
    default:
      if (text[position] == '-' || IsDigit(text[position])) return SkipJsonNumber(text, position);
      return JsonError(position, "expected a value");
  }
}

#ifdef __SSE2__

// The first character that `find` marks among sixteen, and `is` accepts by itself; `end` if there
// is none.
template <typename Find, typename Is>
const char* FindFirst(const char* p, const char* end, Find find, Is is) {
  for (; end - p >= 16; p += 16) {
    const auto found = static_cast<unsigned>(
        _mm_movemask_epi8(find(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))));
    if (found != 0) return p + std::countr_zero(found);
  }
  return std::find_if(p, end, is);
}

__m128i Equals(__m128i chars, char c) { return _mm_cmpeq_epi8(chars, _mm_set1_epi8(c)); }

#endif

bool IsBracket(char c) { return c == '{' || c == '}' || c == '[' || c == ']'; }

const char* FindBracketOrQuote(const char* p, const char* end) {
  const auto is = [](char c) { return c == '"' || IsBracket(c); };
#ifdef __SSE2__
  const auto find = [](__m128i chars) {
    // Brackets are braces without the bit 0x20.
    const __m128i folded = _mm_or_si128(chars, _mm_set1_epi8(0x20));
    return _mm_or_si128(Equals(chars, '"'), _mm_or_si128(Equals(folded, '{'), Equals(folded, '}')));
  };
  return FindFirst(p, end, find, is);
#else
  return std::find_if(p, end, is);
#endif
}

const char* FindQuoteOrBackslash(const char* p, const char* end) {
  const auto is = [](char c) { return c == '"' || c == '\\'; };
#ifdef __SSE2__
  const auto find = [](__m128i chars) {
    return _mm_or_si128(Equals(chars, '"'), Equals(chars, '\\'));
  };
  return FindFirst(p, end, find, is);
#else
  return std::find_if(p, end, is);
#endif
}

// The key of a member and its colon.
absl::Status SkipKey(std::string_view text, std::string_view expected, size_t& position) {
  if (position >= text.size() || text[position] != '"') return JsonError(position, expected);
  RUNNEL_RETURN_IF_ERROR(SkipJsonString(text, position));
  SkipJsonSpace(text, position);
  if (position >= text.size() || text[position] != ':') {
    return JsonError(position, "expected ':' after a key");
  }
  ++position;
  SkipJsonSpace(text, position);
  return absl::OkStatus();
}

}  // namespace

absl::Status JsonError(size_t position, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("invalid JSON at byte ", position, ": ", AbslView(what)));
}

absl::Status JsonDepthError(size_t position, int max_depth) {
  return absl::ResourceExhaustedError(absl::StrCat("JSON at byte ", position,
                                                   " is nested more than ", max_depth,
                                                   " deep; the limit is Limits::max_json_depth"));
}

absl::Status SkipJsonString(std::string_view text, size_t& position) {
  ++position;
  while (true) {
    position = SkipPlain(text, position);
    if (position >= text.size()) return JsonError(position, "the text ends inside a string");
    const auto c = static_cast<unsigned char>(text[position]);
    if (c == '"') {
      ++position;
      return absl::OkStatus();
    }
    if (c == '\\') {
      RUNNEL_RETURN_IF_ERROR(SkipEscape(text, position));
    } else if (c >= 0x80) {
      // One sequence at a time: an escape or the end may follow at once.
      const size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
      const std::string_view sequence = text.substr(position, length);
      if (ValidUtf8Prefix(sequence) != length) return JsonError(position, "expected valid UTF-8");
      position += length;
    } else {
      return JsonError(position, "expected control characters in a string to be escaped");
    }
  }
}

absl::Status SkipJsonNumber(std::string_view text, size_t& position) {
  const auto digit_at = [text](size_t i) { return i < text.size() && IsDigit(text[i]); };
  size_t i = position;
  if (i < text.size() && text[i] == '-') ++i;
  if (!digit_at(i)) return JsonError(position = i, "expected a digit");
  if (text[i] == '0') {
    if (digit_at(++i)) return JsonError(position = i, "expected no digit after a leading 0");
  } else {
    while (digit_at(i)) ++i;
  }
  if (i < text.size() && text[i] == '.') {
    if (!digit_at(++i)) return JsonError(position = i, "expected a digit after '.'");
    while (digit_at(i)) ++i;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digit_at(i)) return JsonError(position = i, "expected a digit in the exponent");
    while (digit_at(i)) ++i;
  }
  position = i;
  return absl::OkStatus();
}

absl::Status SkipJsonValue(std::string_view text, int depth, int max_depth, size_t& position) {
  absl::InlinedVector<bool, 64> open;  // the containers around the position, true for objects
  while (true) {
    // A value begins here.
    const char c = position < text.size() ? text[position] : '\0';
    if (c == '{' || c == '[') {
      if (depth + static_cast<int>(open.size()) >= max_depth) {
        return JsonDepthError(position, max_depth);
      }
      open.push_back(c == '{');
      ++position;
      SkipJsonSpace(text, position);
      const char close = c == '{' ? '}' : ']';
      if (position >= text.size() || text[position] != close) {
        if (c == '{') RUNNEL_RETURN_IF_ERROR(SkipKey(text, "expected a key or '}'", position));
        continue;
      }
    } else {
      RUNNEL_RETURN_IF_ERROR(SkipScalar(text, position));
      if (open.empty()) return absl::OkStatus();
      SkipJsonSpace(text, position);
    }
    // A value ended, or an empty container is about to.
    while (position < text.size() && text[position] == (open.back() ? '}' : ']')) {
      ++position;
      open.pop_back();
      if (open.empty()) return absl::OkStatus();
      SkipJsonSpace(text, position);
    }
    if (position >= text.size() || text[position] != ',') {
      return JsonError(position, open.back() ? "expected ',' or '}' after a member"
                                             : "expected ',' or ']' after an element");
    }
    ++position;
    SkipJsonSpace(text, position);
    if (open.back()) RUNNEL_RETURN_IF_ERROR(SkipKey(text, "expected a key after ','", position));
  }
}

absl::Status SkipUncheckedJson(std::string_view text, size_t& position) {
  const char first = position < text.size() ? text[position] : '\0';
  if (first != '{' && first != '[') return SkipScalar(text, position);
  const char* const end = text.data() + text.size();
  const char* p = text.data() + position;
  for (size_t open = 0; (p = FindBracketOrQuote(p, end)) != end;) {
    const char c = *p++;
    if (c == '"') {
      while ((p = FindQuoteOrBackslash(p, end)) != end && *p == '\\') p += p + 1 < end ? 2 : 1;
      if (p == end) break;
      ++p;
    } else if (c == '{' || c == '[') {
      ++open;
    } else if (--open == 0) {
      position = static_cast<size_t>(p - text.data());
      return absl::OkStatus();
    }
  }
  return JsonError(position = text.size(), "the text ends inside an object or array");
}

absl::Status ScanJson(std::string_view text, int max_depth) {
  size_t position = 0;
  SkipJsonSpace(text, position);
  RUNNEL_RETURN_IF_ERROR(SkipJsonValue(text, 0, max_depth, position));
  SkipJsonSpace(text, position);
  if (position != text.size()) return JsonError(position, "expected the end after the value");
  return absl::OkStatus();
}

}  // namespace runnel
