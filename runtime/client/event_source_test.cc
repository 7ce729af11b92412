#include "runtime/client/event_source.h"

#include <boost/asio/io_context.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/async/signal.h"
#include "runtime/async/task_group.h"
#include "runtime/testing/manual_clock.h"
#include "runtime/wire/gzip.h"

namespace runnel {
namespace {

using ReadResult = absl::StatusOr<std::optional<SourceEvent>>;
using State = EventSourceState;
using Strings = std::vector<std::string>;

// How a body goes on behind its pieces.
enum class Then { kEnd, kBreak, kHang };

struct Step {
  absl::Status failure;  // there is no response
  bool hang = false;     // nor ever will be
  int status = 200;
  HttpHeaders headers = {{"content-type", "text/event-stream"}};
  Strings pieces;
  Then then = Then::kHang;
};

Step Stream(Strings pieces, Then then = Then::kHang) {
  Step step;
  step.pieces = std::move(pieces);
  step.then = then;
  return step;
}

Step Answer(int status, HttpHeaders headers = {}, std::string body = "") {
  Step step;
  step.status = status;
  step.headers = std::move(headers);
  step.then = Then::kEnd;
  if (!body.empty()) step.pieces.push_back(std::move(body));
  return step;
}

Step Redirect(int status, std::string location) {
  return Answer(status, {{"location", std::move(location)}});
}

Step Failure(absl::Status status) {
  Step step;
  step.failure = std::move(status);
  return step;
}

const absl::Status kRefused = absl::UnavailableError("connection refused");

struct Seen {
  std::string origin, method, target, body;
  HttpHeaders headers;
  std::string Header(std::string_view name) const {
    return std::string(headers.Get(name).value_or("(none)"));
  }
};

// What all the clients of a test share.
struct Script {
  std::deque<Step> steps;  // for the requests to come; when there are none, the test is wrong
  std::vector<Seen> seen;
  int pieces_read = 0;
  int open_bodies = 0;
};

class ScriptedBody final : public HttpBody {
 public:
  ScriptedBody(std::shared_ptr<Script> script, Step step)
      : script_(std::move(script)), step_(std::move(step)) {
    ++script_->open_bodies;
  }
  ~ScriptedBody() override { --script_->open_bodies; }

  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
    given_.clear();  // what was read before is gone
    if (next_ < step_.pieces.size()) {
      ++script_->pieces_read;
      given_ = step_.pieces[next_++];
      co_return std::string_view(given_);
    }
    if (step_.then == Then::kHang) {
      const absl::Status waited = co_await never_.Wait();
      co_return waited;
    }
    if (step_.then == Then::kBreak) co_return absl::UnavailableError("broken");
    co_return std::nullopt;
  }

 private:
  const std::shared_ptr<Script> script_;
  const Step step_;
  size_t next_ = 0;
  std::string given_;
  Signal never_;
};

class ScriptedHttp final : public HttpClient {
 public:
  ScriptedHttp(std::shared_ptr<Script> script, std::string origin)
      : script_(std::move(script)), origin_(std::move(origin)) {}

  Awaitable<absl::StatusOr<HttpResponse>> Send(HttpRequest request) override {
    Seen seen;
    seen.origin = origin_;
    seen.method = request.method;
    seen.target = request.target;
    seen.headers = request.headers;
    const absl::StatusOr<std::string> body =
        co_await ReadAll(request.body.get(), 1 << 20, "the test's");
    seen.body = *body;
    script_->seen.push_back(seen);
    if (script_->steps.empty()) co_return absl::InternalError("the script has ended");
    Step step = std::move(script_->steps.front());
    script_->steps.pop_front();
    if (step.hang) {
      Signal never;
      const absl::Status waited = co_await never.Wait();
      co_return waited;
    }
    if (!step.failure.ok()) co_return step.failure;
    HttpResponse response;
    response.status = step.status;
    response.headers = step.headers;
    response.body = std::make_unique<ScriptedBody>(script_, std::move(step));
    co_return response;
  }

 private:
  const std::shared_ptr<Script> script_;
  const std::string origin_;
};

// An event as "type data id", or what Read returned instead.
std::string Text(const ReadResult& result) {
  if (!result.ok()) return absl::StatusCodeToString(result.status().code());
  if (!*result) return "(no more)";
  const SourceEvent& event = **result;
  if (event.comment) return absl::StrCat(": ", event.data);
  return absl::StrCat(event.type, " ", event.data, " ", event.id, event.raw.empty() ? "" : " ",
                      event.raw);
}

class EventSourceTest : public testing::Test {
 protected:
  EventSourceTest() {
    options_.clock = &clock_;
    options_.retry.jitter = 0;
    options_.http = [script = script_](
                        const std::string& origin) -> absl::StatusOr<std::shared_ptr<HttpClient>> {
      return std::make_shared<ScriptedHttp>(script, origin);
    };
  }
  ~EventSourceTest() override {
    source_.reset();
    Poll();
    EXPECT_EQ(script_->open_bodies, 0);
  }

  void Poll() {
    context_.restart();
    context_.poll();
  }

  // With the steps that its requests will find.
  void Make(std::vector<Step> steps, std::string url = "http://host/stream") {
    for (Step& step : steps) script_->steps.push_back(std::move(step));
    source_ = std::make_unique<EventSource>(context_.get_executor(), url, options_);
  }

  void StartRead() {
    result_.reset();
    task_ = tasks_.Spawn(Keep(source_->Read(), &result_));
    Poll();
  }
  // What a Read returns without time going by.
  std::string Read() {
    StartRead();
    return Result();
  }
  std::string Result() { return result_ ? Text(*result_) : "(waits)"; }
  std::string Message() { return std::string(result_->status().message()); }
  // What the read under way returns then.
  std::string After(absl::Duration time) {
    clock_.Advance(time);
    Poll();
    return Result();
  }
  Strings ReadAllNow() {
    Strings all;
    do {
      all.push_back(Read());
    } while (result_ && result_->ok() && result_->value());
    return all;
  }

  const Seen& seen(size_t i) const { return script_->seen.at(i); }
  size_t requests() const { return script_->seen.size(); }
  State state() const { return source_->status().state; }

  template <typename T>
  static Awaitable<void> Keep(Awaitable<T> task, std::optional<T>* result) {
    result->emplace(co_await std::move(task));
  }

  ManualClock clock_;
  asio::io_context context_{1};
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  EventSourceOptions options_;
  std::unique_ptr<EventSource> source_;
  TaskGroup tasks_{context_.get_executor()};
  Task task_;
  std::optional<ReadResult> result_;
};

TEST_F(EventSourceTest, ReadsEvents) {
  Make({Stream({"data: on", "e\n\nevent: x\nid: 7\ndata: two\n\n", "data: three\n\n"})});
  EXPECT_EQ(ReadAllNow(), (Strings{"message one ", "x two 7", "message three 7", "(waits)"}));
}

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

TEST_F(EventSourceTest, ForgetsTheBlockThatABreakLeavesUnfinished) {
  Make({Stream({"id: 7\ndata: one\n\nid: 8\nevent: x\ndata: half\n"}, Then::kBreak),
        Stream({"data: two\n\n"})});
  EXPECT_EQ(Read(), "message one 7");
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "message two 7");
}

TEST_F(EventSourceTest, TakesTheIdOfABlockWithoutData) {
  Make({Stream({"id: 9\n\n"}, Then::kBreak), Stream({"data\n\n"})});
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "message  9");
}

TEST_F(EventSourceTest, SkipsAByteOrderMarkOfEveryBody) {
  const std::string stream =
      "\xef\xbb\xbf"
      "data: x\n\n";
  Make({Stream({stream}, Then::kEnd), Stream({stream})});
  EXPECT_EQ(Read(), "message x ");
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "message x ");
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

TEST_F(EventSourceTest, ChecksTheContentType) {
  const std::pair<std::string, bool> kTypes[] = {{"text/event-stream", true},
                                                 {"Text/Event-Stream ; charset=windows-1252", true},
                                                 {"text/event-stream;", true},
                                                 {"text/html, text/event-stream", true},
                                                 {"text/event-stream, */*", true},
                                                 {"text/event-stream, text/html", false},
                                                 {"text/event-stream; x=\"a,b\"", true},
                                                 {"text/event-stream-x", false},
                                                 {"text/plain", false},
                                                 {"", false}};
  for (const auto& [type, accepted] : kTypes) {
    SCOPED_TRACE(type);
    Step step = Stream({"data\n\n"});
    step.headers = {{"content-type", type}};
    Make({step});
    EXPECT_EQ(Read(), accepted ? "message  " : "UNKNOWN");
    EXPECT_EQ(state(), accepted ? State::kOpen : State::kClosed);
  }
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

TEST_F(EventSourceTest, BringsCommentsWhereTheyAreAskedFor) {
  options_.comments = true;
  Make({Stream({": ok\n\ndata: 1\n:\n", "\n:\xff\n"})});
  EXPECT_EQ(ReadAllNow(), (Strings{": ok", ": ", "message 1 ", ": \xef\xbf\xbd", "(waits)"}));
}

TEST_F(EventSourceTest, BringsTheTextOfEventsWhereItIsAskedFor) {
  options_.raw = true;
  Make({Stream({"id: 1\nfoo: bar\r\nda", "ta: x\n\n"})});
  EXPECT_EQ(Read(), "message x 1 id: 1\nfoo: bar\r\ndata: x\n");
}

TEST_F(EventSourceTest, ReadsWhatComesCompressed) {
  options_.gzip = true;
  options_.comments = true;
  std::string bytes;
  AppendGzip(":c\nid: 1\ndata: one\n\ndata: two\n\n", bytes);
  Step step;
  step.headers.Add("content-encoding", "GZIP");
  for (const char c : bytes) step.pieces.emplace_back(1, c);
  Make({step});
  EXPECT_EQ(ReadAllNow(), (Strings{": c", "message one 1", "message two 1", "(waits)"}));
  EXPECT_EQ(seen(0).Header("accept-encoding"), "gzip");
}

TEST_F(EventSourceTest, TakesBadCompressionForABrokenConnection) {
  Step step = Stream({"data\n\n"});
  step.headers.Add("content-encoding", "gzip");
  Make({step, Stream({"data\n\n"})});
  StartRead();
  EXPECT_EQ(state(), State::kWaiting);
  EXPECT_EQ(After(absl::Seconds(3)), "message  ");
}

TEST_F(EventSourceTest, ClosesAtACompressionItDoesNotKnow) {
  Step step = Stream({});
  step.headers.Add("content-encoding", "br");
  Make({step});
  EXPECT_EQ(Read(), "UNKNOWN");
}

TEST_F(EventSourceTest, ClosesAtEventsAndLinesThatAreTooLarge) {
  options_.max_event_bytes = 100;
  for (const std::string prefix : {"data: ", ": ", "data: 1\ndata: "}) {
    for (const bool raw : {false, true}) {
      options_.raw = raw;
      Make({Stream({"data: 0\n\n", prefix, std::string(101, 'x')})});
      Read();
      EXPECT_EQ(Read(), "RESOURCE_EXHAUSTED");
      EXPECT_NE(Message().find("EventSourceOptions::max_event_bytes"), std::string::npos);
      EXPECT_EQ(state(), State::kClosed);
    }
  }
}

TEST_F(EventSourceTest, ReadsNoFurtherThanItsReader) {
  Make({Stream({"data: 1\n\ndata: 2\n\n", "data: 3\n\n", "data: 4\n\n"})});
  Read();
  Read();
  Poll();
  EXPECT_EQ(script_->pieces_read, 1);
  Read();
  EXPECT_EQ(script_->pieces_read, 2);
}

TEST_F(EventSourceTest, CloseEndsAReadAndTheConnection) {
  Make({Stream({"data\n\ndata\n\n"})});
  Read();
  source_->Close();
  Poll();
  EXPECT_EQ(script_->open_bodies, 0);
  EXPECT_EQ(Read(), "CANCELLED");
  EXPECT_EQ(state(), State::kClosed);

  Make({Stream({})});
  StartRead();
  source_->Close();
  Poll();
  EXPECT_EQ(Result(), "CANCELLED");
  EXPECT_EQ(script_->open_bodies, 0);
}

TEST_F(EventSourceTest, CloseEndsAPauseAndAnAttempt) {
  Make({Failure(kRefused)});
  StartRead();
  source_->Close();
  Poll();
  EXPECT_EQ(Result(), "CANCELLED");

  Step hang;
  hang.hang = true;
  Make({hang});
  StartRead();
  source_->Close();
  Poll();
  EXPECT_EQ(Result(), "CANCELLED");
}

TEST_F(EventSourceTest, DestructionEndsARead) {
  Make({Stream({})});
  StartRead();
  source_.reset();
  Poll();
  EXPECT_EQ(Result(), "CANCELLED");
}

TEST_F(EventSourceTest, ReadsOnAfterAReadThatWasCancelled) {
  Make({Stream({"id: 1\ndata\n\n"}), Stream({"data: 2\n\n"})});
  Read();
  StartRead();
  task_.Cancel();
  Poll();
  EXPECT_EQ(Result(), "CANCELLED");
  EXPECT_EQ(state(), State::kConnecting);
  EXPECT_EQ(Read(), "message 2 1");
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

TEST_F(EventSourceTest, EndsWithTheBodyWhereThatIsWanted) {
  options_.end_of_body = EndOfBody::kClose;
  Make({Stream({"data: 1\n\n"}, Then::kBreak), Stream({"data: 2\n\n"}, Then::kEnd)});
  Read();
  StartRead();
  EXPECT_EQ(After(absl::Seconds(3)), "message 2 ");
  EXPECT_EQ(Read(), "(no more)");
  EXPECT_EQ(state(), State::kClosed);
}

TEST_F(EventSourceTest, OpensWithoutReading) {
  Make({Failure(kRefused), Stream({"data\n\n"}, Then::kEnd), Answer(204)});
  EXPECT_EQ(state(), State::kConnecting);
  std::optional<absl::StatusOr<bool>> opened;
  tasks_.Spawn(Keep(source_->Open(), &opened));
  Poll();
  EXPECT_FALSE(opened.has_value());
  clock_.Advance(absl::Seconds(3));
  Poll();
  EXPECT_EQ(**opened, true);
  EXPECT_EQ(state(), State::kOpen);
  EXPECT_EQ(script_->pieces_read, 0);
  Read();
  StartRead();
  After(absl::Seconds(3));
  opened.reset();
  tasks_.Spawn(Keep(source_->Open(), &opened));
  Poll();
  EXPECT_EQ(**opened, false);
}

TEST_F(EventSourceTest, SaysWhatIsWrongWithAUrl) {
  Make({}, "host/stream");
  EXPECT_EQ(state(), State::kClosed);
  EXPECT_EQ(Read(), "INVALID_ARGUMENT");
}

TEST_F(EventSourceTest, ClosesAtErrorsThatAskingAgainDoesNotChange) {
  Make({Failure(absl::ResourceExhaustedError("the head is too large"))});
  EXPECT_EQ(Read(), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(state(), State::kClosed);
}

TEST_F(EventSourceTest, IsReadByOneAtATime) {
  Make({Stream({})});
  StartRead();
  std::optional<ReadResult> second;
  tasks_.Spawn(Keep(source_->Read(), &second));
  Poll();
  EXPECT_EQ(Text(*second), "FAILED_PRECONDITION");
  EXPECT_EQ(Result(), "(waits)");
}

}  // namespace
}  // namespace runnel
