#include "runtime/wire/connect_error.h"

#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "runtime/core/status_details.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

absl::Status Sample() {
  absl::Status status = absl::NotFoundError("no \"such\"\nroom, grün");
  AddDetail(status, StatusDetail{"a.B", std::string("\0\xff\n", 3)});
  AddDetail(status, StatusDetail{"a.C", ""});
  return status;
}

// The error, in a type in which it is no failure.
absl::StatusOr<EndOfStream> Parse(std::string_view json) {
  absl::StatusOr<ConnectError> error =
      ParseConnectError(json, Limits(), absl::StatusCode::kDataLoss);
  if (!error.ok()) return error.status();
  EXPECT_TRUE(error->has_code);
  return EndOfStream{error->status, {}};
}

TEST(ConnectErrorTest, WritesAndReadsAnError) {
  EXPECT_EQ(ConnectErrorJson(Sample()),
            R"({"code":"not_found","message":"no \"such\"\nroom, grün",)"
            R"("details":[{"type":"a.B","value":"AP8K"},{"type":"a.C","value":""}]})");
  EXPECT_THAT(Parse(ConnectErrorJson(Sample())), IsOkAndHolds(EndOfStream{Sample(), {}}));
  EXPECT_EQ(ConnectErrorJson(absl::CancelledError("")), R"({"code":"canceled"})");
}

TEST(ConnectErrorTest, CarriesEveryCode) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "x");
    EXPECT_THAT(Parse(ConnectErrorJson(status)), IsOkAndHolds(EndOfStream{status, {}}));
  }
}

TEST(ConnectErrorTest, RepairsAMessageThatIsNotUtf8) {
  EXPECT_EQ(nlohmann::json::parse(ConnectErrorJson(absl::InternalError("a\xff")))["message"],
            "a\xef\xbf\xbd");
}

TEST(ConnectErrorTest, IgnoresWhatItDoesNotKnow) {
  EXPECT_THAT(Parse(R"({"x":[{}],"code":"internal","details":[{"debug":{"a":1},"type":"a.B",)"
                    R"("value":"AA=="}],"message":null})"),
              IsOk());
}

TEST(ConnectErrorTest, TakesTheOtherCodeWhereThereIsNone) {
  for (std::string_view json :
       {R"({"message":"m"})", R"({"code":"ok","message":"m"})",
        R"({"code":"NOT_FOUND","message":"m"})", R"({"code":null,"message":"m"})"}) {
    const absl::StatusOr<ConnectError> error =
        ParseConnectError(json, Limits(), absl::StatusCode::kDataLoss);
    ASSERT_THAT(error, IsOk()) << json;
    EXPECT_EQ(error->status, absl::DataLossError("m")) << json;
    EXPECT_FALSE(error->has_code) << json;
  }
  for (std::string_view json : {"null", "{}"}) {
    const absl::StatusOr<ConnectError> error =
        ParseConnectError(json, Limits(), absl::StatusCode::kDataLoss);
    ASSERT_THAT(error, IsOk()) << json;
    EXPECT_EQ(error->status, absl::DataLossError("")) << json;
    EXPECT_FALSE(error->has_code) << json;
  }
}

TEST(ConnectErrorTest, RefusesWhatIsNoError) {
  const std::pair<std::string, std::string> kCases[] = {
      {"", "expected an object"},
      {"<html>", "expected an object"},
      {"[]", "expected an object"},
      {R"({"code":5})", "expected a string"},
      {R"({"code":"internal","message":7})", "expected a string"},
      {R"({"code":"internal","details":{}})", "expected an array"},
      {R"({"code":"internal","details":[{"value":"?"}]})", "expected base64"},
      {R"({"code":"internal"} x)", "expected nothing"},
  };
  for (const auto& [json, error] : kCases) {
    EXPECT_THAT(Parse(json), StatusIs(kInvalid, HasSubstr(error))) << json;
  }
  EXPECT_THAT(Parse(R"({"code":"internal","x":)" + std::string(1000, '[')),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("max_json_depth")));
}

TEST(EndOfStreamTest, WritesAndReadsStatusAndTrailers) {
  EXPECT_EQ(EndOfStreamJson({}), "{}");
  EndOfStream end{Sample(), {{"a", "1"}, {"h-bin", std::string("\0\xff", 2)}, {"a", "2"}}};
  EXPECT_EQ(nlohmann::json::parse(EndOfStreamJson(end))["metadata"],
            nlohmann::json::parse(R"({"a":["1","2"],"h-bin":["AP8"]})"));
  const absl::StatusOr<EndOfStream> read = ParseEndOfStream(EndOfStreamJson(end), Limits());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->status, end.status);
  EXPECT_EQ(read->trailers,
            (Metadata{{"a", "1"}, {"a", "2"}, {"h-bin", std::string("\0\xff", 2)}}));
  EndOfStream only_trailers{absl::OkStatus(), {{"a", "1"}}};
  EXPECT_THAT(ParseEndOfStream(EndOfStreamJson(only_trailers), Limits()),
              IsOkAndHolds(only_trailers));
}

TEST(EndOfStreamTest, TakesAnErrorOfAnyCode) {
  for (std::string json :
       {R"({"error":{"code":"novel","message":"m"}})", R"({"error":{"message":"m"}})"}) {
    const absl::StatusOr<EndOfStream> end = ParseEndOfStream(json, Limits());
    ASSERT_THAT(end, IsOk());
    EXPECT_EQ(end->status, absl::UnknownError("m"));
  }
  EXPECT_THAT(ParseEndOfStream(R"({"error":null,"metadata":null})", Limits()),
              IsOkAndHolds(EndOfStream()));
}

TEST(EndOfStreamTest, RefusesWhatIsMalformed) {
  const std::pair<std::string, std::string> kCases[] = {
      {"", "expected an object"},
      {"[]", "expected an object"},
      {R"({"error":"x"})", "expected an object"},
      {R"({"metadata":{"a":"1"}})", "expected an array"},
      {R"({"metadata":{"a":[1]}})", "expected a string"},
      {R"({"metadata":{"a-bin":["?"]}})", "expected base64"},
  };
  for (const auto& [json, error] : kCases) {
    EXPECT_THAT(ParseEndOfStream(json, Limits()), StatusIs(kInvalid, HasSubstr(error))) << json;
  }
}

TEST(EndOfStreamTest, SurvivesRandomEdits) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const std::string original = EndOfStreamJson({Sample(), {{"a", "1"}, {"h-bin", "\xff"}}});
  for (int round = 0; round < 20000; ++round) {
    std::string json =
        original.substr(0, random() % 8 == 0 ? random() % original.size() : original.size());
    for (int edits = random() % 4; edits > 0 && !json.empty(); --edits) {
      json[random() % json.size()] = static_cast<char>(random());
    }
    const absl::Status status = ParseEndOfStream(json, Limits()).status();
    ASSERT_TRUE(status.ok() || status.code() == kInvalid) << status;
  }
}

}  // namespace
}  // namespace runnel
