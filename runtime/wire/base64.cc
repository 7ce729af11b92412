#include "runtime/wire/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "runtime/wire/base64_blocks.h"

namespace runnel {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Two characters for every 12 bits.
constexpr auto kPairs = [] {
  std::array<std::array<char, 2>, 4096> pairs{};
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kAlphabet[i >> 6], kAlphabet[i & 63]};
  return pairs;
}();

// The value of a character, shifted to its place in the 24 bits of a quantum, for each of the
// four places. Bits above those tell what it is: no character of any alphabet, or one that only
// the standard or only the URL-safe alphabet has.
constexpr uint32_t kInvalid = 1u << 31, kStandard = 1u << 30, kUrlSafe = 1u << 29;
constexpr auto kValues = [] {
  std::array<std::array<uint32_t, 256>, 4> values{};
  for (int place = 0; place < 4; ++place) {
    for (uint32_t& value : values[place]) value = kInvalid;
    for (uint32_t i = 0; i < 64; ++i) {
      values[place][static_cast<unsigned char>(kAlphabet[i])] =
          i << (18 - 6 * place) | (i < 62 ? 0 : kStandard);
    }
    values[place]['-'] = 62u << (18 - 6 * place) | kUrlSafe;
    values[place]['_'] = 63u << (18 - 6 * place) | kUrlSafe;
  }
  return values;
}();

uint32_t Value(int place, char c) { return kValues[place][static_cast<unsigned char>(c)]; }

absl::Status Invalid(size_t offset, const char* what) {
  return absl::InvalidArgumentError(absl::StrCat("invalid base64 at byte ", offset, ": ", what));
}

absl::Status InvalidCharacter(std::string_view text, uint32_t refused) {
  size_t offset = 0;
  while (offset < text.size() && (Value(3, text[offset]) & refused) == 0) ++offset;
  return Invalid(offset, "not a character of the alphabet");
}

// Writes without padding; returns the end.
char* Encode(std::string_view bytes, char* to) {
  const size_t done = EncodeBase64Blocks(bytes, to);
  bytes.remove_prefix(done);
  to += done / 3 * 4;
  const size_t whole = bytes.size() / 3, rest = bytes.size() % 3;
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
  for (size_t i = 0; i < whole; ++i, from += 3, to += 4) {
    const uint32_t quantum = from[0] << 16 | from[1] << 8 | from[2];
    const auto &high = kPairs[quantum >> 12], &low = kPairs[quantum & 0xfff];
    to[0] = high[0];
    to[1] = high[1];
    to[2] = low[0];
    to[3] = low[1];
  }
  if (rest == 0) return to;
  const uint32_t quantum = from[0] << 16 | (rest == 2 ? from[1] << 8 : 0);
  *to++ = kAlphabet[quantum >> 18];
  *to++ = kAlphabet[quantum >> 12 & 63];
  if (rest == 2) *to++ = kAlphabet[quantum >> 6 & 63];
  return to;
}

// `refused` are the bits that make a character invalid.
absl::Status Decode(std::string_view text, uint32_t refused, std::string& out) {
  if (text.size() % 4 == 0 && text.ends_with('=')) {
    text.remove_suffix(text.ends_with("==") ? 2 : 1);
  }
  const size_t whole = text.size() / 4, rest = text.size() % 4;
  out.resize(whole * 3 + (rest == 0 ? 0 : rest - 1));
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  bool standard = false;
  const size_t blocks = DecodeBase64Blocks(text, to, standard) / 4;
  uint32_t seen = standard ? kStandard : 0;
  to += blocks * 3;
  const char* from = text.data() + blocks * 4;
  for (size_t i = blocks; i < whole; ++i, from += 4, to += 3) {
    const uint32_t quantum =
        Value(0, from[0]) | Value(1, from[1]) | Value(2, from[2]) | Value(3, from[3]);
    seen |= quantum;
    to[0] = static_cast<unsigned char>(quantum >> 16);
    to[1] = static_cast<unsigned char>(quantum >> 8);
    to[2] = static_cast<unsigned char>(quantum);
  }
  uint32_t last = 0;
  for (size_t i = 0; i < rest; ++i) last |= Value(static_cast<int>(i), from[i]);
  seen |= last;
  if (seen & refused) return InvalidCharacter(text, refused);
  if ((seen & kStandard) && (seen & kUrlSafe)) {
    const bool standard_first = Value(3, text[text.find_first_of("+/-_")]) & kStandard;
    return InvalidCharacter(text, standard_first ? kUrlSafe : kStandard);
  }
  if (rest == 1) return Invalid(text.size(), "the text ends after one character of four");
  if (rest == 0) return absl::OkStatus();
  *to++ = static_cast<unsigned char>(last >> 16);
  if (rest == 3) *to++ = static_cast<unsigned char>(last >> 8);
  if (last & (rest == 2 ? 0xffff : 0xff)) {
    return Invalid(text.size() - 1, "the last character has bits that belong to no byte");
  }
  return absl::OkStatus();
}

}  // namespace

void AppendBase64(std::string_view bytes, std::string& out) {
  const size_t start = out.size();
  const size_t rest = bytes.size() % 3;
  out.resize(start + bytes.size() / 3 * 4 + (rest == 0 ? 0 : rest + 1));
  Encode(bytes, out.data() + start);
}

char* WritePaddedBase64(std::string_view bytes, char* to) {
  char* const end = to + PaddedBase64Size(bytes.size());
  for (to = Encode(bytes, to); to != end;) *to++ = '=';
  return end;
}

absl::Status DecodeBase64(std::string_view text, std::string& out) {
  return Decode(text, kInvalid | kUrlSafe, out);
}

absl::Status DecodeAnyBase64(std::string_view text, std::string& out) {
  return Decode(text, kInvalid, out);
}

}  // namespace runnel
