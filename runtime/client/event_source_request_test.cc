#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/client/event_source.h"
#include "runtime/client/event_source_test_fixture.h"
#include "runtime/client/scripted_http.h"

namespace runnel {
namespace {

using scripted::Answer;
using scripted::Redirect;
using scripted::Stream;
using scripted::Then;
using State = EventSourceState;

TEST_F(EventSourceTest, AsksAsBrowsersDo) {
  Make({Stream({"data\n\n"})}, "http://host:81/a/b?c=d#e");
  Read();
  EXPECT_EQ(seen(0).origin, "http://host:81");
  EXPECT_EQ(seen(0).method, "GET");
  EXPECT_EQ(seen(0).target, "/a/b?c=d");
  EXPECT_EQ(seen(0).Header("accept"), "text/event-stream");
  EXPECT_EQ(seen(0).Header("cache-control"), "no-cache");
  EXPECT_EQ(seen(0).headers.size(), 2u);
}

TEST_F(EventSourceTest, SendsMethodBodyAndHeadersWithEveryAttempt) {
  options_.method = "REPORT";
  options_.body = "{}";
  options_.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  Make({Stream({}, Then::kEnd), Stream({"data\n\n"})});
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "message  ");
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(seen(i).method, "REPORT");
    EXPECT_EQ(seen(i).body, "{}");
    EXPECT_EQ(seen(i).Header("content-type"), "application/json");
    EXPECT_EQ(seen(i).Header("accept"), "application/json");
  }
}

TEST_F(EventSourceTest, AsksForHeadersBeforeEveryAttempt) {
  int token = 0;
  options_.attempt_headers = [&token]() -> absl::StatusOr<HttpHeaders> {
    return HttpHeaders{{"authorization", absl::StrCat("Bearer ", ++token)}};
  };
  Make({Stream({}, Then::kEnd), Stream({"data\n\n"})});
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "message  ");
  EXPECT_EQ(seen(0).Header("authorization"), "Bearer 1");
  EXPECT_EQ(seen(1).Header("authorization"), "Bearer 2");
}

TEST_F(EventSourceTest, WithoutHeadersItCloses) {
  options_.attempt_headers = [] { return absl::UnauthenticatedError("no token"); };
  Make({});
  EXPECT_EQ(Read(), "UNAUTHENTICATED");
  EXPECT_EQ(state(), State::kClosed);
  EXPECT_EQ(requests(), 0u);
}

TEST_F(EventSourceTest, WaitsForHeadersThatAreUnavailable) {
  bool there = false;
  options_.attempt_headers = [&there]() -> absl::StatusOr<HttpHeaders> {
    if (!there) return absl::UnavailableError("not yet");
    return HttpHeaders();
  };
  Make({Stream({"data\n\n"})});
  EXPECT_EQ(Read(), "(waits)");
  there = true;
  EXPECT_EQ(After(absl::Seconds(3)), "message  ");
}

TEST_F(EventSourceTest, GoesOnBehindTheIdItWasGiven) {
  options_.last_event_id = "caf\xc3\xa9";
  Make({Stream({"data\n\n"})});
  EXPECT_EQ(Read(), "message  caf\xc3\xa9");
  EXPECT_EQ(seen(0).Header("last-event-id"), "caf\xc3\xa9");
}

TEST_F(EventSourceTest, PutsNoControlCharactersInHeaders) {
  Make({Stream({"id: a\x01\ndata\n\n"}, Then::kEnd), Stream({"data\n\n"})});
  Read();
  EXPECT_EQ(source_->last_event_id(), "a\x01");
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "message  a\x01");
  EXPECT_EQ(seen(1).Header("last-event-id"), "(none)");
}

TEST_F(EventSourceTest, FollowsRedirectsAsFetchDoes) {
  struct Case {
    int status;
    std::string method, becomes, body;
  };
  const Case kCases[] = {{301, "GET", "GET", "b"},   {301, "POST", "GET", ""},
                         {302, "POST", "GET", ""},   {302, "REPORT", "REPORT", "b"},
                         {303, "POST", "GET", ""},   {303, "REPORT", "GET", ""},
                         {307, "POST", "POST", "b"}, {308, "POST", "POST", "b"}};
  for (const Case& one : kCases) {
    SCOPED_TRACE(absl::StrCat(one.status, " ", one.method));
    script_->seen.clear();
    options_.method = one.method;
    options_.body = "b";
    options_.headers = {{"content-type", "text/plain"}};
    Make({Redirect(one.status, "/other"), Stream({"data\n\n"})});
    EXPECT_EQ(Read(), "message  ");
    EXPECT_EQ(seen(1).method, one.becomes);
    EXPECT_EQ(seen(1).target, "/other");
    EXPECT_EQ(seen(1).body, one.body);
    EXPECT_EQ(seen(1).Header("content-type"), one.body.empty() ? "(none)" : "text/plain");
  }
}

TEST_F(EventSourceTest, ReconnectsToWhereARedirectLed) {
  Make({Redirect(307, "../x?y"), Redirect(302, "//other:99/z"),
        Stream({"id: 1\ndata\n\n"}, Then::kEnd), Stream({"data\n\n"})},
       "http://host/a/b/c");
  Read();
  EXPECT_EQ(seen(1).target, "/a/x?y");
  EXPECT_EQ(source_->url(), "http://other:99/z");
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "message  1");
  EXPECT_EQ(seen(3).origin, "http://other:99");
  EXPECT_EQ(seen(3).target, "/z");
  EXPECT_EQ(seen(3).Header("last-event-id"), "1");
}

TEST_F(EventSourceTest, ShowsCredentialsToNoOtherOrigin) {
  options_.headers = {{"Authorization", "a"}, {"Cookie", "b"}, {"x", "c"}};
  options_.attempt_headers = [] { return HttpHeaders{{"x-token", "d"}}; };
  Make({Redirect(307, "http://host/same"), Redirect(307, "http://host:81/other"),
        Stream({"data\n\n"})});
  EXPECT_EQ(Read(), "message  ");
  EXPECT_EQ(seen(1).Header("authorization"), "a");
  EXPECT_EQ(seen(1).Header("x-token"), "d");
  for (const std::string name : {"authorization", "cookie", "x-token"}) {
    EXPECT_EQ(seen(2).Header(name), "(none)");
  }
  EXPECT_EQ(seen(2).Header("x"), "c");
}

TEST_F(EventSourceTest, TakesTooManyRedirectsForAFailedConnection) {
  options_.max_redirects = 2;
  Make({Redirect(302, "/1"), Redirect(302, "/2"), Redirect(302, "/3"), Stream({"data\n\n"})});
  StartRead();
  EXPECT_EQ(state(), State::kWaiting);
  EXPECT_EQ(After(absl::Seconds(3)), "message  ");
  EXPECT_EQ(seen(3).target, "/stream");
}

TEST_F(EventSourceTest, ClosesWhereARedirectLeadsNowhere) {
  Make({Answer(302)});
  EXPECT_EQ(Read(), "UNKNOWN");
  Make({Redirect(302, "ftp://host/")});
  EXPECT_EQ(Read(), "UNKNOWN");
  EXPECT_EQ(state(), State::kClosed);
}

TEST_F(EventSourceTest, GoesFromHttpsToNoHttp) {
  Make({Redirect(302, "http://host/stream")}, "https://host/stream");
  EXPECT_EQ(Read(), "PERMISSION_DENIED");
  EXPECT_EQ(requests(), 1u);
}

TEST_F(EventSourceTest, SaysWhatIsWrongWithAUrl) {
  Make({}, "host/stream");
  EXPECT_EQ(state(), State::kClosed);
  EXPECT_EQ(Read(), "INVALID_ARGUMENT");
}

}  // namespace
}  // namespace runnel
