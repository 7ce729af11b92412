#include "runtime/wire/event_lines.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/testing/status_matchers.h"
#include "runtime/wire/event_parser.h"

namespace runnel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr size_t kPlenty = 1 << 20;

// Comments as ":text", and the blocks of events.
class Reading {
 public:
  explicit Reading(size_t max_bytes = kPlenty, EventLines::Keep keep = EventLines::Keep::kBlocks)
      : lines_(keep, max_bytes) {}

  absl::Status Feed(const std::string& bytes) {
    lines_.Feed(bytes);
    while (true) {
      const absl::StatusOr<std::optional<std::string_view>> piece = lines_.Next();
      if (!piece.ok()) return piece.status();
      if (!*piece) return absl::OkStatus();
      passed_ += **piece;
      if (const auto comment = lines_.comment()) items.push_back(":" + std::string(*comment));
      parser_.Feed(**piece);
      while (true) {
        const auto event = parser_.Next();
        if (!event.ok()) return event.status();
        if (!*event) break;
        items.emplace_back(lines_.block());
      }
    }
  }

  std::vector<std::string> items;
  const std::string& passed() const { return passed_; }

 private:
  EventLines lines_;
  EventParser parser_{kPlenty};
  std::string passed_;
};

std::vector<std::string> ReadAtEverySplit(const std::string& stream) {
  Reading whole;
  EXPECT_THAT(whole.Feed(stream), IsOk());
  for (size_t at = 0; at <= stream.size(); ++at) {
    Reading reading;
    EXPECT_THAT(reading.Feed(stream.substr(0, at)), IsOk());
    EXPECT_THAT(reading.Feed(stream.substr(at)), IsOk());
    EXPECT_EQ(reading.items, whole.items) << "split at " << at;
    EXPECT_EQ(reading.passed(), stream);
  }
  return whole.items;
}

TEST(EventLinesTest, KeepsTheLinesOfAnEventAsTheyCame) {
  EXPECT_THAT(ReadAtEverySplit("event: x\ndata: 1\nother\n\ndata\n\n"),
              ElementsAre("event: x\ndata: 1\nother\n", "data\n"));
}

TEST(EventLinesTest, KnowsAllLineEnds) {
  EXPECT_THAT(ReadAtEverySplit("data: 1\r\ndata: 2\r\n\r\ndata: 3\r\rdata: 4\n\n"),
              ElementsAre("data: 1\r\ndata: 2\r\n", "data: 3\r", "data: 4\n"));
}

TEST(EventLinesTest, BringsComments) {
  EXPECT_THAT(ReadAtEverySplit(":ok\n\n:\r\ndata: 1\n:  two\n\n: three\n"),
              ElementsAre(":ok", ":", ": two", "data: 1\n:  two\n", ":three"));
}

TEST(EventLinesTest, ForgetsABlockThatIsNoEvent) {
  EXPECT_THAT(ReadAtEverySplit("id: 7\n\ndata: 1\n\n"), ElementsAre("data: 1\n"));
}

TEST(EventLinesTest, LooksBehindAByteOrderMark) {
  EXPECT_THAT(ReadAtEverySplit("\xef\xbb\xbf:a\ndata: 1\n\n"), ElementsAre(":a", "data: 1\n"));
}

TEST(EventLinesTest, SeesABlankLineBehindAByteOrderMark) {
  EXPECT_THAT(ReadAtEverySplit("\xef\xbb\xbf\n:b\ndata: 1\n\n"), ElementsAre(":b", "data: 1\n"));
}

TEST(EventLinesTest, RefusesABlockThatIsTooLarge) {
  Reading reading(15);
  EXPECT_THAT(reading.Feed("data: 123456\n\n"), IsOk());
  EXPECT_THAT(reading.Feed("data: 7\n:234567\n"),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("15 bytes")));
}

TEST(EventLinesTest, ForgetsCommentsThatNoEventFollows) {
  Reading reading(15);
  for (int i = 0; i < 100; ++i) EXPECT_THAT(reading.Feed(":234567\r\n"), IsOk());
}

TEST(EventLinesTest, ForgetsLinesWhereNoBlocksAreKept) {
  Reading reading(15, EventLines::Keep::kLines);
  for (int i = 0; i < 100; ++i) EXPECT_THAT(reading.Feed("data: 7\r\n:234567\n"), IsOk());
  EXPECT_THAT(reading.Feed("\n"), IsOk());
  EXPECT_EQ(reading.items.size(), 101u);
  EXPECT_THAT(reading.Feed("0123456789abcdef"), StatusIs(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace runnel
