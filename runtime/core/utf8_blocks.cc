#include "runtime/core/utf8_blocks.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define RUNNEL_UTF8_X86 1
#endif

namespace runnel {

#ifdef RUNNEL_UTF8_X86

// The method is John Keiser's and Daniel Lemire's ("Validating UTF-8 In Less Than One Instruction
// Per Byte", 2021). What can be wrong with two bytes in a row has a bit each; three tables say, by
// the halves of the first byte and by the upper half of the second, which bits are possible. Those
// that all three have are wrong, but for kTwoContinuations where a third or fourth byte belongs.

namespace {

constexpr size_t kBlock = 16;

enum : char {
  kTooShort = 1 << 0,   // a lead byte, and no continuation
  kTooLong = 1 << 1,    // ASCII, and a continuation
  kOverlong3 = 1 << 2,  // E0 80…9F
  kTooLarge = 1 << 3,   // F4 90…, F5…
  kSurrogate = 1 << 4,  // ED A0…
  kOverlong2 = 1 << 5,  // C0, C1
  kOverlong4 = 1 << 6,  // F0 80…8F; and F5 80…8F, which kTooLarge has not
  kTwoContinuations = static_cast<char>(1 << 7),
  kAny = kTooShort | kTooLong | kTwoContinuations,  // whatever the lower half is
};

__attribute__((target("ssse3"))) bool IsValid(__m128i block, __m128i before) {
  constexpr char kLow5 = kAny | kTooLarge | kOverlong4;
  constexpr char kHigh8 = kTooLong | kOverlong2 | kTwoContinuations | kOverlong3 | kOverlong4;
  constexpr char kHigh9 = kTooLong | kOverlong2 | kTwoContinuations | kOverlong3 | kTooLarge;
  constexpr char kHighA = kTooLong | kOverlong2 | kTwoContinuations | kSurrogate | kTooLarge;
  const __m128i by_first_high =
      _mm_setr_epi8(kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong,
                    kTwoContinuations, kTwoContinuations, kTwoContinuations, kTwoContinuations,
                    kTooShort | kOverlong2, kTooShort, kTooShort | kOverlong3 | kSurrogate,
                    kTooShort | kTooLarge | kOverlong4);
  const __m128i by_first_low = _mm_setr_epi8(
      kAny | kOverlong3 | kOverlong2 | kOverlong4, kAny | kOverlong2, kAny, kAny, kAny | kTooLarge,
      kLow5, kLow5, kLow5, kLow5, kLow5, kLow5, kLow5, kLow5, kLow5 | kSurrogate, kLow5, kLow5);
  const __m128i by_second_high = _mm_setr_epi8(
      kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort,
      kHigh8, kHigh9, kHighA, kHighA, kTooShort, kTooShort, kTooShort, kTooShort);
  const __m128i half = _mm_set1_epi8(0x0f);
  const __m128i first = _mm_alignr_epi8(block, before, 15);
  const __m128i first_high = _mm_and_si128(_mm_srli_epi16(first, 4), half);
  const __m128i second_high = _mm_and_si128(_mm_srli_epi16(block, 4), half);
  const __m128i wrong =
      _mm_and_si128(_mm_and_si128(_mm_shuffle_epi8(by_first_high, first_high),
                                  _mm_shuffle_epi8(by_first_low, _mm_and_si128(first, half))),
                    _mm_shuffle_epi8(by_second_high, second_high));
  // The upper bit is left of E0 and more two bytes before, and of F0 and more three bytes before.
  const __m128i third =
      _mm_subs_epu8(_mm_alignr_epi8(block, before, 14), _mm_set1_epi8(0xe0 - 0x80));
  const __m128i fourth =
      _mm_subs_epu8(_mm_alignr_epi8(block, before, 13), _mm_set1_epi8(0xf0 - 0x80));
  const __m128i expected =
      _mm_and_si128(_mm_or_si128(third, fourth), _mm_set1_epi8(static_cast<char>(0x80)));
  const __m128i same = _mm_cmpeq_epi8(wrong, expected);
  return _mm_movemask_epi8(same) == 0xffff;
}

__attribute__((target("ssse3"))) size_t WholeBlocks(std::string_view bytes) {
  __m128i before = _mm_setzero_si128();
  size_t i = 0;
  for (; i + kBlock <= bytes.size(); i += kBlock) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + i));
    if (!IsValid(block, before)) break;
    before = block;
  }
  return i;
}

// Without the character that its end cuts, of what is well-formed so far.
size_t WithoutCut(std::string_view bytes) {
  for (size_t back = 1; back <= 3 && back <= bytes.size(); ++back) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.size() - back : bytes.size();
  }
  return bytes.size();
}

}  // namespace

size_t ValidUtf8Blocks(std::string_view bytes) {
  static const bool has_instructions = __builtin_cpu_supports("ssse3") != 0;
  if (!has_instructions) return 0;
  return WithoutCut(bytes.substr(0, WholeBlocks(bytes)));
}

#else

size_t ValidUtf8Blocks(std::string_view) { return 0; }

#endif

}  // namespace runnel
