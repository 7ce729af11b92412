#include "runtime/api/api_error.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/api/library_methods_test.h"
#include "runtime/core/status_details.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

const ApiErrors& Nested() { return *LibraryMethod("Ask").errors; }
const ApiErrors& Other() { return *LibraryMethod("Count").errors; }

std::string ReasonIn(const absl::Status& status) {
  const auto info = GetErrorInfo(status);
  return info ? info->reason : "none";
}

TEST(ApiErrorTest, WritesTheFirstKindOfTheCode) {
  const absl::Status busy = absl::UnavailableError("too \"many\"");
  EXPECT_EQ(ApiErrorJson(Nested(), busy),
            R"({"type":"error","error":{"message":"too \"many\"","type":"busy"}})");
  EXPECT_EQ(ApiErrorHttpStatus(Nested(), busy), 529);
}

TEST(ApiErrorTest, WritesTheKindThatTheErrorInfoNames) {
  const absl::Status closed = WithErrorInfo(absl::UnavailableError("over"),
                                            {.reason = "closed", .domain = "", .metadata = {}});
  EXPECT_EQ(ApiErrorJson(Nested(), closed),
            R"({"type":"error","error":{"message":"over","type":"closed"}})");
  EXPECT_EQ(ApiErrorHttpStatus(Nested(), closed), 503);
}

TEST(ApiErrorTest, WritesTheKindOfUnknownForOtherCodes) {
  EXPECT_EQ(ApiErrorJson(Nested(), absl::NotFoundError("")),
            R"({"type":"error","error":{"message":"","type":"internal"}})");
  EXPECT_EQ(ApiErrorHttpStatus(Nested(), absl::NotFoundError("")), 404);
}

TEST(ApiErrorTest, WritesTheNameOfTheCodeWhereThereAreNoKinds) {
  EXPECT_EQ(ApiErrorJson(Other(), absl::NotFoundError("\xff")),
            "{\"error\":{\"text\":\"\xef\xbf\xbd\",\"code\":\"not_found\"}}");
}

TEST(ApiErrorTest, WritesTheErrorItselfWhereItIsInNothing) {
  ApiErrors errors;
  EXPECT_EQ(ApiErrorJson(errors, absl::AbortedError("a")), R"({"message":"a","type":"aborted"})");
  const auto parsed = ParseApiError(errors, R"({"type":"x","message":"a"})", 409, Limits());
  ASSERT_TRUE(parsed);
  EXPECT_THAT(*parsed, StatusIs(absl::StatusCode::kAborted, "a"));
}

TEST(ApiErrorTest, ReadsWhatTheServerSays) {
  const auto parsed = ParseApiError(
      Nested(), R"({"x":[],"error":{"message":"too many","param":null,"type":"busy"}})", 529,
      Limits());
  ASSERT_TRUE(parsed);
  EXPECT_THAT(*parsed, StatusIs(absl::StatusCode::kUnavailable, "too many"));
  EXPECT_EQ(ReasonIn(*parsed), "busy");
  EXPECT_EQ(GetErrorInfo(*parsed)->metadata.at("http_status"), "529");
}

TEST(ApiErrorTest, TakesTheCodeFromHttpForKindsItDoesNotKnow) {
  const auto parsed =
      ParseApiError(Nested(), R"({"error":{"message":"no","type":"strange"}})", 404, Limits());
  ASSERT_TRUE(parsed);
  EXPECT_THAT(*parsed, StatusIs(absl::StatusCode::kNotFound, "no"));
  EXPECT_EQ(ReasonIn(*parsed), "strange");
  EXPECT_THAT(*ParseApiError(Nested(), R"({"error":{"type":"strange"}})", 0, Limits()),
              StatusIs(absl::StatusCode::kUnknown, ""));
}

TEST(ApiErrorTest, ReadsErrorsThatAreStringsAndCodesThatAreNumbers) {
  EXPECT_THAT(*ParseApiError(Other(), R"({"error":"no such thing"})", 400, Limits()),
              StatusIs(absl::StatusCode::kInvalidArgument, "no such thing"));
  const auto parsed = ParseApiError(Other(), R"({"error":{"text":"no","code":42}})", 0, Limits());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(ReasonIn(*parsed), "42");
}

TEST(ApiErrorTest, FindsNoErrorInWhatIsNone) {
  for (const char* json :
       {"", "{}", "[]", "7", "\"error\"", "{\"error\":null}", "{\"error\":7}", "{\"error\":{}}",
        "{\"error\":{\"message\":\"a\"}", "<html>", "{\"x\":{\"error\":{\"message\":\"a\"}}}"}) {
    EXPECT_FALSE(ParseApiError(Nested(), json, 500, Limits())) << json;
  }
}

}  // namespace
}  // namespace runnel
