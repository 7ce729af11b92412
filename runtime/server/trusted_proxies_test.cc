#include "runtime/server/trusted_proxies.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using testing::HasSubstr;

TrustedProxies Trusting(const std::vector<std::string>& entries) {
  absl::StatusOr<TrustedProxies> proxies = TrustedProxies::Parse(entries);
  EXPECT_TRUE(proxies.ok()) << proxies.status();
  return proxies.ok() ? *proxies : TrustedProxies();
}

bool Contains(const TrustedProxies& proxies, const char* address) {
  return proxies.Contains(asio::ip::make_address(address));
}

std::string PeerOf(const TrustedProxies& proxies, const std::string& peer, HttpHeaders headers) {
  HttpRequest request;
  request.peer = peer;
  request.headers = std::move(headers);
  return proxies.PeerOf(request);
}

TEST(TrustedProxiesTest, KnowsAddressesAndNetworks) {
  const TrustedProxies proxies = Trusting({"192.0.2.7", "10.0.0.0/9", "2001:db8::/33", "::1"});
  for (const char* in :
       {"192.0.2.7", "10.0.0.0", "10.127.255.255", "::ffff:10.1.2.3", "2001:db8:7fff::1", "::1"}) {
    EXPECT_TRUE(Contains(proxies, in)) << in;
  }
  for (const char* out : {"192.0.2.8", "10.128.0.0", "11.0.0.0", "2001:db8:8000::1", "::2", "::"}) {
    EXPECT_FALSE(Contains(proxies, out)) << out;
  }
  EXPECT_TRUE(Contains(Trusting({"0.0.0.0/0"}), "203.0.113.7"));
  EXPECT_FALSE(Contains(Trusting({"0.0.0.0/0"}), "2001:db8::1"));
}

TEST(TrustedProxiesTest, BadEntriesAreNamed) {
  for (const char* entry : {"", "proxy.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1",
                            "::1/129", "10.0.0/8", "/8"}) {
    EXPECT_THAT(
        TrustedProxies::Parse({entry}),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"" + std::string(entry) + "\"")));
  }
}

TEST(TrustedProxiesTest, APeerThatIsNoProxySpeaksForItself) {
  const HttpHeaders lie = {{"x-forwarded-for", "203.0.113.7"}};
  EXPECT_EQ(PeerOf(Trusting({"10.0.0.1"}), "192.0.2.7:5000", lie), "192.0.2.7:5000");
  EXPECT_EQ(PeerOf(TrustedProxies(), "127.0.0.1:5000", lie), "127.0.0.1:5000");
}

TEST(TrustedProxiesTest, AProxyMayComeByAUnixSocket) {
  const HttpHeaders forwarded = {{"x-forwarded-for", "203.0.113.7"}};
  EXPECT_EQ(PeerOf(Trusting({"unix:"}), "unix:", forwarded), "203.0.113.7:0");
  EXPECT_EQ(PeerOf(Trusting({"unix:"}), "127.0.0.1:5000", forwarded), "127.0.0.1:5000");
  EXPECT_EQ(PeerOf(Trusting({"10.0.0.1"}), "unix:", forwarded), "unix:");
}

TEST(TrustedProxiesTest, AProxySaysForWhomItSpeaks) {
  const TrustedProxies proxies = Trusting({"10.0.0.0/8", "::1"});
  EXPECT_EQ(PeerOf(proxies, "10.0.0.1:5000", {{"X-Forwarded-For", "203.0.113.7"}}),
            "203.0.113.7:0");
  EXPECT_EQ(PeerOf(proxies, "[::1]:5000", {{"X-Forwarded-For", "2001:db8::7"}}), "[2001:db8::7]:0");
  EXPECT_EQ(PeerOf(proxies, "10.0.0.1:5000", {}), "10.0.0.1:5000");
}

TEST(TrustedProxiesTest, WhatTheClientWroteItselfDoesNotCount) {
  const TrustedProxies proxies = Trusting({"10.0.0.0/8"});
  EXPECT_EQ(PeerOf(proxies, "10.0.0.1:1", {{"X-Forwarded-For", "1.1.1.1, 203.0.113.7, 10.0.0.2"}}),
            "203.0.113.7:0");
  EXPECT_EQ(PeerOf(proxies, "10.0.0.1:1",
                   {{"X-Forwarded-For", "1.1.1.1"}, {"X-Forwarded-For", "203.0.113.7"}}),
            "203.0.113.7:0");
  EXPECT_EQ(PeerOf(proxies, "10.0.0.1:1", {{"X-Forwarded-For", "1.1.1.1, unknown"}}), "10.0.0.1:1");
}

}  // namespace
}  // namespace runnel
