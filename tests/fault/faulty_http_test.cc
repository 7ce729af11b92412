#include "tests/fault/faulty_http.h"

#include <gmock/gmock.h>

#include "absl/strings/match.h"
#include "runtime/http/http_test_peer.h"

namespace fault {
namespace {

using runnel::Awaitable;
using runnel::BodyProbe;
using runnel::HttpRequest;
using runnel::HttpResponse;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class FaultyHttpTest : public runnel::HttpTest {
 protected:
  FaultyHttpTest() {
    // Notes the bodies that arrive, and repeats them.
    handler_.On("/note", [this](HttpRequest request) -> Awaitable<HttpResponse> {
      absl::StatusOr<std::string> body =
          co_await ReadAll(request.body.get(), 1'000'000, "the test's");
      if (!body.ok()) co_return runnel::Text("", 400);
      arrived_.push_back(*body);
      co_return runnel::Text("got " + *body);
    });
    handler_.On("/stream", [this](HttpRequest) -> Awaitable<HttpResponse> {
      HttpResponse response;
      response.body = ProbeBody(stream_);
      co_return response;
    });
  }
  ~FaultyHttpTest() override {
    faulty_.reset();
    Settle();
  }

  void Network(const std::string& faults) {
    absl::StatusOr<Schedule> schedule = Schedule::Parse(faults);
    ASSERT_TRUE(schedule.ok()) << schedule.status();
    faulty_.emplace(context_.get_executor(), http_, clock_, *schedule);
    Settle();
  }

  // What comes of one exchange, in the order in which it comes: "200", pieces, then "." or the code
  // of an error.
  struct Seen {
    std::vector<std::string> events;
    bool over = false;
  };
  static Awaitable<void> Exchange(FaultyHttp& http, std::string target, std::string body,
                                  std::shared_ptr<Seen> seen) {
    HttpRequest request;
    request.target = std::move(target);
    request.body = runnel::StringBody(std::move(body));
    absl::StatusOr<HttpResponse> response = co_await http.Send(std::move(request));
    absl::Status status = response.status();
    if (status.ok()) seen->events.push_back(std::to_string(response->status));
    while (status.ok()) {
      absl::StatusOr<std::optional<std::string_view>> piece = co_await response->body->Read();
      status = piece.status();
      if (!status.ok()) break;
      seen->events.emplace_back(*piece ? **piece : ".");
      if (!*piece) break;
    }
    if (!status.ok()) seen->events.push_back(absl::StatusCodeToString(status.code()));
    seen->over = true;
  }
  std::shared_ptr<Seen> Start(std::string target, std::string body = "") {
    auto seen = std::make_shared<Seen>();
    last_ = tasks_.Spawn(Exchange(*faulty_, std::move(target), std::move(body), seen));
    Settle();
    return seen;
  }
  void Pass(absl::Duration duration) {
    clock_.Advance(duration);
    Settle();
  }

  runnel::FakeHandler handler_;
  std::vector<std::string> arrived_;
  std::shared_ptr<BodyProbe> stream_ = std::make_shared<BodyProbe>();
  runnel::InProcessHttp http_{context_.get_executor(), handler_};
  std::optional<FaultyHttp> faulty_;
  runnel::Task last_;
};

TEST_F(FaultyHttpTest, CarriesBodiesBothWays) {
  Network("");
  EXPECT_THAT(Start("/note", "hello")->events, ElementsAre("200", "got hello", "."));
  stream_->Push("one");
  const auto seen = Start("/stream");
  stream_->Push("two");
  Settle();
  EXPECT_THAT(seen->events, ElementsAre("200", "one", "two"));
}

TEST_F(FaultyHttpTest, AbandoningAnExchangeReachesTheServer) {
  Network("");
  const auto seen = Start("/stream");
  last_.Cancel();
  Settle();
  EXPECT_THAT(seen->events, ElementsAre("200", "CANCELLED"));
  EXPECT_TRUE(stream_->destroyed);
}

TEST_F(FaultyHttpTest, CutsTheRequest) {
  Network("cut-request n=1 bytes=0; cut-request n=2 bytes=2");
  EXPECT_THAT(Start("/note", "hello")->events, ElementsAre("UNAVAILABLE"));
  EXPECT_EQ(handler_.handled, 0);
  EXPECT_THAT(Start("/note", "hello")->events, ElementsAre("UNAVAILABLE"));
  EXPECT_EQ(handler_.handled, 1);
  EXPECT_THAT(Start("/note", "hello")->events, ElementsAre("200", "got hello", "."));
  EXPECT_THAT(arrived_, ElementsAre("hello"));
}

TEST_F(FaultyHttpTest, CutsTheReply) {
  Network("cut-reply n=1 bytes=0; cut-reply n=2 bytes=3");
  EXPECT_THAT(Start("/note", "one")->events, ElementsAre("UNAVAILABLE"));
  EXPECT_THAT(Start("/note", "two")->events, ElementsAre("200", "got", "UNAVAILABLE"));
  EXPECT_THAT(arrived_, ElementsAre("one", "two"));
}

TEST_F(FaultyHttpTest, CutsEverythingAtATime) {
  Network("cut-all at=2s");
  const auto seen = Start("/stream");
  Pass(absl::Seconds(1));
  EXPECT_FALSE(seen->over);
  Pass(absl::Seconds(1));
  EXPECT_THAT(seen->events, ElementsAre("200", "UNAVAILABLE"));
  EXPECT_TRUE(stream_->destroyed);
}

TEST_F(FaultyHttpTest, DeliversACopyLater) {
  Network("double n=1 for=2s");
  EXPECT_THAT(Start("/note", "one")->events, ElementsAre("200", "got one", "."));
  Start("/note", "two");
  EXPECT_TRUE(faulty_->copies_pending());
  Pass(absl::Seconds(2));
  EXPECT_THAT(arrived_, ElementsAre("one", "two", "one"));
  EXPECT_FALSE(faulty_->copies_pending());
}

TEST_F(FaultyHttpTest, DeliversALostRequestLate) {
  Network("late n=1 for=2s");
  EXPECT_THAT(Start("/note", "one")->events, ElementsAre("UNAVAILABLE"));
  Start("/note", "two");
  Pass(absl::Seconds(2));
  EXPECT_THAT(arrived_, ElementsAre("two", "one"));
}

TEST_F(FaultyHttpTest, LetsRequestsOvertakeOneThatIsHeld) {
  Network("hold n=1 for=2s");
  const auto first = Start("/note", "one");
  Start("/note", "two");
  Pass(absl::Seconds(2));
  EXPECT_THAT(arrived_, ElementsAre("two", "one"));
  EXPECT_THAT(first->events, ElementsAre("200", "got one", "."));
}

TEST_F(FaultyHttpTest, DelaysThePiecesOfAResponse) {
  Network("delay n=1 for=1s");
  stream_->Push("one");
  stream_->Push("two");
  const auto seen = Start("/stream");
  EXPECT_THAT(seen->events, IsEmpty());
  Pass(absl::Seconds(1));
  EXPECT_THAT(seen->events, ElementsAre("200"));
  Pass(absl::Seconds(1));
  EXPECT_THAT(seen->events, ElementsAre("200", "one"));
}

TEST_F(FaultyHttpTest, DelaysEverything) {
  Network("latency for=1s");
  const auto seen = Start("/note", "one");
  EXPECT_EQ(handler_.handled, 0);
  Pass(absl::Seconds(1));
  EXPECT_EQ(handler_.handled, 1);
  EXPECT_THAT(seen->events, IsEmpty());
  Pass(absl::Seconds(1));
  Pass(absl::Seconds(1));
  EXPECT_THAT(seen->events, ElementsAre("200", "got one", "."));
}

TEST_F(FaultyHttpTest, BuffersAResponseUntilItEnds) {
  Network("buffer");
  stream_->Push("one");
  const auto seen = Start("/stream");
  Pass(absl::Minutes(1));
  EXPECT_THAT(seen->events, IsEmpty());
  stream_->Push("two");
  stream_->End();
  Settle();
  EXPECT_THAT(seen->events, ElementsAre("200", "onetwo", "."));
}

TEST_F(FaultyHttpTest, ABufferThatIsAbandonedEndsTheResponse) {
  Network("buffer");
  const auto seen = Start("/stream");
  last_.Cancel();
  Settle();
  EXPECT_THAT(seen->events, ElementsAre("CANCELLED"));
  EXPECT_TRUE(stream_->destroyed);
}

TEST_F(FaultyHttpTest, CutsResponsesThatTakeTooLong) {
  Network("cutter for=15s");
  const auto seen = Start("/stream");
  Pass(absl::Seconds(14));
  EXPECT_FALSE(seen->over);
  Pass(absl::Seconds(1));
  EXPECT_THAT(seen->events, ElementsAre("200", "UNAVAILABLE"));
}

TEST_F(FaultyHttpTest, RefusesLargeBodiesWithAPage) {
  Network("limit bytes=5");
  const auto large = Start("/note", "123456");
  ASSERT_EQ(large->events.size(), 3u);
  EXPECT_EQ(large->events[0], "413");
  EXPECT_THAT(large->events[1], StartsWith("<html>"));
  EXPECT_THAT(Start("/note", "12345")->events, ElementsAre("200", "got 12345", "."));
  EXPECT_THAT(arrived_, ElementsAre("12345"));
}

TEST_F(FaultyHttpTest, AnswersForTheServer) {
  Network("gateway n=1; gateway-after n=2; gateway-while at=10s for=5s");
  for (const char* body : {"one", "two"}) {
    const auto seen = Start("/note", body);
    ASSERT_EQ(seen->events.size(), 3u);
    EXPECT_EQ(seen->events[0], "502");
    EXPECT_THAT(seen->events[1], HasSubstr("Bad Gateway"));
  }
  EXPECT_THAT(arrived_, ElementsAre("two"));
  EXPECT_EQ(Start("/note")->events[0], "200");
  Pass(absl::Seconds(10));
  EXPECT_EQ(Start("/note")->events[0], "502");
  Pass(absl::Seconds(5));
  EXPECT_EQ(Start("/note")->events[0], "200");
}

TEST_F(FaultyHttpTest, LosesARequestWithoutAWord) {
  Network("silence-request n=1");
  const auto seen = Start("/note", "one");
  Pass(absl::Hours(1));
  EXPECT_FALSE(seen->over);
  EXPECT_EQ(handler_.handled, 0);
}

TEST_F(FaultyHttpTest, LosesAResponseWithoutAWord) {
  Network("silence-reply n=1 bytes=2");
  stream_->Push("one");
  const auto seen = Start("/stream");
  stream_->Push("two");
  Settle();
  EXPECT_THAT(seen->events, ElementsAre("200", "on"));
  // Nor does the server hear that the client has gone, until its system gives up.
  last_.Cancel();
  Pass(absl::Minutes(14));
  EXPECT_FALSE(stream_->destroyed);
  Pass(absl::Minutes(1));
  EXPECT_TRUE(stream_->destroyed);
}

TEST_F(FaultyHttpTest, ASilentPeerTakesNoMoreThanItsSocketsHold) {
  Network("silence-reply n=1 bytes=0");
  stream_->endless_piece = 1000;
  const auto seen = Start("/stream");
  EXPECT_THAT(seen->events, IsEmpty());
  EXPECT_GE(stream_->produced, 64'000u);
  EXPECT_LE(stream_->produced, 70'000u);
}

TEST_F(FaultyHttpTest, FallsSilentForAWhile) {
  Network("silence at=10s for=5s");
  const auto before = Start("/stream");
  Pass(absl::Seconds(10));
  const auto during = Start("/note", "one");
  stream_->Push("lost");
  Pass(absl::Seconds(5));
  EXPECT_THAT(Start("/note", "two")->events, ElementsAre("200", "got two", "."));
  EXPECT_THAT(before->events, ElementsAre("200"));
  EXPECT_THAT(during->events, IsEmpty());
  EXPECT_THAT(arrived_, ElementsAre("two"));
}

TEST_F(FaultyHttpTest, RefusesConnectionsForAWhile) {
  Network("refuse at=10s for=5s");
  const auto before = Start("/stream");
  Pass(absl::Seconds(10));
  EXPECT_THAT(before->events, ElementsAre("200", "UNAVAILABLE"));
  EXPECT_THAT(Start("/note")->events, ElementsAre("UNAVAILABLE"));
  EXPECT_EQ(handler_.handled, 1);
  Pass(absl::Seconds(5));
  EXPECT_EQ(Start("/note")->events[0], "200");
}

TEST_F(FaultyHttpTest, KillsTheServer) {
  Network("kill at=10s for=5s; double n=1 for=11s");
  std::vector<std::string> told;
  faulty_->on_kill = [&] { told.push_back("kill"); };
  faulty_->on_restart = [&] { told.push_back("restart"); };
  Start("/note", "one");
  Pass(absl::Seconds(10));
  EXPECT_THAT(Start("/note")->events, ElementsAre("UNAVAILABLE"));
  EXPECT_THAT(told, ElementsAre("kill"));
  Pass(absl::Seconds(5));
  EXPECT_THAT(told, ElementsAre("kill", "restart"));
  // What was on its way to the old server does not reach the new one.
  EXPECT_THAT(arrived_, ElementsAre("one"));
}

}  // namespace
}  // namespace fault
