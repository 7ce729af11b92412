// Sessions through proxies that were configured against them.

#include <gtest/gtest.h>

#include "tests/end_to_end/calls.h"
#include "tests/proxies/echo.h"
#include "tests/proxies/proxied.h"
#include "tests/proxies/real_proxy.h"

namespace proxies {
namespace {

class HostileProxyTest : public ::testing::TestWithParam<runnel::Codec> {
 protected:
  void SetUp() override { ASSERT_EQ(MissingPrograms(), ""); }

  static runnel::ChannelOptions Options() {
    runnel::ChannelOptions options;
    options.codec = GetParam();
    options.route = runnel::Route::kSession;
    return options;
  }
};

TEST_P(HostileProxyTest, SessionOutlivesATimeoutBelowItsHeartbeat) {
  Proxied proxied;
  const auto haproxy = RealProxy::Haproxy(proxied.port(), "1s");
  proxied.Connect(haproxy->url(), Options());
  Echo echo(proxied);
  EXPECT_EQ(echo.Exchange(5, absl::ZeroDuration()), absl::OkStatus());
  ASSERT_TRUE(proxied.AwaitResumed(3));
  EXPECT_EQ(echo.Exchange(5, absl::ZeroDuration()), absl::OkStatus());
  EXPECT_EQ(echo.Finish(), absl::OkStatus());
}

TEST_P(HostileProxyTest, HeartbeatsKeepAStreamWithinATimeout) {
  runnel::ServerOptions options;
  options.times.heartbeat = absl::Milliseconds(200);
  Proxied proxied(options);
  const auto haproxy = RealProxy::Haproxy(proxied.port(), "5s");
  proxied.Connect(haproxy->url(), Options());
  Echo echo(proxied);
  EXPECT_EQ(echo.Exchange(1, absl::ZeroDuration()), absl::OkStatus());
  echo.Idle(absl::Seconds(8));
  EXPECT_EQ(proxied.resumed(), 0);
  EXPECT_EQ(echo.Exchange(1, absl::ZeroDuration()), absl::OkStatus());
  EXPECT_EQ(echo.Finish(), absl::OkStatus());
}

TEST_P(HostileProxyTest, SessionIsAskedForInPiecesBehindAProxyThatBuffers) {
  Proxied proxied;
  const auto nginx = RealProxy::Nginx(
      proxied.port(), "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;");
  proxied.Connect(nginx->url(), Options());
  Echo echo(proxied);
  EXPECT_EQ(echo.Exchange(20, absl::ZeroDuration()), absl::OkStatus());
  EXPECT_TRUE(proxied.AwaitPolling());
  EXPECT_EQ(echo.Exchange(20, absl::ZeroDuration()), absl::OkStatus());
  EXPECT_EQ(echo.Finish(), absl::OkStatus());
}

TEST_P(HostileProxyTest, PostsBecomeSmallerThanALimitOfTheProxy) {
  Proxied proxied;
  const auto nginx = RealProxy::Nginx(proxied.port(), "client_max_body_size 8k;");
  proxied.Connect(nginx->url(), Options());
  Echo echo(proxied);
  // So that more is written at once than fits, and less than the windows of both directions.
  EXPECT_EQ(echo.Write(60, 1'000), absl::OkStatus());
  EXPECT_EQ(echo.ReadBack(60, 1'000), absl::OkStatus());
  EXPECT_EQ(echo.Finish(), absl::OkStatus());
}

INSTANTIATE_TEST_SUITE_P(Codecs, HostileProxyTest,
                         ::testing::Values(runnel::Codec::kJson, runnel::Codec::kProto),
                         [](const auto& info) {
                           return info.param == runnel::Codec::kJson ? "Json" : "Proto";
                         });

}  // namespace
}  // namespace proxies
