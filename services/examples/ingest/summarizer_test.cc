#include "services/examples/ingest/summarizer.h"

#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "services/examples/shared/proto_time.h"

namespace examples::ingest {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

absl::StatusOr<v1::Summary> SummarizeInTwo(v1::Format format, std::string_view text, size_t split) {
  absl::StatusOr<std::unique_ptr<Summarizer>> summarizer = NewSummarizer(format);
  if (!summarizer.ok()) return summarizer.status();
  for (std::string_view piece : {text.substr(0, split), text.substr(split)}) {
    if (absl::Status status = (*summarizer)->Add(piece); !status.ok()) return status;
  }
  v1::Summary summary;
  if (absl::Status status = (*summarizer)->Finish(summary); !status.ok()) return status;
  return summary;
}

// Fed whole and at every split, with the same result.
absl::StatusOr<v1::Summary> Summarize(v1::Format format, std::string_view text) {
  const absl::StatusOr<v1::Summary> whole = SummarizeInTwo(format, text, text.size());
  for (size_t split = 0; split < text.size(); ++split) {
    const absl::StatusOr<v1::Summary> halves = SummarizeInTwo(format, text, split);
    EXPECT_EQ(halves.status(), whole.status()) << "split at " << split;
    if (!halves.ok() || !whole.ok()) continue;
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*halves, *whole))
        << "split at " << split;
  }
  return whole;
}

v1::Summary Log(std::string_view text) {
  absl::StatusOr<v1::Summary> summary = Summarize(v1::FORMAT_LOG, text);
  EXPECT_TRUE(summary.ok()) << summary.status();
  return summary.value_or(v1::Summary());
}
v1::Summary Csv(std::string_view text) {
  absl::StatusOr<v1::Summary> summary = Summarize(v1::FORMAT_CSV, text);
  EXPECT_TRUE(summary.ok()) << summary.status();
  return summary.value_or(v1::Summary());
}
std::string CsvError(std::string_view text) {
  absl::Status status = Summarize(v1::FORMAT_CSV, text).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

absl::Time Utc(const char* text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return time;
}

TEST(LogSummarizerTest, CountsLinesLevelsAndTimes) {
  const v1::Summary summary =
      Log("2024-05-01T12:00:00.250Z INFO started\n"
          "2024-05-01 11:59:59,500 [error] the INFO of it\r\n"
          "  at main.cc:7\n"
          "time=2024-05-01T14:00:01+02:00 level=warn msg=\"slow\"\n"
          "{\"ts\":\"2024-05-01T12:00:00Z\",\"level\":\"warning\"}\n"
          "CRITICAL without a line end, and an error");
  EXPECT_EQ(summary.lines(), 6);
  EXPECT_EQ(summary.log().lines_without_time(), 2);
  EXPECT_THAT(summary.log().levels(), UnorderedElementsAre(Pair("INFO", 1), Pair("ERROR", 1),
                                                           Pair("WARN", 2), Pair("FATAL", 1)));
  EXPECT_EQ(FromProto(summary.log().first_time()), Utc("2024-05-01T11:59:59.5Z"));
  EXPECT_EQ(FromProto(summary.log().last_time()), Utc("2024-05-01T12:00:01Z"));
}

TEST(LogSummarizerTest, CountsStatusesOfAccessLogs) {
  const v1::Summary summary =
      Log("127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /a \\\" b HTTP/1.0\" 200 2326\n"
          "127.0.0.1 - - [10/Oct/2000:13:55:37 -0700] \"GET /b HTTP/1.1\" 404 -\n"
          "127.0.0.1 - - [10/Oct/2000:13:55:38 -0700] \"POST /c HTTP/1.1\" 200 17 \"-\" \"curl\"\n"
          "[not/a/time] \"GET / HTTP/1.1\" 20x\n");
  EXPECT_THAT(summary.log().statuses(), UnorderedElementsAre(Pair(200, 2), Pair(404, 1)));
  EXPECT_EQ(FromProto(summary.log().first_time()), Utc("2000-10-10T20:55:36Z"));
  EXPECT_EQ(summary.log().lines_without_time(), 1);
}

TEST(LogSummarizerTest, DoesNotTakeWordsAndNumbersForLevelsAndTimes) {
  const v1::Summary summary = Log("an error in 2024-13-01T00:00:00Z or 2024-02-30 00:00:00\n");
  EXPECT_TRUE(summary.log().levels().empty());
  EXPECT_EQ(summary.log().lines_without_time(), 1);
  EXPECT_FALSE(summary.log().has_first_time());
}

TEST(LogSummarizerTest, TakesAnEmptyFile) { EXPECT_EQ(Log("").lines(), 0); }

TEST(LogSummarizerTest, RefusesWhatIsNoText) {
  absl::Status status = Summarize(v1::FORMAT_LOG, std::string_view("fine\nELF\0\1\n", 11)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("line 2 "));
}

TEST(LogSummarizerTest, RefusesLinesWithoutEnd) {
  absl::Status status = SummarizeInTwo(v1::FORMAT_LOG, std::string(3 << 19, 'x'), 1 << 19).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
}

TEST(CsvSummarizerTest, SaysWhatIsInTheColumns) {
  const v1::Summary summary =
      Csv("name,size,\"last, seen\",note\r\n"
          "a,10,2024-05-01,\r\n"
          "\"b \"\"the\r\nsecond\"\"\",-2.5,2024-04-01T10:00:00Z,x\r\n"
          "c,,2024-06-01 00:00:00,7");
  EXPECT_EQ(summary.lines(), 5);
  EXPECT_EQ(summary.csv().rows(), 3);
  ASSERT_EQ(summary.csv().columns_size(), 4);
  const v1::Column& name = summary.csv().columns(0);
  EXPECT_EQ(name.name(), "name");
  EXPECT_FALSE(name.has_numbers());
  EXPECT_FALSE(name.has_times());
  const v1::Column& size = summary.csv().columns(1);
  EXPECT_EQ(size.empty(), 1);
  EXPECT_EQ(size.numbers().min(), -2.5);
  EXPECT_EQ(size.numbers().max(), 10);
  EXPECT_EQ(size.numbers().mean(), 3.75);
  const v1::Column& seen = summary.csv().columns(2);
  EXPECT_EQ(seen.name(), "last, seen");
  EXPECT_EQ(FromProto(seen.times().first()), Utc("2024-04-01T10:00:00Z"));
  EXPECT_EQ(FromProto(seen.times().last()), Utc("2024-06-01T00:00:00Z"));
  EXPECT_FALSE(summary.csv().columns(3).has_numbers());  // "x" is none
}

TEST(CsvSummarizerTest, SkipsByteOrderMarkAndBlankLines) {
  const v1::Summary summary = Csv("\xef\xbb\xbf\"a\",b\n\n1,2\n\n");
  EXPECT_EQ(summary.csv().columns(0).name(), "a");
  EXPECT_EQ(summary.csv().rows(), 1);
  EXPECT_EQ(summary.lines(), 4);
}

TEST(CsvSummarizerTest, NamesTheLineThatIsWrong) {
  EXPECT_THAT(CsvError("a,b\n1,2\n\n1,2,3\n"), HasSubstr("line 4 has 3 fields"));
  EXPECT_THAT(CsvError("a,b\n1,2\"\n"), HasSubstr("line 2 has a quote"));
  EXPECT_THAT(CsvError("a,b\n1,\"2\"x\n"), HasSubstr("line 2 has text"));
  EXPECT_THAT(CsvError("a,b\n1,\"2\n3"), HasSubstr("line 2 is not closed"));
  EXPECT_THAT(CsvError("\n\n"), HasSubstr("is empty"));
}

TEST(SummarizerTest, RefusesFormatsItDoesNotKnow) {
  EXPECT_EQ(NewSummarizer(v1::FORMAT_UNSPECIFIED).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace examples::ingest
