#include "runtime/http/http_url.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace runnel {
namespace {

TEST(HttpUrlTest, TakesHostPortAndPathApart) {
  const absl::StatusOr<HttpUrl> url = ParseHttpUrl("http://example.org:81/a/b/");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->address.host, "example.org");
  EXPECT_EQ(url->address.port, 81);
  EXPECT_EQ(url->path, "/a/b");
}

TEST(HttpUrlTest, PortIs80WhereNoneIsGiven) {
  const absl::StatusOr<HttpUrl> url = ParseHttpUrl("HTTP://localhost");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->address.port, 80);
  EXPECT_EQ(url->path, "");
}

TEST(HttpUrlTest, KnowsHttpsAndItsPort) {
  const absl::StatusOr<HttpUrl> url = ParseHttpUrl("HTTPS://example.org/a");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->address.port, 443);
  EXPECT_FALSE(ParseHttpUrl("http://example.org")->tls);
}

TEST(HttpUrlTest, NamesNoPortInTheHostFieldThatTheSchemeHas) {
  EXPECT_EQ(ParseHttpUrl("http://a")->HostField(), "a");
  EXPECT_EQ(ParseHttpUrl("http://a:443")->HostField(), "a:443");
  EXPECT_EQ(ParseHttpUrl("https://a:443")->HostField(), "a");
  EXPECT_EQ(ParseHttpUrl("https://a:80")->HostField(), "a:80");
  EXPECT_EQ(ParseHttpUrl("https://[::1]")->HostField(), "[::1]");
  EXPECT_EQ(ParseHttpUrl("http://[::1]:8080")->HostField(), "[::1]:8080");
}

TEST(HttpUrlTest, KnowsIpv6InBrackets) {
  const absl::StatusOr<HttpUrl> url = ParseHttpUrl("http://[::1]:8080");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->address.host, "::1");
  EXPECT_EQ(url->address.Text(), "[::1]:8080");
}

TEST(HttpUrlTest, KnowsUnixSockets) {
  for (const char* text : {"unix:/run/x.sock", "unix:///run/x.sock", "unix:////run/x.sock"}) {
    const absl::StatusOr<HttpUrl> url = ParseHttpUrl(text);
    ASSERT_TRUE(url.ok()) << url.status();
    EXPECT_EQ(url->address.unix_path, "/run/x.sock");
    EXPECT_EQ(url->address.Text(), "unix:/run/x.sock");
    EXPECT_EQ(url->HostField(), "localhost");
    EXPECT_EQ(url->path, "");
  }
  EXPECT_EQ(ParseHttpUrl("unix:x.sock")->address.unix_path, "x.sock");
}

TEST(HttpUrlTest, SaysWhatIsWrong) {
  const struct {
    const char* url;
    const char* why;
  } cases[] = {
      {"", "begin with \"http://\""},
      {"localhost:80", "begin with \"http://\""},
      {"ftp://a", "begin with \"http://\""},
      {"https://a:", "the port must be"},
      {"unix:", "there is no path"},
      {"http://", "no host"},
      {"http://:80", "no host"},
      {"http://a:", "the port must be"},
      {"http://a:x", "the port must be"},
      {"http://a:65536", "the port must be"},
      {"http://a:80x", "the port must be"},
      {"http://::1:80", "brackets"},
      {"http://[::1", "not closed"},
      {"http://[::1]80", "must follow"},
      {"http://[[1[88]:0", "only an IPv6 address stands in brackets"},
      {"http://[a]:80", "only an IPv6 address stands in brackets"},
      {"http://[]:80", "only an IPv6 address stands in brackets"},
      {"http://a]:80", "no host has"},
      {"http://user@a", "no host has"},
      {"http://a b", "no host has"},
      {"http://a/?q", "no query"},
      {"http://a/b c", "escaped"},
  };
  for (const auto& c : cases) {
    const absl::StatusOr<HttpUrl> url = ParseHttpUrl(c.url);
    EXPECT_EQ(url.status().code(), absl::StatusCode::kInvalidArgument) << c.url;
    EXPECT_THAT(std::string(url.status().message()), testing::HasSubstr(c.why)) << c.url;
  }
}

TEST(HostPortTest, NeedsAPort) {
  EXPECT_EQ(ParseHostPort("localhost").status().code(), absl::StatusCode::kInvalidArgument);
  const absl::StatusOr<HostPort> address = ParseHostPort("localhost:0");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->port, 0);
}

}  // namespace
}  // namespace runnel
