// Limits that all peers of a server share.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/wire/envelope.h"
#include "tests/interop/raw_http.h"
#include "tests/interop/served.h"

namespace interop {
namespace {

using ::testing::HasSubstr;

constexpr char kUnary[] = "/end_to_end.v1.Scripted/Unary";
constexpr char kUp[] = "/end_to_end.v1.Scripted/Up";
constexpr char kJson[] = "application/json";
constexpr char kJsonField[] = "Content-Type: application/json\r\n";
constexpr char kWaiting[] = R"({"script":{"waitForCancel":true}})";

runnel::ServerOptions OneLoop() {
  runnel::ServerOptions options;
  options.threads = 1;
  return options;
}

TEST(LimitsHttpTest, AServerRunsOnlySoManyCalls) {
  runnel::ServerOptions options = OneLoop();
  options.limits.max_calls = 2;
  Served served(options);
  RawHttp one(served.port());
  one.SendRequest("POST", kUnary, kJsonField, kWaiting);
  {
    RawHttp two(served.port());
    two.SendRequest("POST", kUnary, kJsonField, kWaiting);
    ASSERT_TRUE(served.journal().Await("waiting", 2));
    const RawResponse refused = Post(served.port(), kUnary, kJson, "{}");
    EXPECT_EQ(refused.status, 429);
    EXPECT_THAT(refused.body, HasSubstr("2 calls; limit is Limits::max_calls"));
  }
  ASSERT_TRUE(served.journal().Await("cancelled CANCELLED"));
  // The handler has noticed; a moment later it has returned.
  int status = 0;
  for (int i = 0; i < 1'000 && status != 200; ++i) {
    status = Post(served.port(), kUnary, kJson, "{}").status;
  }
  EXPECT_EQ(status, 200);
}

class ReceivingHttpTest : public ::testing::Test {
 protected:
  ReceivingHttpTest() : served_(Limited()) {}

  static runnel::ServerOptions Limited() {
    runnel::ServerOptions options = OneLoop();
    options.limits.max_receiving_bytes = 100'000;
    return options;
  }

  // Small calls go on; and when these have been answered, what was sent before has arrived.
  void CallManyTimes() {
    for (int i = 0; i < 20; ++i) EXPECT_EQ(Post(served_.port(), kUnary, kJson, "{}").status, 200);
  }

  Served served_;
};

TEST_F(ReceivingHttpTest, BodiesThatArriveShareALimit) {
  const std::string head = "POST " + std::string(kUnary) + " HTTP/1.1\r\nHost: localhost\r\n" +
                           kJsonField + "Content-Length: 70002\r\n\r\n";
  RawHttp one(served_.port());
  one.Send(head + std::string(60'000, ' '));
  RawHttp two(served_.port());
  two.Send(head + std::string(60'000, ' '));
  CallManyTimes();
  const std::string rest = std::string(10'000, ' ') + "{}";
  one.Send(rest);
  two.Send(rest);
  RawResponse first = one.Read();
  RawResponse second = two.Read();
  if (first.status == 503) std::swap(first, second);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(second.status, 503);
  EXPECT_THAT(second.body, HasSubstr("limit is Limits::max_receiving_bytes = 100000"));
}

TEST_F(ReceivingHttpTest, MessagesThatArriveInEnvelopesCountToo) {
  std::string body;
  runnel::AppendEnvelope(0, std::string(120'000, ' ') + "{}", body);
  const RawResponse refused = Post(served_.port(), kUp, "application/connect+json", body);
  EXPECT_EQ(refused.status, 200);
  EXPECT_THAT(refused.body, HasSubstr(R"("code":"unavailable")"));
  EXPECT_THAT(refused.body, HasSubstr("limit is Limits::max_receiving_bytes = 100000"));
  CallManyTimes();
}

}  // namespace
}  // namespace interop
