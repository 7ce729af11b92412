#include "runtime/wire/gzip_stream.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/testing/status_matchers.h"
#include "runtime/wire/gzip.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;

std::string Gzipped(std::string_view bytes) {
  std::string out;
  AppendGzip(bytes, out);
  return out;
}

absl::Status Feed(GzipStream& stream, std::string_view piece, std::string& out) {
  stream.Feed(piece);
  while (true) {
    const absl::StatusOr<std::optional<std::string_view>> next = stream.Next();
    if (!next.ok()) return next.status();
    if (!*next) return absl::OkStatus();
    EXPECT_FALSE((*next)->empty());
    out += **next;
  }
}

TEST(GzipStreamTest, BringsWhatWasCompressedAtEverySplit) {
  const std::string text = "data: one\n\ndata: two\n\n";
  const std::string bytes = Gzipped(text);
  for (size_t at = 0; at <= bytes.size(); ++at) {
    GzipStream stream;
    std::string out;
    EXPECT_THAT(Feed(stream, bytes.substr(0, at), out), IsOk());
    EXPECT_THAT(Feed(stream, bytes.substr(at), out), IsOk());
    EXPECT_EQ(out, text) << "split at " << at;
  }
}

TEST(GzipStreamTest, GoesOnWithTheNextMember) {
  const std::string bytes = Gzipped("one ") + Gzipped("two");
  GzipStream stream;
  std::string out;
  for (char c : bytes) EXPECT_THAT(Feed(stream, std::string_view(&c, 1), out), IsOk());
  EXPECT_EQ(out, "one two");
}

TEST(GzipStreamTest, KnowsWhetherItIsWhole) {
  const std::string bytes = Gzipped("one ") + Gzipped("two");
  const size_t first = Gzipped("one ").size();
  GzipStream stream;
  EXPECT_TRUE(stream.at_end());
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string out;
    EXPECT_THAT(Feed(stream, bytes.substr(i, 1), out), IsOk());
    EXPECT_EQ(stream.at_end(), i + 1 == first || i + 1 == bytes.size()) << i;
  }
}

TEST(GzipStreamTest, BringsMoreThanABlock) {
  const std::string text(1'000'000, 'x');
  GzipStream stream;
  std::string out;
  EXPECT_THAT(Feed(stream, Gzipped(text), out), IsOk());
  EXPECT_EQ(out, text);
}

TEST(GzipStreamTest, RefusesWhatIsNotGzipAndStaysFailed) {
  GzipStream stream;
  std::string out;
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(Feed(stream, "data: plain text\n\n", out),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not gzip")));
  }
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace runnel
