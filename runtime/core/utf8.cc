#include "runtime/core/utf8.h"

#include <cstdint>
#include <cstring>

#include "runtime/core/utf8_blocks.h"

namespace runnel {
namespace {

constexpr size_t kWorthBlocks = 32;

// A sequence at the start of some bytes that does not begin with an ASCII byte: its length and
// whether it is well-formed. If not, the length is that of the maximal subpart.
struct Sequence {
  size_t length;
  bool valid;
};

Sequence NextSequence(const unsigned char* p, size_t available) {
  const unsigned char lead = p[0];
  size_t length;
  unsigned char low = 0x80, high = 0xbf;  // what the second byte may be
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    if (lead == 0xe0) low = 0xa0;   // shorter forms exist below
    if (lead == 0xed) high = 0x9f;  // surrogates above
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
  } else {
    return {1, false};
  }
  for (size_t i = 1; i < length; ++i) {
    if (i >= available || p[i] < low || p[i] > high) return {i, false};
    low = 0x80;
    high = 0xbf;
  }
  return {length, true};
}

// Where the first byte from `i` on is that is not ASCII.
size_t SkipAscii(const char* p, size_t i, size_t size) {
  // 32 bytes at a time, about as fast as they come from memory; then eight.
  constexpr uint64_t kHighBits = 0x8080808080808080u;
  for (; i + 32 <= size; i += 32) {
    uint64_t words[4];
    std::memcpy(words, p + i, 32);
    if ((words[0] | words[1] | words[2] | words[3]) & kHighBits) break;
  }
  for (; i + 8 <= size; i += 8) {
    uint64_t word;
    std::memcpy(&word, p + i, 8);
    if (word & kHighBits) break;
  }
  if (i + 8 > size && size >= 8) {  // the last eight, some of which have been looked at
    uint64_t word;
    std::memcpy(&word, p + size - 8, 8);
    if (!(word & kHighBits)) return size;
  }
  while (i < size && static_cast<unsigned char>(p[i]) < 0x80) ++i;
  return i;
}

}  // namespace

size_t ValidUtf8Prefix(std::string_view bytes) {
  size_t i = 0;
  bool by_blocks = true;
  while (true) {
    i = SkipAscii(bytes.data(), i, bytes.size());
    if (i == bytes.size()) return i;
    if (by_blocks && bytes.size() - i >= kWorthBlocks) {
      // All that is left, or all up to an error, but for a few bytes.
      i += ValidUtf8Blocks(bytes.substr(i));
      by_blocks = false;
      continue;
    }
    const Sequence sequence =
        NextSequence(reinterpret_cast<const unsigned char*>(bytes.data()) + i, bytes.size() - i);
    if (!sequence.valid) return i;
    i += sequence.length;
  }
}

void AppendRepairedUtf8(std::string_view bytes, std::string& out) {
  while (true) {
    const size_t valid = ValidUtf8Prefix(bytes);
    out.append(bytes.substr(0, valid));
    bytes.remove_prefix(valid);
    if (bytes.empty()) return;
    out.append("\xef\xbf\xbd");
    bytes.remove_prefix(
        NextSequence(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()).length);
  }
}

void AppendUtf8(char32_t c, std::string& out) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
    return;
  }
  if (c < 0x800) {
    out.push_back(static_cast<char>(0xc0 | (c >> 6)));
  } else {
    if (c < 0x10000) {
      out.push_back(static_cast<char>(0xe0 | (c >> 12)));
    } else {
      out.push_back(static_cast<char>(0xf0 | (c >> 18)));
      out.push_back(static_cast<char>(0x80 | ((c >> 12) & 0x3f)));
    }
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3f)));
  }
  out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
}

}  // namespace runnel
