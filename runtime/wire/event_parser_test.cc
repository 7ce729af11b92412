#include "runtime/wire/event_parser.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "runtime/testing/status_matchers.h"
#include "runtime/wire/base64.h"
#include "runtime/wire/event_writer.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr size_t kPlenty = 1 << 20;

struct Event {
  std::string type, data, id;
  friend bool operator==(const Event&, const Event&) = default;
  friend void PrintTo(const Event& event, std::ostream* os) {
    *os << "{" << event.type << ", " << event.data.substr(0, 80) << ", " << event.id << "}";
  }
};

struct Result {
  std::vector<Event> events;
  std::string last_event_id;
  std::optional<absl::Duration> retry;
  absl::Status status;
  friend bool operator==(const Result&, const Result&) = default;
};

// Feeds every piece from a buffer of its own that is gone afterwards, as a connection's is.
class Reading {
 public:
  explicit Reading(size_t max_event_bytes = kPlenty) : parser_(max_event_bytes) {}

  void Feed(std::string_view piece) {
    if (!result_.status.ok()) return;
    auto copy = std::make_unique<char[]>(piece.size());
    std::copy(piece.begin(), piece.end(), copy.get());
    parser_.Feed({copy.get(), piece.size()});
    while (true) {
      const absl::StatusOr<std::optional<EventView>> event = parser_.Next();
      if (!event.ok()) {
        result_.status = event.status();
        return;
      }
      if (!event->has_value()) return;
      const EventView& view = **event;
      result_.events.push_back(
          {std::string(view.type), std::string(view.data), std::string(view.id)});
    }
  }

  Result Take() {
    result_.last_event_id = parser_.last_event_id();
    result_.retry = parser_.retry();
    return std::move(result_);
  }

  EventParser& parser() { return parser_; }

 private:
  EventParser parser_;
  Result result_;
};

Result ReadWhole(std::string_view stream, size_t max_event_bytes = kPlenty) {
  Reading reading(max_event_bytes);
  reading.Feed(stream);
  return reading.Take();
}

Result ReadSplit(std::string_view stream, size_t at, size_t max_event_bytes = kPlenty) {
  Reading reading(max_event_bytes);
  reading.Feed(stream.substr(0, at));
  reading.Feed(stream.substr(at));
  return reading.Take();
}

Result ReadByteByByte(std::string_view stream, size_t max_event_bytes = kPlenty) {
  Reading reading(max_event_bytes);
  for (size_t i = 0; i < stream.size(); ++i) reading.Feed(stream.substr(i, 1));
  return reading.Take();
}

nlohmann::json Cases() {
  std::ifstream file("tests/conformance/testdata/eventsource-cases.json");
  return nlohmann::json::parse(file)["cases"];
}

struct Case {
  std::string stream;
  std::vector<size_t> chunks;
  Result expected;
};

Case ReadCase(const nlohmann::json& json) {
  Case c;
  EXPECT_THAT(DecodeBase64(json["stream_base64"].get<std::string>(), c.stream), IsOk());
  c.chunks = json.value("chunks", std::vector<size_t>());
  for (const nlohmann::json& event : json["events"]) {
    c.expected.events.push_back({event["type"], event["data"], event["id"]});
  }
  c.expected.last_event_id = json["last_event_id"];
  if (json.contains("retry_ms")) {
    c.expected.retry = absl::Milliseconds(json["retry_ms"].get<int64_t>());
  }
  return c;
}

TEST(EventParserTest, FollowsTheStandardHoweverTheStreamIsCut) {
  const nlohmann::json cases = Cases();
  ASSERT_EQ(cases.size(), 114u);
  for (const nlohmann::json& json : cases) {
    SCOPED_TRACE(json["name"].get<std::string>());
    const Case c = ReadCase(json);
    EXPECT_EQ(ReadWhole(c.stream), c.expected);
    EXPECT_EQ(ReadByteByByte(c.stream), c.expected);
    Reading as_given;
    size_t from = 0;
    for (size_t to : c.chunks) {
      as_given.Feed(std::string_view(c.stream).substr(from, to - from));
      from = to;
    }
    as_given.Feed(std::string_view(c.stream).substr(from));
    EXPECT_EQ(as_given.Take(), c.expected);
    for (size_t at = 0; at <= c.stream.size(); ++at) {
      ASSERT_EQ(ReadSplit(c.stream, at), c.expected) << "split at " << at;
    }
  }
}

TEST(EventParserTest, FollowsTheStandardInRandomPieces) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (const nlohmann::json& json : Cases()) {
    SCOPED_TRACE(json["name"].get<std::string>());
    const Case c = ReadCase(json);
    for (int round = 0; round < 20; ++round) {
      Reading reading;
      for (size_t i = 0; i < c.stream.size();) {
        const size_t size = random() % 12;  // also empty pieces
        reading.Feed(std::string_view(c.stream).substr(i, size));
        i += size;
      }
      ASSERT_EQ(reading.Take(), c.expected);
    }
  }
}

TEST(EventParserTest, ReadsWhatTheWriterWrites) {
  std::string stream;
  AppendComment("ok", stream);
  AppendEvent({.id = "a-1"}, "{}", stream);
  AppendBase64Event({.type = "end"}, "\xff", stream);
  const Result expected = {{{"message", "{}", "a-1"}, {"end", "/w", "a-1"}}, "a-1", {}, {}};
  for (size_t at = 0; at <= stream.size(); ++at) EXPECT_EQ(ReadSplit(stream, at), expected);
}

TEST(EventParserTest, HandsOutViewsOfTheInput) {
  const std::string stream = "event: x\ndata: one\nid: 1\n\ndata: two\r\n\r\n";
  EventParser parser(kPlenty);
  parser.Feed(stream);
  for (std::string_view data : {"one", "two"}) {
    const auto event = parser.Next();
    ASSERT_THAT(event, IsOk());
    ASSERT_TRUE(event->has_value());
    EXPECT_EQ((*event)->data, data);
    EXPECT_EQ((*event)->data.data(), stream.data() + stream.find(data));
  }
}

TEST(EventParserTest, ContinuesFromAnIdItWasGiven) {
  Reading reading;
  reading.parser().set_last_event_id("7");
  EXPECT_EQ(reading.parser().last_event_id(), "7");
  reading.Feed("data: a\n\nid: 8\ndata: b\n\n");
  EXPECT_EQ(reading.Take(), (Result{{{"message", "a", "7"}, {"message", "b", "8"}}, "8", {}, {}}));
}

TEST(EventParserTest, IgnoresARetryThatFitsNoNumber) {
  EXPECT_EQ(ReadWhole("retry: 5\nretry: 99999999999999999999\n").retry, absl::Milliseconds(5));
}

TEST(EventParserTest, RefusesWhatIsLargerThanItsLimitAtEverySplit) {
  const std::string kTooLarge[] = {
      "data: 0123456789\n\n",              // a line of 16
      ": 0123456789ab",                    // a comment, not even ended
      "data: 01234567\ndata: 01234567\n",  // 17 bytes of data in lines of 14
      "data: \xff\xff\xff\xff\xff\xff\n",  // 18 bytes once repaired
  };
  for (const std::string& stream : kTooLarge) {
    const std::string all = "data: before\n\n" + stream + "\n\ndata: after\n\n";
    for (size_t at = 0; at <= all.size(); ++at) {
      const Result result = ReadSplit(all, at, stream.starts_with(":") ? 13 : 15);
      EXPECT_EQ(result.events, (std::vector<Event>{{"message", "before", ""}}));
      EXPECT_THAT(result.status,
                  StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("max_message_bytes")));
    }
    EXPECT_EQ(ReadByteByByte(all, 15).status.ok(), stream.starts_with(":"));
  }
}

TEST(EventParserTest, AcceptsWhatJustFits) {
  const std::string stream = "data: 012345678\n\ndata: 0123456\ndata: 0123456\n\n";
  for (size_t at = 0; at <= stream.size(); ++at) {
    EXPECT_EQ(
        ReadSplit(stream, at, 15).events,
        (std::vector<Event>{{"message", "012345678", ""}, {"message", "0123456\n0123456", ""}}));
  }
}

TEST(EventParserTest, StaysFailed) {
  EventParser parser(4);
  parser.Feed("too long\n\ndata\n\n");
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(parser.Next(), StatusIs(absl::StatusCode::kResourceExhausted));
  }
}

// Quadratic reading would take minutes over any of these.
TEST(EventParserTest, TakesLinearTime) {
  constexpr size_t kSize = 2 << 20;
  const std::string line = "data: " + std::string(kSize, 'x') + "\n\n";
  EXPECT_EQ(ReadByteByByte(line, 2 * kSize).events.size(), 1u);
  EXPECT_THAT(ReadWhole(std::string(kSize, '\r')).events, IsEmpty());
  std::string lines;
  for (size_t i = 0; i < kSize / 5; ++i) lines += "data\r";
  const Result result = ReadWhole(lines + "\r", 2 * kSize);
  ASSERT_EQ(result.events.size(), 1u);
  EXPECT_EQ(result.events[0].data, std::string(kSize / 5 - 1, '\n'));
}

TEST(EventParserTest, ReadsRandomBytesAlikeHoweverTheyAreCut) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const std::vector<std::string> kTokens = {
      "data", ":",     " ", "\n",           "\r",   "\r\n", "event", "id",
      "\n\n", "retry", "7", "\xef\xbb\xbf", "\xe2", "\x82", "x",     std::string(1, '\0')};
  for (int round = 0; round < 2000; ++round) {
    std::string stream;
    for (int i = 0; i < 40; ++i) stream += kTokens[random() % kTokens.size()];
    const Result expected = ReadWhole(stream, 40);
    ASSERT_EQ(ReadByteByByte(stream, 40), expected);
    ASSERT_EQ(ReadSplit(stream, random() % stream.size(), 40), expected);
  }
}

}  // namespace
}  // namespace runnel
