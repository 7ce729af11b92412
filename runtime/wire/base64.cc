#include "runtime/wire/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <tmmintrin.h>
#define RUNNEL_BASE64_SSSE3 1
#endif

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

#ifdef RUNNEL_BASE64_SSSE3

// Twelve bytes, sixteen characters at a time, as Wojciech Muła found how
// to. Both do what they can and leave the rest to others: the end of the bytes, and characters that
// are not of the standard alphabet.

bool HasSsse3() {
  static const bool has = __builtin_cpu_supports("ssse3");
  return has;
}

// Returns how many bytes it encoded.
__attribute__((target("ssse3"))) size_t EncodeBlocks(std::string_view bytes, char* to) {
  const __m128i order = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  // What to add to a value, by its range: a-z, ten digits, "+", "/", A-Z.
  const __m128i offsets =
      _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                    '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
  size_t i = 0;
  for (; i + 16 <= bytes.size(); i += 12, to += 16) {
    __m128i in = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + i));
    in = _mm_shuffle_epi8(in, order);
    const __m128i high =
        _mm_mulhi_epu16(_mm_and_si128(in, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
    const __m128i low =
        _mm_mullo_epi16(_mm_and_si128(in, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
    const __m128i values = _mm_or_si128(high, low);
    const __m128i upper =
        _mm_and_si128(_mm_cmpgt_epi8(_mm_set1_epi8(26), values), _mm_set1_epi8(13));
    const __m128i range = _mm_or_si128(_mm_subs_epu8(values, _mm_set1_epi8(51)), upper);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm_add_epi8(_mm_shuffle_epi8(offsets, range), values));
  }
  return i;
}

// Returns how many characters it decoded, a multiple of four, and adds kStandard to `seen` if there
// were any of those. `to` has room for what all of `text` decodes to.
__attribute__((target("ssse3"))) size_t DecodeBlocks(std::string_view text, unsigned char* to,
                                                     uint32_t& seen) {
  // By the halves of a character: a bit that both have means that it is none of the alphabet.
  const __m128i by_low = _mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                       0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
  const __m128i by_high = _mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10,
                                        0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
  // What to add to a character, by its upper half; "/" has the place before "+".
  const __m128i offsets = _mm_setr_epi8(0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a',
                                        26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0);
  const __m128i order = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  const __m128i half = _mm_set1_epi8(0x0f);
  __m128i standard = _mm_setzero_si128();
  size_t i = 0;
  // Sixteen bytes are stored, twelve of which count: 24 characters have room for them.
  for (; i + 24 <= text.size(); i += 16, to += 12) {
    const __m128i in = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
    const __m128i high = _mm_and_si128(_mm_srli_epi32(in, 4), half);
    const __m128i low = _mm_and_si128(in, half);
    const __m128i bad =
        _mm_and_si128(_mm_shuffle_epi8(by_low, low), _mm_shuffle_epi8(by_high, high));
    if (_mm_movemask_epi8(_mm_cmpeq_epi8(bad, _mm_setzero_si128())) != 0xffff) break;
    standard = _mm_or_si128(standard, _mm_cmpeq_epi8(high, _mm_set1_epi8('+' >> 4)));
    const __m128i slash = _mm_cmpeq_epi8(in, _mm_set1_epi8('/'));
    const __m128i values = _mm_add_epi8(in, _mm_shuffle_epi8(offsets, _mm_add_epi8(slash, high)));
    const __m128i pairs = _mm_maddubs_epi16(values, _mm_set1_epi32(0x01400140));
    const __m128i quanta = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_shuffle_epi8(quanta, order));
  }
  if (_mm_movemask_epi8(standard) != 0) seen |= kStandard;
  return i;
}

#else

bool HasSsse3() { return false; }
size_t EncodeBlocks(std::string_view, char*) { return 0; }
size_t DecodeBlocks(std::string_view, unsigned char*, uint32_t&) { return 0; }

#endif

// Writes without padding; returns the end.
char* Encode(std::string_view bytes, char* to) {
  if (HasSsse3()) {
    const size_t done = EncodeBlocks(bytes, to);
    bytes.remove_prefix(done);
    to += done / 3 * 4;
  }
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
  uint32_t seen = 0;
  const size_t blocks = HasSsse3() ? DecodeBlocks(text, to, seen) / 4 : 0;
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
