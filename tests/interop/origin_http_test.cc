// Calls as browsers make them for pages of other sites.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/core/status_details.h"
#include "runtime/wire/connect_error.h"
#include "tests/interop/raw_http.h"
#include "tests/interop/served.h"

namespace interop {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kUnary[] = "/end_to_end.v1.Scripted/Unary";
constexpr char kDown[] = "/end_to_end.v1.Scripted/Down";
constexpr char kPeek[] = "/end_to_end.v1.Scripted/Peek?connect=v1&encoding=json&message=%7B%7D";
constexpr char kOpen[] = "/runnel.v1.Channel/Open";
constexpr char kJson[] = "application/json";
constexpr char kApp[] = "Origin: https://app.example.com\r\nSec-Fetch-Site: cross-site\r\n";
constexpr char kEvil[] = "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n";

runnel::ServerOptions AllowingTheApp() {
  runnel::ServerOptions options;
  options.origins.allowed_origins = {"https://app.example.com"};
  return options;
}

std::string ReasonOf(const RawResponse& response) {
  const absl::StatusOr<runnel::ConnectError> error =
      runnel::ParseConnectError(response.body, runnel::Limits(), absl::StatusCode::kUnknown);
  return error.ok() ? runnel::ReasonOf(error->status) : error.status().ToString();
}

TEST(OriginHttpTest, AnAllowedPageReadsAnswersAndErrors) {
  Served served(AllowingTheApp());
  for (const char* path : {kUnary, "/nowhere"}) {
    const RawResponse response = Post(served.port(), path, kJson, "{}", kApp);
    EXPECT_EQ(response.status, path == kUnary ? 200 : 404);
    EXPECT_EQ(response.headers.at("access-control-allow-origin"), "https://app.example.com");
    EXPECT_THAT(response.headers.at("access-control-expose-headers"), HasSubstr("content-type"));
    EXPECT_EQ(response.headers.at("vary"), "origin");
  }
}

TEST(OriginHttpTest, AnAllowedPageReadsStreams) {
  Served served(AllowingTheApp());
  const RawResponse response = Post(served.port(), kDown, kJson, R"({"script":{"count":1}})",
                                    std::string(kApp) + "Accept: text/event-stream\r\n");
  EXPECT_EQ(response.headers.at("access-control-allow-origin"), "https://app.example.com");
  EXPECT_THAT(response.body, HasSubstr("event: end"));
}

TEST(OriginHttpTest, AnAllowedPageAsksFirst) {
  Served served(AllowingTheApp());
  RawHttp http(served.port());
  http.SendRequest("OPTIONS", kUnary,
                   std::string(kApp) +
                       "Access-Control-Request-Method: POST\r\n"
                       "Access-Control-Request-Headers: connect-protocol-version,content-type\r\n");
  const RawResponse response = http.Read();
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.headers.at("access-control-allow-origin"), "https://app.example.com");
  EXPECT_EQ(response.headers.at("access-control-allow-headers"),
            "connect-protocol-version,content-type");
}

TEST(OriginHttpTest, ForeignPagesRunNothing) {
  Served served(AllowingTheApp());
  for (const char* path : {kUnary, kDown, kOpen}) {
    const RawResponse response = Post(served.port(), path, kJson, "{}", kEvil);
    EXPECT_EQ(response.status, 403);
    EXPECT_THAT(response.body, AllOf(HasSubstr("https://evil.example"),
                                     HasSubstr("OriginPolicy::allowed_origins")));
    EXPECT_EQ(ReasonOf(response), "ORIGIN_DENIED");
    EXPECT_FALSE(response.headers.contains("access-control-allow-origin"));
  }
  EXPECT_EQ(Get(served.port(), kPeek, kEvil).status, 403);
  EXPECT_EQ(served.journal().Count("started"), 0);
}

TEST(OriginHttpTest, FormsOfForeignPagesRunNothing) {
  Served served(AllowingTheApp());
  // What a cross-site form can send, from a browser that says nothing of where it comes from.
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"}) {
    for (const char* path : {kUnary, kDown, kOpen}) {
      EXPECT_EQ(Post(served.port(), path, type, "{}").status, 415) << type;
    }
  }
  EXPECT_EQ(served.journal().Count("started"), 0);
}

TEST(OriginHttpTest, ANameThatWasReboundToTheLoopbackAddressRunsNothing) {
  Served served;
  RawHttp http(served.port());
  http.Send(
      "POST /end_to_end.v1.Scripted/Unary HTTP/1.1\r\nHost: evil.example\r\n"
      "Origin: http://evil.example\r\nSec-Fetch-Site: same-origin\r\n"
      "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  const RawResponse response = http.Read();
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(response.body,
              AllOf(HasSubstr("evil.example"), HasSubstr("OriginPolicy::allowed_hosts")));
  EXPECT_EQ(ReasonOf(response), "HOST_DENIED");
  EXPECT_EQ(served.journal().Count("started"), 0);
}

TEST(OriginHttpTest, ABadPolicyIsSaidAtTheStart) {
  runnel::ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.origins.allowed_origins = {"https://app.example.com/"};
  runnel::Server server(options);
  const absl::Status started = server.Start();
  EXPECT_EQ(started.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(started.message()), HasSubstr("https://app.example.com/"));
}

}  // namespace
}  // namespace interop
