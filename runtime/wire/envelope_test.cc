#include "runtime/wire/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

using Envelopes = std::vector<std::pair<int, std::string>>;

// Takes what is complete.
absl::Status Take(EnvelopeParser& parser, Envelopes& taken) {
  for (;;) {
    absl::StatusOr<std::optional<Envelope>> next = parser.Next();
    if (!next.ok()) return next.status();
    if (!next->has_value()) return absl::OkStatus();
    taken.emplace_back((*next)->flags, (*next)->payload);
  }
}

// What comes of `bytes` in pieces that begin at 0 and at each of `cuts`.
absl::Status ParseCut(std::string_view bytes, const std::vector<size_t>& cuts, Envelopes& taken) {
  EnvelopeParser parser(300, "Limits::max_message_bytes");
  size_t begin = 0;
  for (size_t end : cuts) {
    parser.Feed(bytes.substr(begin, end - begin));
    begin = end;
    if (absl::Status status = Take(parser, taken); !status.ok()) return status;
  }
  parser.Feed(bytes.substr(begin));
  return Take(parser, taken);
}

std::string SomeEnvelopes() {
  std::string bytes;
  AppendEnvelope(0, "one", bytes);
  AppendEnvelope(0, "", bytes);
  AppendEnvelope(kCompressedEnvelope, std::string(258, 'x'), bytes);
  AppendEnvelope(kEndStreamEnvelope, "{}", bytes);
  return bytes;
}

auto IsSomeEnvelopes() {
  return ElementsAre(Pair(0, "one"), Pair(0, ""), Pair(1, std::string(258, 'x')), Pair(2, "{}"));
}

TEST(EnvelopeTest, HasFlagsAndTheLengthWithTheHighestByteFirst) {
  std::string bytes = "before ";
  AppendEnvelope(kEndStreamEnvelope, std::string(0x10203, 'x'), bytes);
  EXPECT_EQ(bytes.substr(0, 12), std::string("before \x02\x00\x01\x02\x03", 12));
  EXPECT_EQ(bytes.size(), 12 + 0x10203);
}

TEST(EnvelopeParserTest, TakesThemWhole) {
  Envelopes taken;
  EXPECT_THAT(ParseCut(SomeEnvelopes(), {}, taken), IsOk());
  EXPECT_THAT(taken, IsSomeEnvelopes());
}

TEST(EnvelopeParserTest, TakesThemCutAnywhere) {
  const std::string bytes = SomeEnvelopes();
  for (size_t first = 0; first <= bytes.size(); ++first) {
    for (size_t second = first; second <= bytes.size(); ++second) {
      Envelopes taken;
      ASSERT_THAT(ParseCut(bytes, {first, second}, taken), IsOk()) << first << " " << second;
      ASSERT_THAT(taken, IsSomeEnvelopes()) << first << " " << second;
    }
  }
}

TEST(EnvelopeParserTest, TakesThemByteByByte) {
  const std::string bytes = SomeEnvelopes();
  std::vector<size_t> cuts;
  for (size_t i = 1; i < bytes.size(); ++i) cuts.push_back(i);
  Envelopes taken;
  EXPECT_THAT(ParseCut(bytes, cuts, taken), IsOk());
  EXPECT_THAT(taken, IsSomeEnvelopes());
}

TEST(EnvelopeParserTest, NamesTheFlags) {
  Envelope envelope;
  EXPECT_FALSE(envelope.compressed());
  EXPECT_FALSE(envelope.end_stream());
  envelope.flags = kCompressedEnvelope | kEndStreamEnvelope;
  EXPECT_TRUE(envelope.compressed());
  EXPECT_TRUE(envelope.end_stream());
}

TEST(EnvelopeParserTest, RefusesOneThatIsTooLargeBeforeItHasCome) {
  EnvelopeParser parser(300, "Limits::max_message_bytes");
  parser.Feed(std::string_view("\x00\x00\x00\x01\x2c", 5));  // 300
  EXPECT_THAT(parser.Next(), IsOkAndHolds(testing::Eq(std::nullopt)));
  EnvelopeParser other(300, "Limits::max_message_bytes");
  other.Feed(std::string_view("\x00\x00\x00\x01\x2d", 5));
  EXPECT_THAT(other.Next(), StatusIs(absl::StatusCode::kResourceExhausted,
                                     HasSubstr("301 bytes; limit is Limits::max_message_bytes")));
}

TEST(EnvelopeParserTest, TakesTheLengthAsUnsigned) {
  EnvelopeParser parser(300, "Limits::max_message_bytes");
  parser.Feed("\x01\xff\xff\xff\xff");
  EXPECT_THAT(parser.Next(),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("4294967295 bytes")));
}

TEST(EnvelopeParserTest, RefusesUnknownFlagsAtTheirFirstByte) {
  for (const char flags : {'\x04', '\x80', '\x05'}) {
    EnvelopeParser parser(300, "Limits::max_message_bytes");
    parser.Feed(std::string(1, flags));
    EXPECT_THAT(parser.Next(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("flags")));
  }
}

TEST(EnvelopeParserTest, TellsThatABodyEndedInTheMiddle) {
  const std::string bytes = SomeEnvelopes();
  for (size_t size = 0; size <= bytes.size(); ++size) {
    EnvelopeParser parser(300, "Limits::max_message_bytes");
    parser.Feed(std::string_view(bytes).substr(0, size));
    Envelopes taken;
    ASSERT_THAT(Take(parser, taken), IsOk());
    size_t whole = 0;
    for (const auto& [flags, payload] : taken) whole += 5 + payload.size();
    EXPECT_EQ(parser.pending(), size - whole);
  }
}

}  // namespace
}  // namespace runnel
