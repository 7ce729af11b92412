// A proxy that ends every response after so long, as a default Envoy does after 15 s, and streams
// that last four times that.

#include <gtest/gtest.h>

#include "tests/end_to_end/calls.h"
#include "tests/fault/fault_proxy.h"
#include "tests/proxies/echo.h"
#include "tests/proxies/proxied.h"

namespace proxies {
namespace {

constexpr int kCuts = 3;

struct Times {
  absl::Duration cut;
  absl::Duration stream;
};

void StreamThroughACutter(const Times& times, runnel::Codec codec) {
  Proxied proxied;
  fault::FaultProxyOptions options;
  options.upstream = absl::StrCat("127.0.0.1:", proxied.port());
  options.cut_responses_at = times.cut;
  fault::FaultProxy cutter(options);
  ASSERT_EQ(cutter.Start(), absl::OkStatus());
  runnel::ChannelOptions channel;
  channel.codec = codec;
  channel.route = runnel::Route::kSession;
  proxied.Connect(cutter.url(), channel);
  Echo echo(proxied);
  constexpr int kMessages = 60;
  EXPECT_EQ(echo.Exchange(kMessages, times.stream / kMessages), absl::OkStatus());
  EXPECT_EQ(echo.Finish(), absl::OkStatus());
  EXPECT_GE(cutter.counts().cut_responses, kCuts);
}

Times Short() { return {absl::Milliseconds(500), absl::Seconds(3)}; }
Times Real() { return {absl::Seconds(15), absl::Seconds(60)}; }

TEST(CutterTest, ShortStreamInJson) { StreamThroughACutter(Short(), runnel::Codec::kJson); }
TEST(CutterTest, ShortStreamInProto) { StreamThroughACutter(Short(), runnel::Codec::kProto); }
TEST(CutterTest, MinuteInProto) { StreamThroughACutter(Real(), runnel::Codec::kProto); }

// Nobody can resume it.
TEST(CutterTest, ShortDirectStreamEndsUnavailable) {
  Proxied proxied;
  fault::FaultProxyOptions options;
  options.upstream = absl::StrCat("127.0.0.1:", proxied.port());
  options.cut_responses_at = absl::Milliseconds(500);
  fault::FaultProxy cutter(options);
  ASSERT_EQ(cutter.Start(), absl::OkStatus());
  runnel::ChannelOptions channel;
  channel.route = runnel::Route::kDirect;
  proxied.Connect(cutter.url(), channel);
  end_to_end::Request request;
  request.mutable_script()->set_count(1);
  request.mutable_script()->set_wait_for_cancel(true);
  end_to_end::PendingCall call(proxied.io().executor(), proxied.stub(),
                               runnel::CallKind::kServerStream, request);
  const end_to_end::Outcome outcome = call.Await();
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnavailable) << outcome.status;
  EXPECT_EQ(outcome.replies.size(), 1u);
  EXPECT_TRUE(proxied.journal().Await("cancelled CANCELLED"));
}

}  // namespace
}  // namespace proxies
