// Base64: both decoders against a slow one, and what was decoded encodes to the same again.

#include "runtime/wire/base64.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzzer.h"

namespace runnel::fuzz {
namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// As RFC 4648 reads, a character at a time.
std::optional<std::string> DecodeSlowly(std::string_view text, std::string_view alphabet) {
  if (text.size() % 4 == 0 && text.ends_with("==")) {
    text.remove_suffix(2);
  } else if (text.size() % 4 == 0 && text.ends_with('=')) {
    text.remove_suffix(1);
  }
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count);
      bits &= (1u << count) - 1;
    }
  }
  // Six bits left are a lone character; others must be 0.
  if (count == 6 || bits != 0) return std::nullopt;
  return bytes;
}

void Check(std::string_view data) {
  const std::optional<std::string> standard = DecodeSlowly(data, kStandard);
  const std::optional<std::string> url_safe = DecodeSlowly(data, kUrlSafe);
  std::string decoded;
  Require(DecodeBase64(data, decoded).ok() == standard.has_value(), "DecodeBase64 takes what is");
  if (standard) RequireEqual(decoded, *standard, "DecodeBase64 decodes");
  Require(DecodeAnyBase64(data, decoded).ok() == (standard || url_safe),
          "DecodeAnyBase64 takes what is");
  if (standard || url_safe) {
    RequireEqual(decoded, standard ? *standard : *url_safe, "DecodeAnyBase64 decodes");
  }

  std::string text = "before";
  AppendBase64(data, text);
  text.erase(0, 6);
  std::string again;
  Require(DecodeBase64(text, again).ok(), "what was encoded decodes");
  RequireEqual(again, data, "what was encoded decodes to the same");
  std::string padded(PaddedBase64Size(data.size()), '\0');
  Require(WritePaddedBase64(data, padded.data()) == padded.data() + padded.size(),
          "padded text has the length that was said");
  RequireEqual(padded.substr(0, text.size()), text, "padding is all that differs");
  Require(padded.find_first_not_of('=', text.size()) == std::string::npos, "padding is padding");
}

std::vector<std::string> Seeds() {
  return {"",
          "AQI=",
          "AQI",
          "_w==",
          "+/+/",
          "-_-_",
          "AA+_",
          "Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFy",
          "Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFy_m9vYmFyZm9vYmFyZm9vYmFyZg=="};
}

const Fuzzer fuzzer("base64", Check, Seeds);

}  // namespace
}  // namespace runnel::fuzz
