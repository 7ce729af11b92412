#include "runtime/server/origin_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;

constexpr char kApp[] = "https://app.example.com";

HttpRequest Request(std::string method, HttpHeaders headers) {
  HttpRequest request;
  request.method = std::move(method);
  request.headers = std::move(headers);
  if (!request.headers.Contains("host")) request.headers.Add("host", "api.example.com");
  return request;
}

OriginRules Allowing(std::vector<std::string> origins, bool credentials = false) {
  OriginPolicy policy;
  policy.allowed_origins = std::move(origins);
  policy.allow_credentials = credentials;
  return OriginRules(std::move(policy), false);
}

int StatusOf(const OriginRules& rules, const HttpRequest& request) {
  std::optional<HttpResponse> response = rules.Intercept(request);
  return response ? response->status : 0;
}

TEST(OriginRulesTest, ClientsThatAreNoBrowsersPass) {
  EXPECT_EQ(StatusOf(OriginRules(), Request("POST", {})), 0);
  EXPECT_EQ(StatusOf(OriginRules(), Request("GET", {})), 0);
}

TEST(OriginRulesTest, TheServersOwnPagesPass) {
  for (const HttpHeaders& headers : std::vector<HttpHeaders>{
           {{"sec-fetch-site", "same-origin"}, {"origin", "https://api.example.com"}},
           {{"sec-fetch-site", "none"}},
           // An older browser, which says only where the page is from.
           {{"origin", "https://API.example.com"}},
           {{"host", "api.example.com:8443"}, {"origin", "https://api.example.com:8443"}},
           // Behind a proxy that changes Host.
           {{"host", "upstream"}, {"origin", kApp}, {"sec-fetch-site", "same-origin"}}}) {
    EXPECT_EQ(StatusOf(OriginRules(), Request("POST", headers)), 0);
  }
}

TEST(OriginRulesTest, ForeignPagesAreRefused) {
  for (const HttpHeaders& headers :
       std::vector<HttpHeaders>{{{"origin", kApp}},
                                {{"origin", kApp}, {"sec-fetch-site", "cross-site"}},
                                {{"origin", kApp}, {"sec-fetch-site", "same-site"}},
                                {{"sec-fetch-site", "cross-site"}},
                                {{"origin", "null"}},
                                {{"origin", ""}},
                                {{"origin", "https://api.example.com:444"}},
                                {{"origin", "https://api.example.com.evil.com"}},
                                {{"host", ""}, {"origin", "https://"}}}) {
    EXPECT_EQ(StatusOf(OriginRules(), Request("POST", headers)), 403);
    EXPECT_EQ(StatusOf(Allowing({"https://other.example.com"}), Request("POST", headers)), 403);
  }
}

TEST(OriginRulesTest, ForeignScriptsMayNotGetButLinksMay) {
  EXPECT_EQ(StatusOf(OriginRules(), Request("GET", {{"origin", kApp}})), 403);
  EXPECT_EQ(StatusOf(OriginRules(), Request("GET", {{"sec-fetch-site", "cross-site"}})), 0);
}

TEST(OriginRulesTest, TheRefusalIsAnErrorThatThePageCannotRead) {
  std::optional<HttpResponse> response =
      OriginRules().Intercept(Request("POST", {{"origin", kApp}}));
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->headers.Get("content-type"), "application/json");
  EXPECT_FALSE(response->headers.Contains("access-control-allow-origin"));
}

TEST(OriginRulesTest, AllowedOriginsPassExactly) {
  const OriginRules rules = Allowing({kApp});
  EXPECT_EQ(StatusOf(rules, Request("POST", {{"origin", kApp}, {"sec-fetch-site", "cross-site"}})),
            0);
  for (const char* other :
       {"http://app.example.com", "https://app.example.com:8443",
        "https://app.example.com.evil.com", "https://App.example.com", "null"}) {
    EXPECT_EQ(StatusOf(rules, Request("POST", {{"origin", other}})), 403) << other;
  }
}

TEST(OriginRulesTest, AnswersPreflightsOfAllowedOrigins) {
  std::optional<HttpResponse> response = Allowing({kApp}).Intercept(
      Request("OPTIONS", {{"origin", kApp},
                          {"access-control-request-method", "POST"},
                          {"access-control-request-headers", "content-type,x-tenant"}}));
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 204);
  EXPECT_EQ(response->headers.Get("access-control-allow-origin"), kApp);
  EXPECT_EQ(response->headers.Get("access-control-allow-methods"), "GET, POST");
  EXPECT_EQ(response->headers.Get("access-control-allow-headers"), "content-type,x-tenant");
  EXPECT_EQ(response->headers.Get("access-control-max-age"), "7200");
  EXPECT_FALSE(response->headers.Contains("access-control-allow-credentials"));
}

TEST(OriginRulesTest, RefusesPreflightsOfOthers) {
  const HttpHeaders headers = {{"origin", "https://evil.example"},
                               {"access-control-request-method", "POST"}};
  EXPECT_EQ(StatusOf(Allowing({kApp}), Request("OPTIONS", headers)), 403);
}

TEST(OriginRulesTest, APreflightCannotPutBytesOfItsOwnIntoTheAnswer) {
  std::optional<HttpResponse> response =
      Allowing({kApp}).Intercept(Request("OPTIONS", {{"origin", kApp},
                                                     {"access-control-request-method", "POST"},
                                                     {"access-control-request-headers", "x: y"}}));
  ASSERT_TRUE(response.has_value());
  EXPECT_FALSE(response->headers.Contains("access-control-allow-headers"));
}

TEST(OriginRulesTest, AnOrdinaryOptionsIsNoPreflight) {
  EXPECT_EQ(StatusOf(Allowing({kApp}), Request("OPTIONS", {{"origin", kApp}})), 0);
}

TEST(OriginRulesTest, AllowedPagesReadTheResponseWithItsFields) {
  HttpResponse response;
  response.headers = {{"content-type", "application/json"}, {"trailer-took", "3"}};
  Allowing({kApp}, true).Expose(kApp, response);
  EXPECT_EQ(response.headers.Get("access-control-allow-origin"), kApp);
  EXPECT_EQ(response.headers.Get("access-control-allow-credentials"), "true");
  EXPECT_EQ(response.headers.Get("access-control-expose-headers"), "content-type, trailer-took");
  EXPECT_EQ(response.headers.Get("vary"), "origin");
}

TEST(OriginRulesTest, OtherResponsesSayThatTheyVary) {
  for (const char* origin : {"", "https://api.example.com"}) {
    HttpResponse response;
    Allowing({kApp}).Expose(origin, response);
    EXPECT_EQ(response.headers.size(), 1u);
    EXPECT_EQ(response.headers.Get("vary"), "origin");
  }
}

TEST(OriginRulesTest, WithoutOriginsResponsesStayAsTheyAre) {
  HttpResponse response;
  OriginRules().Expose("https://api.example.com", response);
  EXPECT_TRUE(response.headers.empty());
}

TEST(OriginRulesTest, AStarIsForEveryPageAndSaysSo) {
  const OriginRules rules = Allowing({"*"});
  EXPECT_EQ(StatusOf(rules, Request("POST", {{"origin", "null"}})), 0);
  HttpResponse response;
  rules.Expose("https://anywhere.example", response);
  EXPECT_EQ(response.headers.Get("access-control-allow-origin"), "*");
  EXPECT_FALSE(response.headers.Contains("vary"));
}

TEST(OriginRulesTest, ALoopbackListenerAnswersToLoopbackNames) {
  const OriginRules rules({}, true);
  for (const char* host : {"localhost", "LOCALHOST:80", "localhost.:80", "127.0.0.1:8080",
                           "127.8.9.1", "[::1]", "[::1]:8080", "tenant.localhost"}) {
    EXPECT_EQ(StatusOf(rules, Request("GET", {{"host", host}})), 0) << host;
  }
  for (const char* host : {"evil.example", "evil.example:8080", "localhost.evil.example",
                           "127.0.0.1.evil.example", "10.0.0.1", "::1", "[127.0.0.1]", "[::2]",
                           "notlocalhost", "localhost@evil.example", "0.0.0.0", "127.1"}) {
    EXPECT_EQ(StatusOf(rules, Request("GET", {{"host", host}})), 403) << host;
  }
}

TEST(OriginRulesTest, AllowedHostsAreTheOnlyOnes) {
  OriginPolicy policy;
  policy.allowed_hosts = {"api.example.com"};
  const OriginRules rules(policy, false);
  EXPECT_EQ(StatusOf(rules, Request("GET", {{"host", "API.example.com:443"}})), 0);
  EXPECT_EQ(StatusOf(rules, Request("GET", {{"host", "localhost"}})), 403);
  EXPECT_EQ(StatusOf(rules, Request("GET", {{"host", "x.api.example.com"}})), 403);
  // A loopback listener behind a proxy on the same machine: still there for those who run it.
  const OriginRules behind_proxy(policy, true);
  EXPECT_EQ(StatusOf(behind_proxy, Request("GET", {{"host", "api.example.com"}})), 0);
  EXPECT_EQ(StatusOf(behind_proxy, Request("GET", {{"host", "localhost:1"}})), 0);
  EXPECT_EQ(StatusOf(behind_proxy, Request("GET", {{"host", "evil.example"}})), 403);
}

TEST(OriginRulesTest, APeerWithoutHostIsNoBrowser) {
  HttpRequest request;
  request.method = "GET";
  EXPECT_EQ(StatusOf(OriginRules({}, true), request), 0);
}

TEST(OriginRulesTest, PoliciesAreValidated) {
  OriginPolicy good;
  good.allowed_origins = {kApp, "http://localhost:5173", "capacitor://localhost", "*"};
  good.allowed_hosts = {"api.example.com", "[::1]", "10.0.0.1"};
  EXPECT_TRUE(ValidateOriginPolicy(good).ok());
  for (const char* origin : {"app.example.com", "https://app.example.com/", "HTTPS://app.example",
                             "https://*.example.com/x", "null", "", "https://"}) {
    OriginPolicy bad;
    bad.allowed_origins = {origin};
    EXPECT_THAT(ValidateOriginPolicy(bad),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("allowed_origins")))
        << origin;
  }
  for (const char* host : {"", "api.example.com:443", "https://api.example.com", "*.example.com"}) {
    OriginPolicy bad;
    bad.allowed_hosts = {host};
    EXPECT_THAT(ValidateOriginPolicy(bad),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("allowed_hosts")))
        << host;
  }
  OriginPolicy cookies;
  cookies.allowed_origins = {"*"};
  cookies.allow_credentials = true;
  EXPECT_THAT(ValidateOriginPolicy(cookies),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("allow_credentials")));
}

}  // namespace
}  // namespace runnel
