#include "runtime/core/status_code.h"

#include "gtest/gtest.h"

namespace runnel {
namespace {

TEST(StatusCodeTest, FollowsTheTablesOfConnect) {
  const struct {
    int code;
    std::string_view name;
    int http;
  } kRows[] = {
      {1, "canceled", 499},
      {2, "unknown", 500},
      {3, "invalid_argument", 400},
      {4, "deadline_exceeded", 504},
      {5, "not_found", 404},
      {6, "already_exists", 409},
      {7, "permission_denied", 403},
      {8, "resource_exhausted", 429},
      {9, "failed_precondition", 400},
      {10, "aborted", 409},
      {11, "out_of_range", 400},
      {12, "unimplemented", 501},
      {13, "internal", 500},
      {14, "unavailable", 503},
      {15, "data_loss", 500},
      {16, "unauthenticated", 401},
  };
  for (const auto& row : kRows) {
    const auto code = static_cast<absl::StatusCode>(row.code);
    EXPECT_EQ(StatusCodeName(code), row.name);
    EXPECT_EQ(StatusCodeFromName(row.name), code);
    EXPECT_EQ(HttpStatusFor(code), row.http);
  }
}

TEST(StatusCodeTest, NamesNoCodeUnknown) {
  EXPECT_EQ(StatusCodeName(static_cast<absl::StatusCode>(17)), "unknown");
  EXPECT_EQ(StatusCodeName(static_cast<absl::StatusCode>(-1)), "unknown");
  EXPECT_EQ(HttpStatusFor(static_cast<absl::StatusCode>(99)), 500);
}

TEST(StatusCodeTest, KnowsNoOtherNames) {
  for (std::string_view name : {"", "ok", "cancelled", "NOT_FOUND", "5"}) {
    EXPECT_EQ(StatusCodeFromName(name), std::nullopt) << name;
  }
}

TEST(StatusCodeTest, InfersCodesFromHttp) {
  EXPECT_EQ(StatusCodeForHttp(400), absl::StatusCode::kInternal);
  EXPECT_EQ(StatusCodeForHttp(401), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(StatusCodeForHttp(403), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(StatusCodeForHttp(404), absl::StatusCode::kUnimplemented);
  for (int http : {429, 502, 503, 504}) {
    EXPECT_EQ(StatusCodeForHttp(http), absl::StatusCode::kUnavailable);
  }
  for (int http : {204, 302, 409, 413, 415, 500, 501}) {
    EXPECT_EQ(StatusCodeForHttp(http), absl::StatusCode::kUnknown);
  }
}

}  // namespace
}  // namespace runnel
