#include "runtime/core/utf8.h"

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "runtime/core/utf8_blocks.h"

namespace runnel {
namespace {

std::string Repaired(std::string_view bytes) {
  std::string out;
  AppendRepairedUtf8(bytes, out);
  return out;
}

// As the Unicode standard defines it, by code points: how many bytes at the start are well-formed.
size_t PrefixByDefinition(std::string_view bytes) {
  size_t i = 0;
  while (i < bytes.size()) {
    const auto byte = [&](size_t at) { return static_cast<unsigned char>(bytes[at]); };
    const int ones = byte(i) < 0x80   ? 0
                     : byte(i) < 0xc0 ? 1
                     : byte(i) < 0xe0 ? 2
                     : byte(i) < 0xf0 ? 3
                     : byte(i) < 0xf8 ? 4
                                      : 5;
    if (ones == 0) {
      ++i;
      continue;
    }
    if (ones == 1 || ones == 5 || i + ones > bytes.size()) return i;
    uint32_t code_point = byte(i) & (0x7f >> ones);
    for (int k = 1; k < ones; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return i;
      code_point = code_point << 6 | (byte(i + k) & 0x3f);
    }
    constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code_point < kLeast[ones] || code_point > 0x10ffff) return i;
    if (code_point >= 0xd800 && code_point <= 0xdfff) return i;
    i += ones;
  }
  return i;
}

// Bytes at the edges of what a first or a second byte may be.
constexpr std::string_view kEdges =
    "\x01\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5"
    "\xf7\xf8\xff";

// The blocks promise as much.
void ExpectAsDefined(const std::string& bytes) {
  const size_t prefix = PrefixByDefinition(bytes);
  ASSERT_EQ(ValidUtf8Prefix(bytes), prefix) << testing::PrintToString(bytes);
  const size_t blocks = ValidUtf8Blocks(bytes);
  ASSERT_LE(blocks, prefix);
  ASSERT_EQ(PrefixByDefinition(bytes.substr(0, blocks)), blocks);
  const bool has_instructions = ValidUtf8Blocks(std::string(16, 'x')) > 0;
  if (has_instructions) {
    ASSERT_GT(blocks + 16 + 3, prefix);
  }
}

TEST(Utf8Test, KnowsEveryEdgeAroundTheEndOfABlock) {
  for (size_t offset = 12; offset < 18; ++offset) {
    for (const std::string_view behind : {"", "\x80", "\x80\xbf", "\x80\xbf\x80"}) {
      std::string bytes(36, 'x');
      bytes.replace(offset + 2, behind.size(), behind);
      for (const char a : kEdges) {
        for (const char b : kEdges) {
          bytes[offset] = a;
          bytes[offset + 1] = b;
          ExpectAsDefined(bytes);
        }
      }
    }
  }
}

TEST(Utf8Test, KnowsRandomBytes) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::minstd_rand random(seed);
  for (int round = 0; round < 5'000; ++round) {
    std::string bytes;
    const bool bad = random() % 2 == 0;
    const size_t size = random() % 90;
    while (bytes.size() < size) {
      if (random() % 40 == 0 && bad) {
        bytes += kEdges[random() % kEdges.size()];
      } else {
        constexpr char32_t kBelow[] = {0x80, 0x800, 0xd800, 0x110000};
        char32_t c = random() % kBelow[random() % 4];
        if (c >= 0xd800 && c <= 0xdfff) c = 0xffff;
        AppendUtf8(c, bytes);
      }
    }
    ExpectAsDefined(bytes);
  }
}

TEST(Utf8Test, ReplacesEachMaximalSubpart) {
  const std::string kBad = "\xef\xbf\xbd";
  const struct {
    std::string in, out;
  } kCases[] = {
      {"", ""},
      {"plain ascii of some length", "plain ascii of some length"},
      {"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80 \xef\xbf\xbf",
       "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80 \xef\xbf\xbf"},
      {"\xc0\xaf", kBad + kBad},
      {"\xe2\x82z", kBad + "z"},
      {"\xed\xa0\x80", kBad + kBad + kBad},
      {"\xf4\x90\x80\x80", kBad + kBad + kBad + kBad},
      {"a\xf0\x9f\x98", "a" + kBad},
      {"\xe0\x80\x80", kBad + kBad + kBad},
      {"\xff\xfe", kBad + kBad},
      {"\xc3\xc3\xbc", kBad + "\xc3\xbc"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Repaired(c.in), c.out);
    EXPECT_EQ(IsValidUtf8(c.in), c.in == c.out);
  }
}

TEST(Utf8Test, RoundTripsEveryCodePoint) {
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    std::string bytes;
    AppendUtf8(c, bytes);
    ASSERT_TRUE(IsValidUtf8(bytes)) << static_cast<uint32_t>(c);
    ASSERT_EQ(ValidUtf8Prefix(bytes.substr(0, bytes.size() - 1)), 0u);
  }
}

TEST(Utf8Test, FindsTheFirstErrorAtEveryOffset) {
  for (size_t i = 0; i < 40; ++i) {
    std::string bytes(40, 'x');
    bytes[i] = '\x80';
    EXPECT_EQ(ValidUtf8Prefix(bytes), i);
  }
}

}  // namespace
}  // namespace runnel
