#include "runnel/log_line.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

constexpr size_t kMaxValueBytes = 1024;
constexpr std::string_view kCut = "\xE2\x80\xA6";          // …
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

struct Character {
  char32_t code = 0;
  size_t bytes = 1;
  bool valid = false;
};

// The first character of `text`, which is not empty (The Unicode Standard, table 3-7).
Character FirstOf(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
  char32_t code = lead & (0xFFu >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kLeast[size] || code > 0x10FFFF || surrogate) return {};
  return {code, size, true};
}

// What a terminal, or a reader of lines, might act upon: controls, ends of lines, and what turns
// the direction of text.
bool IsActive(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 ||
         (code >= 0x200B && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

void AppendEscaped(std::string_view text, std::string& out) {
  const bool cut = text.size() > kMaxValueBytes;
  if (cut) {
    text = text.substr(0, kMaxValueBytes);
    // Not in the midst of a character.
    for (int i = 0; i < 3 && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80; ++i) {
      text.remove_suffix(1);
    }
    if (static_cast<unsigned char>(text.back()) >= 0xC0) text.remove_suffix(1);
  }
  while (!text.empty()) {
    const Character next = FirstOf(text);
    if (!next.valid) {
      out += kReplacement;
    } else if (next.code == '"' || next.code == '\\') {
      out += '\\';
      out += static_cast<char>(next.code);
    } else if (next.code == '\n') {
      out += "\\n";
    } else if (IsActive(next.code)) {
      absl::StrAppend(&out, "\\u", absl::Hex(static_cast<uint32_t>(next.code), absl::kZeroPad4));
    } else {
      out.append(text.substr(0, next.bytes));
    }
    text.remove_prefix(next.bytes);
  }
  if (cut) out += kCut;
}

bool IsPlain(std::string_view text) {
  return !text.empty() && text.size() <= kMaxValueBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return c > ' ' && c <= '~' && c != '"' && c != '\\' && c != '=';
         });
}

void AppendTime(absl::Time time, std::string& out) {
  absl::StrAppend(&out, absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone()));
}

}  // namespace

LogLine::LogLine(LogFormat format, absl::Time time, std::string& out) : format_(format), out_(out) {
  if (format_ == LogFormat::kJson) out_ += '{';
  Add("time", time);
}

void LogLine::Name(std::string_view name) {
  if (format_ == LogFormat::kJson) {
    out_ += first_ ? "\"" : ",\"";
    out_ += name;
    out_ += "\":";
  } else {
    if (!first_) out_ += ' ';
    out_ += name;
    out_ += '=';
  }
  first_ = false;
}

LogLine& LogLine::Add(std::string_view name, std::string_view value) {
  Name(name);
  if (format_ == LogFormat::kText && IsPlain(value)) {
    out_ += value;
    return *this;
  }
  out_ += '"';
  AppendEscaped(value, out_);
  out_ += '"';
  return *this;
}

LogLine& LogLine::Add(std::string_view name, uint64_t value) {
  Name(name);
  absl::StrAppend(&out_, value);
  return *this;
}

LogLine& LogLine::Add(std::string_view name, bool value) {
  Name(name);
  out_ += value ? "true" : "false";
  return *this;
}

LogLine& LogLine::Add(std::string_view name, absl::Time value) {
  Name(name);
  if (format_ == LogFormat::kJson) out_ += '"';
  AppendTime(value, out_);
  if (format_ == LogFormat::kJson) out_ += '"';
  return *this;
}

LogLine& LogLine::AddMilliseconds(std::string_view name, absl::Duration value) {
  Name(name);
  const int64_t microseconds = std::max<int64_t>(absl::ToInt64Microseconds(value), 0);
  absl::StrAppend(&out_, microseconds / 1000, ".", absl::Dec(microseconds % 1000, absl::kZeroPad3));
  return *this;
}

void LogLine::End() { out_ += format_ == LogFormat::kJson ? "}\n" : "\n"; }

}  // namespace runnel
