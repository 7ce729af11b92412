#include "runtime/core/json_string.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "runtime/core/utf8.h"

namespace runnel {
namespace {

// The four digits of a \u escape. The text has been scanned: they are there.
char32_t HexUnit(std::string_view digits) {
  uint32_t unit = 0;
  std::from_chars(digits.data(), digits.data() + 4, unit, 16);
  return unit;
}

}  // namespace

void AppendUnescapedJson(std::string_view body, std::string& out) {
  out.reserve(out.size() + body.size());
  while (!body.empty()) {
    const size_t plain = std::min(body.find('\\'), body.size());
    out.append(body.substr(0, plain));
    body.remove_prefix(plain);
    if (body.empty()) break;
    const char kind = body[1];
    body.remove_prefix(2);
    switch (kind) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        char32_t code_point = HexUnit(body);
        body.remove_prefix(4);
        if (code_point >= 0xD800 && code_point < 0xDC00) {
          code_point = 0x10000 + ((code_point - 0xD800) << 10) + (HexUnit(body.substr(2)) - 0xDC00);
          body.remove_prefix(6);
        }
        AppendUtf8(code_point, out);
        break;
      }
      default:  // '"', '\\', '/'
        out += kind;
    }
  }
}

void AppendJsonString(std::string_view text, std::string& out) {
  if (!IsValidUtf8(text)) {
    std::string repaired;
    AppendRepairedUtf8(text, repaired);
    AppendJsonString(repaired, out);
    return;
  }
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  size_t plain = 0;  // where what needs no escape began
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.substr(plain, i - plain));
    plain = i + 1;
    out += '\\';
    switch (c) {
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      case '\t':
        out += 't';
        break;
      case '"':
      case '\\':
        out += static_cast<char>(c);
        break;
      default:
        out += "u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out.append(text.substr(plain));
  out += '"';
}

}  // namespace runnel
