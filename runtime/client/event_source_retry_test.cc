#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/client/event_source.h"
#include "runtime/client/event_source_test_fixture.h"
#include "runtime/client/scripted_http.h"

namespace runnel {
namespace {

using scripted::Answer;
using scripted::Failure;
using scripted::Step;
using scripted::Stream;
using scripted::Then;
using State = EventSourceState;

TEST_F(EventSourceTest, ConnectsAgainWhenTheStreamHasEnded) {
  Make({Stream({"id: 7\ndata: one\n\n"}, Then::kEnd), Stream({"data: two\n\n"})});
  EXPECT_EQ(Read(), "message one 7");
  EXPECT_EQ(Read(), "(waits)");
  EXPECT_EQ(state(), State::kWaiting);
  EXPECT_EQ(source_->status().delay, absl::Seconds(3));
  EXPECT_EQ(source_->status().retry_time, clock_.Now() + absl::Seconds(3));
  EXPECT_EQ(source_->status().reason.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(After(absl::Milliseconds(2999)), "(waits)");
  EXPECT_EQ(requests(), 1u);
  EXPECT_EQ(After(absl::Milliseconds(1)), "message two 7");
  EXPECT_EQ(seen(1).Header("last-event-id"), "7");
  EXPECT_EQ(state(), State::kOpen);
}

TEST_F(EventSourceTest, ObeysRetry) {
  Make({Stream({"retry: 150\ndata: unfinished"}, Then::kEnd), Stream({"data\n\n"})});
  StartRead();
  EXPECT_EQ(source_->reconnection_time(), absl::Milliseconds(150));
  EXPECT_EQ(source_->status().delay, absl::Milliseconds(150));
  EXPECT_EQ(After(absl::Milliseconds(150)), "message  ");
}

TEST_F(EventSourceTest, SurvivesTheLongestRetry) {
  Make({Stream({"retry: 9223372036854775807\n"}, Then::kEnd), Stream({"data\n\n"})});
  StartRead();
  EXPECT_EQ(After(absl::Hours(24 * 365)), "message  ");
}

TEST_F(EventSourceTest, TriesConnectionsThatFailForEver) {
  Make({});
  for (int i = 0; i < 100; ++i) script_->steps.push_back(Failure(kRefused));
  script_->steps.push_back(Stream({"data\n\n"}));
  StartRead();
  for (int i = 0; i < 99; ++i) EXPECT_EQ(After(absl::Seconds(30)), "(waits)");
  EXPECT_EQ(After(absl::Seconds(30)), "message  ");
}

TEST_F(EventSourceTest, WaitsLongerFromFailureToFailure) {
  Make({Failure(kRefused), Stream({}, Then::kBreak), Failure(kRefused), Failure(kRefused),
        Failure(kRefused), Stream({": here\n"}, Then::kBreak), Stream({})});
  StartRead();
  for (const int seconds : {3, 6, 12, 24, 30, 3}) {
    EXPECT_EQ(source_->status().delay, absl::Seconds(seconds));
    After(source_->status().delay);
  }
  EXPECT_EQ(state(), State::kOpen);
}

TEST_F(EventSourceTest, AddsToThePauseAtRandom) {
  options_.retry.jitter = 0.5;
  Make({});
  std::map<absl::Duration, int> delays;
  for (int i = 0; i < 50; ++i) script_->steps.push_back(Stream({":\n"}, Then::kEnd));
  StartRead();
  for (int i = 0; i < 49; ++i) {
    const absl::Duration delay = source_->status().delay;
    EXPECT_GE(delay, absl::Seconds(3));
    EXPECT_LE(delay, absl::Seconds(4.5));
    ++delays[delay];
    After(delay);
  }
  EXPECT_GT(delays.size(), 1u);
}

TEST_F(EventSourceTest, GivesUpAfterSoManyDropsInARow) {
  options_.retry.max_drops = 2;
  Make({Failure(kRefused), Stream({"data\n\n"}, Then::kBreak), Failure(kRefused)});
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "message  ");
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "UNAVAILABLE");
  EXPECT_EQ(Message(), "connection refused");
  EXPECT_EQ(source_->status().reason, kRefused);
  EXPECT_EQ(Read(), "UNAVAILABLE");
  EXPECT_EQ(requests(), 3u);
}

TEST_F(EventSourceTest, StopsAt204) {
  Make({Stream({"data\n\n"}, Then::kEnd), Answer(204)});
  Read();
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "(no more)");
  EXPECT_EQ(state(), State::kClosed);
  EXPECT_EQ(source_->status().http_status, 204);
  EXPECT_TRUE(source_->status().reason.ok());
}

TEST_F(EventSourceTest, TakesEveryOtherStatusAsFinal) {
  const std::pair<int, std::string> kStatuses[] = {
      {201, "UNKNOWN"},           {206, "UNKNOWN"},  {300, "UNKNOWN"},
      {304, "UNKNOWN"},           {400, "INTERNAL"}, {401, "UNAUTHENTICATED"},
      {403, "PERMISSION_DENIED"}, {500, "UNKNOWN"},  {503, "UNAVAILABLE"}};
  for (const auto& [status, code] : kStatuses) {
    Make({Answer(status, {{"content-type", "text/event-stream"}}, "data: x\n\n")},
         "http://host/stream?key=secret");
    EXPECT_EQ(Read(), code) << status;
    EXPECT_EQ(Message(), absl::StrCat("HTTP ", status, " of http://host/stream: data: x"));
    EXPECT_EQ(state(), State::kClosed);
    EXPECT_EQ(source_->status().http_status, status);
  }
}

TEST_F(EventSourceTest, WaitsForTheTextOfARefusalNoLongerThanItIsWorth) {
  Step step = Answer(403, {}, "no");
  step.then = Then::kHang;
  Make({step});
  EXPECT_EQ(Read(), "(waits)");
  EXPECT_EQ(After(absl::Seconds(5)), "PERMISSION_DENIED");
  EXPECT_EQ(Message(), "HTTP 403 of http://host/stream");
}

TEST_F(EventSourceTest, TriesServerErrorsFiveTimesWhereItMay) {
  options_.retry.server_errors = true;
  Make({Answer(500), Answer(502), Answer(503), Answer(504), Answer(599)});
  StartRead();
  for (const int seconds : {3, 6, 12, 24}) {
    EXPECT_EQ(source_->status().delay, absl::Seconds(seconds));
    After(absl::Seconds(seconds));
  }
  EXPECT_EQ(state(), State::kClosed);
  EXPECT_EQ(source_->status().http_status, 599);
}

TEST_F(EventSourceTest, TriesStatusesThatAreNamed) {
  options_.retry.statuses = {429};
  Make({Answer(429), Stream({"data\n\n"}, Then::kEnd), Answer(430)});
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "message  ");
  StartRead();
  After(absl::Seconds(3));
  EXPECT_EQ(state(), State::kClosed);
}

TEST_F(EventSourceTest, WaitsAsLongAsTheServerAsks) {
  options_.retry.server_errors = true;
  Make({Answer(503, {{"retry-after", "60"}})});
  StartRead();
  EXPECT_EQ(source_->status().delay, absl::Seconds(60));
}

TEST_F(EventSourceTest, ConnectsAgainWhenNothingCameForTooLong) {
  options_.read_timeout = absl::Seconds(10);
  Make({Stream({":\n", "data: 1\n\n"}), Stream({"data: 2\n\n"})});
  EXPECT_EQ(Read(), "message 1 ");
  EXPECT_EQ(Read(), "(waits)");
  After(absl::Seconds(10) - absl::Milliseconds(1));
  EXPECT_EQ(state(), State::kOpen);
  After(absl::Milliseconds(1));
  EXPECT_EQ(state(), State::kWaiting);
  EXPECT_EQ(source_->status().reason.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(After(absl::Seconds(3)), "message 2 ");
}

TEST_F(EventSourceTest, ConnectsAgainWhenNoResponseComes) {
  options_.read_timeout = absl::Seconds(10);
  Step hang;
  hang.hang = true;
  Make({hang, Stream({"data\n\n"})});
  StartRead();
  EXPECT_EQ(state(), State::kConnecting);
  After(absl::Seconds(10));
  EXPECT_EQ(state(), State::kWaiting);
  EXPECT_EQ(After(absl::Seconds(3)), "message  ");
}

TEST_F(EventSourceTest, WaitsOnAfterAReadThatWasCancelled) {
  Make({Failure(kRefused), Stream({"data\n\n"})});
  StartRead();
  After(absl::Seconds(1));
  task_.Cancel();
  Poll();
  EXPECT_EQ(Result(), "CANCELLED");
  EXPECT_EQ(Read(), "(waits)");
  EXPECT_EQ(After(absl::Seconds(2)), "message  ");
}

TEST_F(EventSourceTest, ClosesAtErrorsThatAskingAgainDoesNotChange) {
  Make({Failure(absl::ResourceExhaustedError("the head is too large"))});
  EXPECT_EQ(Read(), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(state(), State::kClosed);
}

}  // namespace
}  // namespace runnel
