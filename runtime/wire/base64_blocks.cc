#include "runtime/wire/base64_blocks.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define RUNNEL_BASE64_X86 1
#endif

namespace runnel {

#ifdef RUNNEL_BASE64_X86

// The method is Wojciech Muła's and Daniel Lemire's ("Faster Base64 Encoding and Decoding using
// AVX2 Instructions", 2018), for registers of 16 and of 32 bytes: every three bytes become four
// values of six bits by a shuffle and two multiplications, and back by two others. Tables of 16
// places tell what to add to a value, or to a character by its upper half, and which characters
// there are.

namespace {

// --- 16 bytes ---

// Of twelve bytes in the first places of `in`.
__attribute__((target("ssse3"))) __m128i Characters(__m128i in) {
  const __m128i order = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  // By the range of a value: a-z, ten digits, "+", "/", A-Z.
  const __m128i offsets =
      _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                    '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
  in = _mm_shuffle_epi8(in, order);
  const __m128i high =
      _mm_mulhi_epu16(_mm_and_si128(in, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
  const __m128i low =
      _mm_mullo_epi16(_mm_and_si128(in, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
  const __m128i values = _mm_or_si128(high, low);
  const __m128i upper = _mm_and_si128(_mm_cmpgt_epi8(_mm_set1_epi8(26), values), _mm_set1_epi8(13));
  const __m128i range = _mm_or_si128(_mm_subs_epu8(values, _mm_set1_epi8(51)), upper);
  return _mm_add_epi8(_mm_shuffle_epi8(offsets, range), values);
}

__attribute__((target("ssse3"))) size_t EncodeBy16(std::string_view bytes, char* to) {
  size_t i = 0;
  for (; i + 16 <= bytes.size(); i += 12, to += 16) {
    const __m128i in = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + i));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), Characters(in));
  }
  return i;
}

__attribute__((target("ssse3"))) size_t DecodeBy16(std::string_view text, unsigned char* to,
                                                   bool& standard) {
  // By the halves of a character: a bit that both have means that it is none of the alphabet.
  const __m128i by_low = _mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                       0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
  const __m128i by_high = _mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10,
                                        0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
  // By its upper half; "/" has the place before "+".
  const __m128i offsets = _mm_setr_epi8(0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a',
                                        26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0);
  const __m128i order = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  const __m128i half = _mm_set1_epi8(0x0f);
  __m128i seen = _mm_setzero_si128();
  size_t i = 0;
  // Sixteen bytes are stored, twelve of which count: 24 characters have room for them.
  for (; i + 24 <= text.size(); i += 16, to += 12) {
    const __m128i in = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
    const __m128i high = _mm_and_si128(_mm_srli_epi32(in, 4), half);
    const __m128i low = _mm_and_si128(in, half);
    const __m128i bad =
        _mm_and_si128(_mm_shuffle_epi8(by_low, low), _mm_shuffle_epi8(by_high, high));
    if (_mm_movemask_epi8(_mm_cmpeq_epi8(bad, _mm_setzero_si128())) != 0xffff) break;
    seen = _mm_or_si128(seen, _mm_cmpeq_epi8(high, _mm_set1_epi8('+' >> 4)));
    const __m128i slash = _mm_cmpeq_epi8(in, _mm_set1_epi8('/'));
    const __m128i values = _mm_add_epi8(in, _mm_shuffle_epi8(offsets, _mm_add_epi8(slash, high)));
    const __m128i pairs = _mm_maddubs_epi16(values, _mm_set1_epi32(0x01400140));
    const __m128i quanta = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_shuffle_epi8(quanta, order));
  }
  standard = standard || _mm_movemask_epi8(seen) != 0;
  return i;
}

// --- 32 bytes: the same in both halves of a register ---

__attribute__((target("avx2"))) __m256i Twice(__m128i half) {
  return _mm256_broadcastsi128_si256(half);
}

__attribute__((target("avx2"))) size_t EncodeBy32(std::string_view bytes, char* to) {
  const __m256i order = Twice(_mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
  const __m256i offsets =
      Twice(_mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                          '0' - 52, '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0));
  size_t i = 0;
  // Each half is loaded with the four bytes behind it.
  for (; i + 28 <= bytes.size(); i += 24, to += 32) {
    const char* from = bytes.data() + i;
    __m256i in = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))),
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 12)), 1);
    in = _mm256_shuffle_epi8(in, order);
    const __m256i high = _mm256_mulhi_epu16(_mm256_and_si256(in, _mm256_set1_epi32(0x0fc0fc00)),
                                            _mm256_set1_epi32(0x04000040));
    const __m256i low = _mm256_mullo_epi16(_mm256_and_si256(in, _mm256_set1_epi32(0x003f03f0)),
                                           _mm256_set1_epi32(0x01000010));
    const __m256i values = _mm256_or_si256(high, low);
    const __m256i upper =
        _mm256_and_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(26), values), _mm256_set1_epi8(13));
    const __m256i range = _mm256_or_si256(_mm256_subs_epu8(values, _mm256_set1_epi8(51)), upper);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                        _mm256_add_epi8(_mm256_shuffle_epi8(offsets, range), values));
  }
  return i;
}

__attribute__((target("avx2"))) size_t DecodeBy32(std::string_view text, unsigned char* to,
                                                  bool& standard) {
  const __m256i by_low = Twice(_mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                             0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a));
  const __m256i by_high = Twice(_mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10,
                                              0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10));
  const __m256i offsets = Twice(_mm_setr_epi8(0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a',
                                              26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i order =
      Twice(_mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
  const __m256i together = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
  const __m256i half = _mm256_set1_epi8(0x0f);
  __m256i seen = _mm256_setzero_si256();
  size_t i = 0;
  // 32 bytes are stored, 24 of which count: 44 characters have room for them.
  for (; i + 44 <= text.size(); i += 32, to += 24) {
    const __m256i in = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + i));
    const __m256i high = _mm256_and_si256(_mm256_srli_epi32(in, 4), half);
    const __m256i low = _mm256_and_si256(in, half);
    if (!_mm256_testz_si256(_mm256_shuffle_epi8(by_low, low), _mm256_shuffle_epi8(by_high, high))) {
      break;
    }
    seen = _mm256_or_si256(seen, _mm256_cmpeq_epi8(high, _mm256_set1_epi8('+' >> 4)));
    const __m256i slash = _mm256_cmpeq_epi8(in, _mm256_set1_epi8('/'));
    const __m256i values =
        _mm256_add_epi8(in, _mm256_shuffle_epi8(offsets, _mm256_add_epi8(slash, high)));
    const __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
    const __m256i quanta = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(quanta, order), together);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), bytes);
  }
  standard = standard || _mm256_movemask_epi8(seen) != 0;
  return i;
}

const bool has_avx2 = __builtin_cpu_supports("avx2");
const bool has_ssse3 = __builtin_cpu_supports("ssse3");

}  // namespace

size_t EncodeBase64Blocks(std::string_view bytes, char* to) {
  const size_t done = has_avx2 ? EncodeBy32(bytes, to) : 0;
  if (!has_ssse3) return done;
  bytes.remove_prefix(done);
  return done + EncodeBy16(bytes, to + done / 3 * 4);
}

size_t DecodeBase64Blocks(std::string_view text, unsigned char* to, bool& standard) {
  const size_t done = has_avx2 ? DecodeBy32(text, to, standard) : 0;
  if (!has_ssse3) return done;
  text.remove_prefix(done);
  return done + DecodeBy16(text, to + done / 4 * 3, standard);
}

#else

size_t EncodeBase64Blocks(std::string_view, char*) { return 0; }
size_t DecodeBase64Blocks(std::string_view, unsigned char*, bool&) { return 0; }

#endif

}  // namespace runnel
