// What a server says of itself: its figures, what lives on it, and the traces of its calls.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "runtime/core/trace_context.h"
#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

using runnel::LiveCall;
using runnel::LivePage;
using runnel::LiveView;
using runnel::MethodStats;
using runnel::Refusal;
using runnel::ServerStats;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kService[] = "/end_to_end.v1.Scripted/";

std::string PathOf(CallKind kind) {
  switch (kind) {
    case CallKind::kUnary:
      return std::string(kService) + "Unary";
    case CallKind::kServerStream:
      return std::string(kService) + "Down";
    case CallKind::kClientStream:
      return std::string(kService) + "Up";
    case CallKind::kBidi:
      return std::string(kService) + "Both";
  }
  return "";
}

MethodStats StatsOf(const ServerStats& stats, CallKind kind) {
  for (const MethodStats& method : stats.methods) {
    if (method.method->path == PathOf(kind)) return method;
  }
  return {};
}

template <typename Counts>
uint64_t Sum(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

Request Replies(int count, int bytes = 0) {
  Request request;
  request.mutable_script()->set_count(count);
  request.mutable_script()->set_payload_bytes(bytes);
  return request;
}

Request Waiting() {
  Request request;
  request.mutable_script()->set_wait_for_cancel(true);
  return request;
}

size_t Index(absl::StatusCode code) { return static_cast<size_t>(code); }
size_t Index(Refusal refusal) { return static_cast<size_t>(refusal); }

class TelemetryTest : public ::testing::TestWithParam<CallCase> {
 protected:
  bool streams() const {
    return GetParam().kind == CallKind::kServerStream || GetParam().kind == CallKind::kBidi;
  }
};

TEST_P(TelemetryTest, CallsAndTheirMessagesAreCounted) {
  World world(OptionsFor(GetParam()));
  const Outcome outcome = Call(world, GetParam().kind, Replies(3, 100));
  ASSERT_EQ(outcome.status, absl::OkStatus());
  const MethodStats stats = StatsOf(world.server().Stats(), GetParam().kind);
  EXPECT_EQ(stats.started, 1u);
  EXPECT_EQ(stats.ended[0], 1u);
  EXPECT_EQ(Sum(stats.ended), 1u);
  EXPECT_EQ(Sum(stats.latency), 1u);
  EXPECT_GT(stats.latency_sum, absl::ZeroDuration());
  EXPECT_EQ(stats.live, 0u);
  EXPECT_EQ(stats.traffic.received_messages, 1u);
  EXPECT_GT(stats.traffic.received_bytes, 0u);
  EXPECT_EQ(stats.traffic.sent_messages, outcome.replies.size());
  // The payload is as long in binary, and in JSON a third longer.
  const uint64_t least = outcome.replies.size() * 100;
  EXPECT_GE(stats.traffic.sent_bytes, least);
  EXPECT_LE(stats.traffic.sent_bytes, least * 2 + 100);
}

TEST_P(TelemetryTest, AFailedCallIsCountedByItsCode) {
  World world(OptionsFor(GetParam()));
  Request request;
  request.mutable_script()->mutable_fail()->set_code(static_cast<int>(absl::StatusCode::kNotFound));
  ASSERT_EQ(Call(world, GetParam().kind, request).status.code(), absl::StatusCode::kNotFound);
  const MethodStats stats = StatsOf(world.server().Stats(), GetParam().kind);
  EXPECT_EQ(stats.ended[Index(absl::StatusCode::kNotFound)], 1u);
  EXPECT_EQ(Sum(stats.ended), 1u);
}

TEST_P(TelemetryTest, ACallThatRunsIsSeen) {
  World world(OptionsFor(GetParam()));
  PendingCall call(world, GetParam().kind, Waiting());
  ASSERT_TRUE(world.journal().Await("waiting"));
  const ServerStats stats = world.server().Stats();
  EXPECT_EQ(stats.live_calls(), 1u);
  EXPECT_EQ(StatsOf(stats, GetParam().kind).live, 1u);
  const absl::StatusOr<LivePage<LiveCall>> calls =
      world.BlockOn(world.server().live().Calls("", 10, LiveView::CallFilter()));
  ASSERT_TRUE(calls.ok()) << calls.status();
  ASSERT_THAT(calls->items, SizeIs(1));
  EXPECT_EQ(calls->next, "");
  const LiveCall& live = calls->items[0];
  EXPECT_EQ(live.method->path, PathOf(GetParam().kind));
  EXPECT_EQ(live.traffic.received_messages, 1u);
  EXPECT_FALSE(live.peer.empty());
  EXPECT_FALSE(live.ended);
  EXPECT_EQ(live.session.empty(), GetParam().route == Route::kDirect);
  EXPECT_EQ(live.send_window > 0, GetParam().route == Route::kSession);

  const auto sessions = world.BlockOn(world.server().live().Sessions("", 10));
  ASSERT_TRUE(sessions.ok()) << sessions.status();
  if (GetParam().route == Route::kSession) {
    ASSERT_THAT(sessions->items, SizeIs(1));
    EXPECT_EQ(sessions->items[0].id, live.session);
    EXPECT_EQ(sessions->items[0].calls, 1u);
    EXPECT_TRUE(sessions->items[0].attached);
  } else {
    EXPECT_THAT(sessions->items, IsEmpty());
  }
  const auto connections = world.BlockOn(world.server().live().Connections("", 10));
  ASSERT_TRUE(connections.ok()) << connections.status();
  EXPECT_EQ(connections->items.size(), stats.connections.live);
  EXPECT_TRUE(std::any_of(connections->items.begin(), connections->items.end(),
                          [](const auto& connection) { return connection.serving; }));
  call.Cancel();
  EXPECT_EQ(call.Await().status.code(), absl::StatusCode::kCancelled);
}

// Adds the call's trace to the trailers.
class TraceTeller final : public runnel::ServerInterceptor {
 public:
  runnel::Awaitable<absl::Status> Intercept(runnel::ServerContext& context,
                                            runnel::MessageReader& in, runnel::MessageWriter& out,
                                            const runnel::MethodHandler& next) override {
    context.AddTrailingMetadata("own-trace", context.trace().traceparent());
    context.AddTrailingMetadata("parent", context.trace().parent_id);
    context.AddTrailingMetadata("state", context.trace().state);
    co_return co_await next(context, in, out);
  }
};

TEST_P(TelemetryTest, GoesOnWithTheTraceOfItsCaller) {
  WorldOptions options = OptionsFor(GetParam());
  options.server.interceptors.push_back(std::make_shared<TraceTeller>());
  World world(std::move(options));
  const runnel::TraceContext caller = runnel::TraceContext::Begin();
  runnel::CallOptions call;
  caller.AddTo(call.metadata);
  call.metadata.Add("tracestate", "vendor=opaque");
  const Outcome outcome = Call(world, GetParam().kind, Replies(1), call);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  const auto own = runnel::TraceContext::FromMetadata(
      {{"traceparent", std::string(outcome.trailing.Get("own-trace").value_or(""))}});
  ASSERT_TRUE(own);
  EXPECT_EQ(own->trace_id, caller.trace_id);
  EXPECT_NE(own->span_id, caller.span_id);
  EXPECT_EQ(outcome.trailing.Get("parent"), caller.span_id);
  EXPECT_EQ(outcome.trailing.Get("state"), "vendor=opaque");
}

TEST_P(TelemetryTest, BeginsATraceWhereTheCallersIsNotValid) {
  WorldOptions options = OptionsFor(GetParam());
  options.server.interceptors.push_back(std::make_shared<TraceTeller>());
  World world(std::move(options));
  runnel::CallOptions call;
  call.metadata.Add("traceparent", "00-nonsense");
  const Outcome outcome = Call(world, GetParam().kind, Replies(1), call);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  EXPECT_TRUE(runnel::TraceContext::FromMetadata(
      {{"traceparent", std::string(outcome.trailing.Get("own-trace").value_or(""))}}));
  EXPECT_EQ(outcome.trailing.Get("parent").value_or(""), "");
}

INSTANTIATE_TEST_SUITE_P(All, TelemetryTest,
                         ::testing::ValuesIn(AllCallsOver(Transport::kLoopback)),
                         [](const auto& info) { return NameOf(info.param); });

WorldOptions OverLoopback(Route route) {
  WorldOptions options;
  options.transport = Transport::kLoopback;
  options.channel.route = route;
  return options;
}

TEST(SessionTelemetryTest, CountsSessionsAndWhyTheyEnd) {
  World world(OverLoopback(Route::kSession));
  ASSERT_EQ(Call(world, CallKind::kUnary, Replies(1)).status, absl::OkStatus());
  ServerStats stats = world.server().Stats();
  EXPECT_EQ(stats.sessions.opened, 1u);
  EXPECT_EQ(stats.sessions.live, 1u);
  EXPECT_EQ(stats.sessions.attached, 1u);
  EXPECT_EQ(Sum(stats.sessions.ended), 0u);
  world.server().Shutdown(absl::ZeroDuration());
  stats = world.server().Stats();
  EXPECT_EQ(stats.sessions.live, 0u);
  EXPECT_EQ(stats.sessions.attached, 0u);
  EXPECT_EQ(stats.sessions.buffered_bytes, 0u);
  EXPECT_EQ(Sum(stats.sessions.ended), 1u);
  EXPECT_TRUE(stats.draining);
  EXPECT_EQ(stats.connections.live, 0u);
}

TEST(RefusalTelemetryTest, CountsWhatLimitsRefuse) {
  for (Route route : {Route::kDirect, Route::kSession}) {
    WorldOptions options = OverLoopback(route);
    options.server.threads = 1;
    options.server.limits.max_calls = 1;
    World world(std::move(options));
    PendingCall first(world, CallKind::kUnary, Waiting());
    ASSERT_TRUE(world.journal().Await("waiting"));
    EXPECT_EQ(Call(world, CallKind::kUnary, Replies(1)).status.code(),
              absl::StatusCode::kResourceExhausted);
    const ServerStats stats = world.server().Stats();
    EXPECT_EQ(stats.refused[Index(Refusal::kMaxCalls)], 1u);
    EXPECT_EQ(Sum(stats.refused), 1u);
    EXPECT_EQ(stats.started_calls(), 1u);
    first.Cancel();
    first.Await();
  }
}

TEST(RefusalTelemetryTest, CountsCallersThatAreRefused) {
  for (Route route : {Route::kDirect, Route::kSession}) {
    WorldOptions options = OverLoopback(route);
    options.server.authenticate =
        [](const runnel::Caller&) -> runnel::Awaitable<absl::StatusOr<std::string>> {
      co_return absl::UnauthenticatedError("nobody");
    };
    World world(std::move(options));
    EXPECT_EQ(Call(world, CallKind::kUnary, Replies(1)).status.code(),
              absl::StatusCode::kUnauthenticated);
    EXPECT_GE(world.server().Stats().refused[Index(Refusal::kAuthentication)], 1u);
  }
}

TEST(LiveViewTest, PagesHaveEveryCallOnce) {
  WorldOptions options = OverLoopback(Route::kSession);
  options.server.threads = 2;
  World world(std::move(options));
  std::vector<std::unique_ptr<PendingCall>> calls;
  for (int i = 0; i < 5; ++i) {
    const CallKind kind = i % 2 == 0 ? CallKind::kUnary : CallKind::kServerStream;
    calls.push_back(std::make_unique<PendingCall>(world, kind, Waiting()));
  }
  ASSERT_TRUE(world.journal().Await("waiting", 5));
  const LiveView& live = world.server().live();
  std::set<std::pair<int, uint64_t>> seen;
  std::string next;
  int pages = 0;
  do {
    const auto page = world.BlockOn(live.Calls(next, 2, LiveView::CallFilter()));
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_LE(page->items.size(), 2u);
    for (const LiveCall& call : page->items) {
      EXPECT_TRUE(seen.emplace(call.loop, call.number).second);
    }
    next = page->next;
    ASSERT_LT(++pages, 10);
  } while (!next.empty());
  EXPECT_THAT(seen, SizeIs(5));

  LiveView::CallFilter streams;
  streams.method = PathOf(CallKind::kServerStream);
  EXPECT_THAT(world.BlockOn(live.Calls("", 100, streams))->items, SizeIs(2));
  LiveView::CallFilter nowhere;
  nowhere.session = "no such session";
  EXPECT_THAT(world.BlockOn(live.Calls("", 100, nowhere))->items, IsEmpty());
  EXPECT_EQ(world.BlockOn(live.Calls("7.1", 1, LiveView::CallFilter())).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(world.BlockOn(live.Connections("x", 1)).status().code(),
            absl::StatusCode::kInvalidArgument);
  for (const auto& call : calls) call->Cancel();
  for (const auto& call : calls) call->Await();
}

}  // namespace
}  // namespace end_to_end
