// Calls of every kind through the proxies that people have, as they are out of the box.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "runtime/testing/test_authority.h"
#include "tests/end_to_end/calls.h"
#include "tests/proxies/proxied.h"
#include "tests/proxies/real_proxy.h"

namespace proxies {
namespace {

using end_to_end::CallCase;
using end_to_end::Outcome;
using end_to_end::PendingCall;
using end_to_end::Reply;
using end_to_end::Request;
using runnel::CallKind;
using runnel::Codec;
using runnel::Route;

enum class Which { kNginx, kHaproxy, kNginxWithTls };

std::string NameOf(Which which) {
  return which == Which::kNginx ? "Nginx" : which == Which::kHaproxy ? "Haproxy" : "NginxWithTls";
}

class ProxyTest : public ::testing::TestWithParam<std::tuple<Which, CallCase>> {
 protected:
  void SetUp() override {
    ASSERT_EQ(MissingPrograms(), "");
    Start();
    runnel::ChannelOptions options = end_to_end::OptionsFor(call()).channel;
    options.tls.ca_file = authority_.ca_file();
    options.tls.server_name = "app.example.com";
    proxied_.Connect(proxy_->url(), std::move(options));
  }

  void Start() {
    const int upstream = proxied_.port();
    switch (which()) {
      case Which::kNginx:
        proxy_ = RealProxy::Nginx(upstream);
        break;
      case Which::kHaproxy:
        proxy_ = RealProxy::Haproxy(upstream);
        break;
      case Which::kNginxWithTls:
        proxy_ = RealProxy::NginxWithTls(
            upstream, authority_.Issue("app.example.com", "DNS:app.example.com"));
        break;
    }
  }

  static Which which() { return std::get<0>(GetParam()); }
  static const CallCase& call() { return std::get<1>(GetParam()); }

  Outcome Make(Request request) {
    return PendingCall(proxied_.io().executor(), proxied_.stub(), call().kind, std::move(request))
        .Await();
  }
  bool streams_down() const {
    return call().kind == CallKind::kServerStream || call().kind == CallKind::kBidi;
  }

  runnel::TestAuthority authority_;
  std::unique_ptr<RealProxy> proxy_;
  Proxied proxied_;
};

TEST_P(ProxyTest, CarriesACall) {
  Request request;
  request.set_number(7);
  request.mutable_script()->set_count(3);
  const Outcome outcome = Make(request);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  ASSERT_EQ(outcome.replies.size(), streams_down() ? 3u : 1u);
  EXPECT_EQ(outcome.replies.back().number(), streams_down() ? 2 : 7);
}

TEST_P(ProxyTest, CarriesTheStatusOfACall) {
  Request request;
  request.mutable_script()->set_count(1);
  request.mutable_script()->mutable_fail()->set_code(9);
  request.mutable_script()->mutable_fail()->set_message("on purpose");
  const Outcome outcome = Make(request);
  EXPECT_EQ(outcome.status, absl::FailedPreconditionError("on purpose"));
}

// Larger than a default nginx takes in one body, and than its buffers.
TEST_P(ProxyTest, CarriesLargeMessagesDown) {
  constexpr int kSize = 2'000'000;
  Request request;
  request.mutable_script()->set_count(2);
  request.mutable_script()->set_payload_bytes(kSize);
  const Outcome outcome = Make(request);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  for (const Reply& reply : outcome.replies) EXPECT_EQ(reply.payload(), std::string(kSize, 'x'));
}

TEST_P(ProxyTest, CarriesLargeMessagesUpOverASession) {
  const std::string payload(2'000'000, 'y');
  Request request;
  request.set_payload(payload);
  const Outcome outcome = Make(request);
  if (call().route == Route::kDirect && which() == Which::kNginx) {
    // The one body that has to carry it all is not let through.
    EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnknown) << outcome.status;
    EXPECT_NE(outcome.status.message().find("HTTP status 413"), std::string::npos);
    return;
  }
  ASSERT_EQ(outcome.status, absl::OkStatus());
  if (call().kind == CallKind::kUnary) {
    EXPECT_EQ(outcome.replies.at(0).payload(), payload);
  }
}

TEST_P(ProxyTest, CarriesManyMessages) {
  Request request;
  request.mutable_script()->set_count(streams_down() ? 3'000 : 1);
  request.mutable_script()->set_payload_bytes(1'000);
  const Outcome outcome = Make(request);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  for (size_t i = 0; i < outcome.replies.size(); ++i) {
    ASSERT_EQ(outcome.replies[i].number(), static_cast<int64_t>(i));
  }
  EXPECT_EQ(outcome.replies.size(), streams_down() ? 3'000u : 1u);
  // A proxy that flows is not taken for one that holds back.
  EXPECT_FALSE(proxied_.polling());
}

INSTANTIATE_TEST_SUITE_P(
    All, ProxyTest,
    ::testing::Combine(
        ::testing::Values(Which::kNginx, Which::kHaproxy, Which::kNginxWithTls),
        ::testing::ValuesIn(end_to_end::AllCallsOver(end_to_end::Transport::kLoopback))),
    [](const auto& info) {
      return NameOf(std::get<0>(info.param)) + end_to_end::NameOf(std::get<1>(info.param));
    });

}  // namespace
}  // namespace proxies
