#include "runtime/wire/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;

constexpr size_t kMany = 1 << 20;

std::string Gzip(std::string_view bytes) {
  std::string out;
  AppendGzip(bytes, out);
  return out;
}

absl::StatusOr<std::string> Unzip(std::string_view bytes, size_t max_bytes = kMany) {
  return Gunzip(bytes, max_bytes, "Limits::max_message_bytes");
}

std::string Noise(size_t size) {
  std::mt19937 random(7);
  std::string bytes(size, 0);
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

TEST(GzipTest, BringsBackWhatWasCompressed) {
  for (const std::string& bytes : {std::string(), std::string("a"), std::string(100'000, 'x'),
                                   Noise(1), Noise(100'000), std::string("\0\1\2", 3)}) {
    EXPECT_THAT(Unzip(Gzip(bytes)), IsOkAndHolds(bytes)) << bytes.size();
    EXPECT_LE(Gzip(bytes).size(), MaxGzipBytes(bytes.size()));
  }
}

TEST(GzipTest, MakesRepetitionsSmall) { EXPECT_LT(Gzip(std::string(100'000, 'x')).size(), 1'000); }

TEST(GzipTest, AppendsToWhatIsThere) {
  std::string out = "before";
  AppendGzip("text", out);
  EXPECT_EQ(out.substr(0, 6), "before");
  EXPECT_THAT(Unzip(out.substr(6)), IsOkAndHolds("text"));
}

TEST(GzipTest, ReadsWhatOthersWrote) {
  // printf hello | gzip -n9
  const std::string bytes(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00"
      "\x00\x00",
      25);
  EXPECT_THAT(Unzip(bytes), IsOkAndHolds("hello"));
}

TEST(GzipTest, ReadsSeveralMembers) {
  EXPECT_THAT(Unzip(Gzip("one ") + Gzip("") + Gzip("two")), IsOkAndHolds("one two"));
}

TEST(GzipTest, TakesNoMoreThanTheLimit) {
  for (const std::string& bytes : {std::string(5'000, 'x'), Noise(5'000)}) {
    EXPECT_THAT(Unzip(Gzip(bytes), 5'000), IsOkAndHolds(bytes));
    EXPECT_THAT(Unzip(Gzip(bytes), 4'999),
                StatusIs(absl::StatusCode::kResourceExhausted,
                         HasSubstr("limit is Limits::max_message_bytes = 4999")));
  }
  EXPECT_THAT(Unzip(Gzip(""), 0), IsOkAndHolds(""));
  EXPECT_THAT(Unzip(Gzip("a"), 0), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(GzipTest, RefusesABomb) {
  EXPECT_THAT(Unzip(Gzip(std::string(64 * kMany, 0)), 1'000),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(GzipTest, LimitsAllMembersTogether) {
  EXPECT_THAT(Unzip(Gzip("four") + Gzip("four"), 7),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(GzipTest, RefusesWhatEndsTooEarly) {
  for (const std::string& bytes : {std::string("hello"), Noise(10'000)}) {
    const std::string whole = Gzip(bytes);
    for (size_t size = 0; size < whole.size(); size += 1 + whole.size() / 100) {
      EXPECT_THAT(Unzip(whole.substr(0, size)), StatusIs(absl::StatusCode::kInvalidArgument))
          << size << " of " << whole.size();
    }
  }
}

TEST(GzipTest, RefusesWhatIsNone) {
  EXPECT_THAT(Unzip("hello, world"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Unzip(Gzip("text") + "more"), StatusIs(absl::StatusCode::kInvalidArgument));
  std::string changed = Gzip("text");
  changed[changed.size() - 5] ^= 1;  // the checksum
  EXPECT_THAT(Unzip(changed), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace runnel
