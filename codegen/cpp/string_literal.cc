#include "codegen/cpp/string_literal.h"

namespace runnel::codegen {

std::string StringLiteral(std::string_view text) {
  std::string literal = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || c == '?') {  // "?" for trigraphs
      literal += '\\';
      literal += c;
    } else if (byte >= 0x20 && byte < 0x7f) {
      literal += c;
    } else {
      // Octal: an escape of three digits ends by itself.
      literal += '\\';
      for (int shift = 6; shift >= 0; shift -= 3) {
        literal += static_cast<char>('0' + (byte >> shift & 7));
      }
    }
  }
  return literal + '"';
}

std::string JsonString(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20 || c == 0x7f || c == '<' || c == '>') {
      json += "\\u00";
      json += kHex[byte >> 4];
      json += kHex[byte & 15];
    } else {
      json += c;
    }
  }
  return json + '"';
}

}  // namespace runnel::codegen
