#include "runtime/sse/dart_string.h"

#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"
#include "runtime/core/utf8.h"

namespace runnel {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// The letter of a character's short escape; 0 where it has none.
char ShortEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\t':
      return 't';
    case '\n':
      return 'n';
    case '\f':
      return 'f';
    case '\r':
      return 'r';
    default:
      return 0;
  }
}

absl::Status Bad(size_t position, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("not a JSON string: at byte ", position, " ", AbslView(what)));
}

// The unit of the escape "\uXXXX" that begins at `i`.
std::optional<char32_t> UnitAt(std::string_view text, size_t i) {
  if (text.size() < i + 6 || text[i] != '\\' || text[i + 1] != 'u') return std::nullopt;
  char32_t unit = 0;
  for (const char c : text.substr(i + 2, 4)) {
    const bool digit = c >= '0' && c <= '9';
    const char lower = static_cast<char>(c | 0x20);
    if (!digit && (lower < 'a' || lower > 'f')) return std::nullopt;
    unit = unit << 4 | static_cast<char32_t>(digit ? c - '0' : lower - 'a' + 10);
  }
  return unit;
}

// Appends what the escape at `i` stands for and moves behind it; false where it is none.
bool TakeEscape(std::string_view text, size_t& i, std::string& out) {
  if (i + 1 >= text.size()) return false;
  constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
  if (const size_t at = kLetters.find(text[i + 1]); at != kLetters.npos) {
    out += kMeanings[at];
    i += 2;
    return true;
  }
  const std::optional<char32_t> unit = UnitAt(text, i);
  if (!unit) return false;
  i += 6;
  if (*unit < 0xD800 || *unit > 0xDFFF) {
    AppendUtf8(*unit, out);
    return true;
  }
  const std::optional<char32_t> low = *unit < 0xDC00 ? UnitAt(text, i) : std::nullopt;
  if (low && *low >= 0xDC00 && *low <= 0xDFFF) {
    i += 6;
    AppendUtf8(0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00), out);
  } else {
    AppendUtf8(kReplacement, out);
  }
  return true;
}

}  // namespace

void AppendDartString(std::string_view text, std::string& out) {
  if (!IsValidUtf8(text)) {
    std::string repaired;
    AppendRepairedUtf8(text, repaired);
    return AppendDartString(repaired, out);
  }
  constexpr char kHex[] = "0123456789abcdef";
  out.reserve(out.size() + text.size() + 2);
  out += '"';
  size_t plain = 0;  // where what needs no escape began
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.substr(plain, i - plain));
    plain = i + 1;
    out += '\\';
    if (const char letter = ShortEscape(text[i]); letter != 0) {
      out += letter;
    } else {
      out += "u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  out.append(text.substr(plain));
  out += '"';
}

absl::StatusOr<std::string> ParseDartString(std::string_view json) {
  if (!IsValidUtf8(json)) {
    std::string repaired;
    AppendRepairedUtf8(json, repaired);
    return ParseDartString(repaired);
  }
  constexpr std::string_view kSpace = " \t\n\r";
  size_t i = json.find_first_not_of(kSpace);
  if (i == json.npos || json[i] != '"') return Bad(i == json.npos ? 0 : i, "there is no string");
  std::string text;
  size_t plain = ++i;
  while (i < json.size() && json[i] != '"') {
    if (static_cast<unsigned char>(json[i]) < 0x20) return Bad(i, "there is a control character");
    if (json[i] != '\\') {
      ++i;
      continue;
    }
    text.append(json.substr(plain, i - plain));
    if (!TakeEscape(json, i, text)) return Bad(i, "there is no escape that JSON has");
    plain = i;
  }
  if (i == json.size()) return Bad(i, "the string goes on");
  text.append(json.substr(plain, i - plain));
  const size_t more = json.find_first_not_of(kSpace, i + 1);
  if (more != json.npos) return Bad(more, "something follows the string");
  return text;
}

}  // namespace runnel
