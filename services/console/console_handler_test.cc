// The console's files as a server serves them, read from a plain socket.

#include "runnel/console_handler.h"

#include <map>
#include <regex>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/wire/gzip.h"
#include "services/console/console_files.h"
#include "tests/interop/raw_http.h"

namespace runnel {
namespace {

using ::interop::Get;
using ::interop::RawHttp;
using ::interop::RawResponse;
using ::testing::HasSubstr;
using ::testing::Not;

class Served {
 public:
  explicit Served(ServerOptions options = {}, ConsoleOptions console = {})
      : console_(console), server_(Loopback(std::move(options))) {
    EXPECT_EQ(console_.AddTo(server_), absl::OkStatus());
    EXPECT_EQ(server_.Start(), absl::OkStatus());
  }

  int port() const { return server_.port(); }

 private:
  static ServerOptions Loopback(ServerOptions options) {
    if (options.listen == ServerOptions().listen) options.listen = "127.0.0.1:0";
    options.threads = 1;
    return options;
  }

  ConsoleHandler console_;
  Server server_;
};

TEST(ConsoleHandlerTest, ThePageAndAllThatItNamesAreServed) {
  const Served served;
  const RawResponse page = Get(served.port(), "/console/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.at("content-type"), "text/html; charset=utf-8");
  const std::map<std::string, std::string> types = {
      {"console.js", "text/javascript; charset=utf-8"},
      {"console.css", "text/css; charset=utf-8"},
      {"icon.svg", "image/svg+xml"},
      {"shared-worker.js", "text/javascript; charset=utf-8"},
      {"licenses.txt", "text/plain; charset=utf-8"},
  };
  for (const auto& [name, type] : types) {
    const RawResponse file = Get(served.port(), "/console/" + name);
    EXPECT_EQ(file.status, 200) << name;
    EXPECT_EQ(file.headers.at("content-type"), type);
    EXPECT_FALSE(file.body.empty()) << name;
  }
  EXPECT_THAT(page.body, HasSubstr("src=\"console.js\""));
  EXPECT_THAT(page.body, HasSubstr("href=\"console.css\""));
  EXPECT_THAT(Get(served.port(), "/console/console.js").body, HasSubstr("shared-worker.js"));
}

TEST(ConsoleHandlerTest, NothingForeignAndNothingInlineMayRun) {
  const Served served;
  for (const char* target : {"/console/", "/console/console.js", "/console/none", "/console"}) {
    const RawResponse response = Get(served.port(), target);
    const std::string& policy = response.headers.at("content-security-policy");
    EXPECT_THAT(policy, HasSubstr("default-src 'none'; script-src 'self'; style-src 'self'"));
    EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
    EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
    EXPECT_EQ(response.headers.at("x-content-type-options"), "nosniff");
    EXPECT_EQ(response.headers.at("referrer-policy"), "no-referrer");
  }
  const std::string page = Get(served.port(), "/console/").body;
  EXPECT_FALSE(std::regex_search(page, std::regex("<style|style=|<script>|[ ]on[a-z]+=|https?:")));
}

TEST(ConsoleHandlerTest, ThePathWithoutItsSlashLeadsToIt) {
  const Served served;
  const RawResponse response = Get(served.port(), "/console");
  EXPECT_EQ(response.status, 308);
  EXPECT_EQ(response.headers.at("location"), "console/");
}

TEST(ConsoleHandlerTest, CompressesForWhoeverAsks) {
  const Served served;
  const RawResponse plain = Get(served.port(), "/console/console.js");
  const RawResponse gzip =
      Get(served.port(), "/console/console.js", "Accept-Encoding: br, gzip\r\n");
  EXPECT_FALSE(plain.headers.contains("content-encoding"));
  EXPECT_EQ(gzip.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(gzip.headers.at("vary"), "accept-encoding");
  EXPECT_EQ(Gunzip(gzip.body, 4 << 20, "").value_or(""), plain.body);
  EXPECT_NE(gzip.headers.at("etag"), plain.headers.at("etag"));
}

TEST(ConsoleHandlerTest, WhoHasAFileIsToldSo) {
  const Served served;
  const RawResponse first = Get(served.port(), "/console/console.css");
  EXPECT_EQ(first.headers.at("cache-control"), "no-cache");
  const std::string tag = first.headers.at("etag");
  RawHttp http(served.port());
  http.SendRequest("GET", "/console/console.css", "If-None-Match: \"other\", " + tag + "\r\n");
  const RawResponse again = http.ReadHead();
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.headers.at("etag"), tag);
  EXPECT_EQ(Get(served.port(), "/console/console.css", "If-None-Match: \"other\"\r\n").status, 200);
}

TEST(ConsoleHandlerTest, WhatThereIsNotIs404) {
  const Served served;
  for (const char* target : {"/console/none", "/console/../console.js", "/console/a/console.js",
                             "/console/%2e%2e/x", "/console/index.html/", "/consoles/"}) {
    EXPECT_EQ(Get(served.port(), target).status, 404) << target;
  }
}

TEST(ConsoleHandlerTest, IsOnlyRead) {
  const Served served;
  const RawResponse response = interop::Post(served.port(), "/console/", "application/json", "{}");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.at("allow"), "GET, HEAD");
}

TEST(ConsoleHandlerTest, NobodyIsAskedWhoCalls) {
  ServerOptions options;
  options.authenticate = [](const Caller&) -> Awaitable<absl::StatusOr<std::string>> {
    co_return absl::UnauthenticatedError("who are you?");
  };
  const Served served(std::move(options));
  EXPECT_EQ(Get(served.port(), "/console/").status, 200);
  EXPECT_EQ(Get(served.port(), "/other").status, 401);
}

ServerOptions Everywhere() {
  ServerOptions options;
  options.listen = "0.0.0.0:0";
  options.allow_plaintext = true;
  return options;
}

TEST(ConsoleHandlerTest, IsNotThereBeyondLoopbackAndSaysWhy) {
  const Served served(Everywhere());
  const RawResponse response = Get(served.port(), "/console/");
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body, HasSubstr("ConsoleOptions::beyond_loopback"));
  EXPECT_EQ(Get(served.port(), "/console/console.js").status, 404);
}

TEST(ConsoleHandlerTest, IsThereBeyondLoopbackWhereThatIsAllowed) {
  const Served served(Everywhere(), {.beyond_loopback = true});
  EXPECT_EQ(Get(served.port(), "/console/").status, 200);
}

RawResponse GetAs(int port, const std::string& host) {
  RawHttp http(port);
  http.Send("GET /console/ HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  return http.Read();
}

TEST(ConsoleHandlerTest, IsNotThereForThoseWhoComeByAProxy) {
  ServerOptions options;
  options.origins.allowed_hosts = {"api.example.com"};
  const Served served(std::move(options));
  EXPECT_EQ(GetAs(served.port(), "localhost:8080").status, 200);
  EXPECT_EQ(GetAs(served.port(), "[::1]").status, 200);
  const RawResponse response = GetAs(served.port(), "api.example.com");
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body, HasSubstr("api.example.com"));
}

// What the page weighs: it is looked at from afar, too.
TEST(ConsoleFilesTest, AreSmall) {
  size_t all = 0;
  for (const EmbeddedFile& file : ConsoleFiles()) {
    if (file.name.ends_with(".js")) all += file.gzip.size();
  }
  EXPECT_GT(all, 50u * 1024);
  EXPECT_LT(all, 120u * 1024);
}

}  // namespace
}  // namespace runnel
