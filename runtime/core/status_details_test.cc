#include "runtime/core/status_details.h"

#include "gmock/gmock.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/wrappers.pb.h"
#include "gtest/gtest.h"

namespace runnel {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

TEST(StatusDetailsTest, HoldsDetailsOrderedByTypeAndThenAsTheyCame) {
  absl::Status status = absl::NotFoundError("gone");
  google::protobuf::StringValue text;
  for (int i = 0; i < 12; ++i) {
    text.set_value(std::to_string(i));
    AddDetail(status, text);
  }
  google::protobuf::Duration delay;
  delay.set_seconds(3);
  AddDetail(status, delay);
  const std::vector<StatusDetail> details = GetDetails(status);
  ASSERT_EQ(details.size(), 13u);
  EXPECT_EQ(details[0].type, "google.protobuf.Duration");
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(details[i + 1].type, "google.protobuf.StringValue");
    ASSERT_TRUE(text.ParseFromString(details[i + 1].value));
    EXPECT_EQ(text.value(), std::to_string(i));
  }
  EXPECT_EQ(GetDetail<google::protobuf::StringValue>(status)->value(), "0");
  EXPECT_EQ(GetDetail<google::protobuf::Duration>(status)->seconds(), 3);
  EXPECT_FALSE(GetDetail<google::protobuf::BoolValue>(status).has_value());
}

TEST(StatusDetailsTest, DropsWhatIsTooMuch) {
  absl::Status status = absl::NotFoundError("gone");
  for (int i = 0; i < 100; ++i) {
    AddDetail(status, StatusDetail{i % 2 == 0 ? "a.B" : "a.C" + std::to_string(i), "x"});
  }
  EXPECT_EQ(GetDetails(status).size(), 64u);
}

TEST(StatusDetailsTest, DropsWhatIsNoNameOfAType) {
  absl::Status status = absl::NotFoundError("gone");
  AddDetail(status, StatusDetail{"a.B#2", "x"});
  AddDetail(status, StatusDetail{"a.B#x", "x"});
  EXPECT_THAT(GetDetails(status), IsEmpty());
  EXPECT_EQ(status, absl::NotFoundError("gone"));
}

TEST(StatusDetailsTest, LeavesOtherPayloadsAndOkAlone) {
  absl::Status status = absl::InternalError("x");
  status.SetPayload("other.example/thing", absl::Cord("y"));
  EXPECT_THAT(GetDetails(status), IsEmpty());
  absl::Status ok;
  AddDetail(ok, StatusDetail{"a.B", "x"});
  EXPECT_EQ(ok, absl::OkStatus());
}

TEST(StatusDetailsTest, CarriesErrorInfo) {
  const absl::Status status = WithErrorInfo(absl::UnavailableError("lost"),
                                            {"SESSION_LOST", "runnel", {{"a", "1"}, {"b", ""}}});
  const std::optional<ErrorInfo> info = GetErrorInfo(status);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->reason, "SESSION_LOST");
  EXPECT_EQ(info->domain, "runnel");
  EXPECT_THAT(info->metadata, ElementsAre(testing::Pair("a", "1"), testing::Pair("b", "")));
  EXPECT_EQ(ReasonOf(status), "SESSION_LOST");
  // The bytes of the generated class for the reason and the domain.
  EXPECT_EQ(GetDetails(WithErrorInfo(absl::AbortedError(""), {"R", "d", {}}))[0],
            (StatusDetail{"google.rpc.ErrorInfo",
                          "\x0a\x01R\x12\x01"
                          "d"}));
}

TEST(StatusDetailsTest, ReasonIsEmptyForOtherDomainsAndBrokenDetails) {
  EXPECT_EQ(ReasonOf(WithErrorInfo(absl::AbortedError(""), {"R", "example.com", {}})), "");
  EXPECT_EQ(ReasonOf(absl::AbortedError("")), "");
  for (std::string value :
       {"\x0a",
        "\x0a\x7f"
        "abc",
        "\x1a\x02\x0a\x05", "\x07", "\x0b", "\x0a\xff\xff\xff\xff\x0f", "\x80"}) {
    absl::Status status = absl::AbortedError("");
    AddDetail(status, StatusDetail{"google.rpc.ErrorInfo", value});
    EXPECT_FALSE(GetErrorInfo(status).has_value()) << testing::PrintToString(value);
  }
}

}  // namespace
}  // namespace runnel
