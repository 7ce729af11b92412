// A real server and a real client with a FaultProxy between them: calls of every kind, and what
// both ends saw.

#include "tests/fault/fault_proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "runtime/async/io_thread.h"
#include "runtime/client/channel.h"
#include "runtime/http/http_client.h"
#include "runtime/server/server.h"
#include "runtime/testing/status_matchers.h"
#include "tests/fault/caller.h"
#include "tests/fault/counted_service.h"

namespace fault {
namespace {

using runnel::Awaitable;
using runnel::CallKind;
using runnel::Clock;
using runnel::Codec;
using runnel::StatusIs;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// Far more than any of it takes.
constexpr absl::Duration kPatience = absl::Seconds(120);

FaultProxyOptions To(int port) {
  FaultProxyOptions options;
  options.upstream = absl::StrCat("127.0.0.1:", port);
  return options;
}

class FaultProxyTest : public ::testing::TestWithParam<Codec> {
 protected:
  // Calls of all kinds whose streams last about a second, as the faults let them.
  static Traffic Talk(Codec codec, size_t message_bytes) {
    Traffic traffic;
    traffic.codec = codec;
    for (CallKind kind :
         {CallKind::kUnary, CallKind::kServerStream, CallKind::kClientStream, CallKind::kBidi}) {
      CallPlan call;
      call.kind = kind;
      const bool up = kind == CallKind::kClientStream || kind == CallKind::kBidi;
      const bool down = kind == CallKind::kServerStream || kind == CallKind::kBidi;
      call.up.assign(up ? 50 : 1, message_bytes);
      call.down.assign(down ? 50 : 1, message_bytes);
      call.pause_up = absl::Milliseconds(20);
      call.pause_down = absl::Milliseconds(up ? 0 : 20);
      traffic.calls.push_back(call);
    }
    return traffic;
  }

  struct Part {
    runnel::IoThread& io;
    const std::string url;
    const Traffic& traffic;
    Transcript& transcript;
  };
  static Awaitable<bool> Play(Part* part) {
    runnel::ChannelOptions options;
    options.codec = part->traffic.codec;
    options.route = runnel::Route::kSession;
    Counted::Stub stub(runnel::Channel::Connect(part->io.executor(), part->url, options));
    Caller caller(part->io.executor(), stub, part->traffic, Clock::Real(), part->transcript);
    caller.Start();
    const bool ended = co_await caller.JoinUntil(Clock::Real().Now() + kPatience);
    if (!ended) caller.Cancel();
    co_await caller.JoinUntil(absl::InfiniteFuture());
    co_return ended;
  }

  // Runs the calls through a proxy and compares what both ends saw.
  void ExpectIdentical(const std::function<void(FaultProxyOptions&)>& faults,
                       size_t message_bytes = 100) {
    const Traffic traffic = Talk(GetParam(), message_bytes);
    Transcript client(traffic.calls.size());
    Transcript served(traffic.calls.size());
    CountedService service(traffic, Clock::Real(), served);
    runnel::ServerOptions server_options;
    server_options.listen = "127.0.0.1:0";
    server_options.threads = 1;  // the service is for one loop
    runnel::Server server(server_options);
    ASSERT_THAT(server.AddService(service), runnel::IsOk());
    ASSERT_THAT(server.Start(), runnel::IsOk());
    FaultProxyOptions options = To(server.port());
    faults(options);
    proxy_.emplace(options);
    ASSERT_THAT(proxy_->Start(), runnel::IsOk());
    bool ended = false;
    {
      runnel::IoThread io;
      Part part{io, proxy_->url(), traffic, client};
      ended = io.BlockOn(Play(&part));
    }
    server.Shutdown(absl::Seconds(1));
    const Verdict verdict = Judge(traffic, client, served, false);
    EXPECT_TRUE(ended);
    EXPECT_EQ(NameOf(verdict.result), "identical")
        << verdict.why << " (seed " << options.seed << ")";
  }

  std::optional<FaultProxy> proxy_;
};

TEST_P(FaultProxyTest, WithoutFaultsPassesEverythingOn) {
  ExpectIdentical([](FaultProxyOptions&) {});
  EXPECT_GE(proxy_->counts().connections, 1);
  EXPECT_EQ(proxy_->counts().cuts, 0);
}

TEST_P(FaultProxyTest, ConnectionsThatAreCutAllTheTime) {
  ExpectIdentical([](FaultProxyOptions& options) {
    options.cut_every = {absl::Milliseconds(50), absl::Milliseconds(200)};
  });
  EXPECT_GE(proxy_->counts().cuts, 3);
}

TEST_P(FaultProxyTest, ConnectionsThatEndInOrder) {
  ExpectIdentical([](FaultProxyOptions& options) {
    options.cut_every = {absl::Milliseconds(50), absl::Milliseconds(200)};
    options.cut_how = FaultProxyOptions::How::kOrderly;
  });
  EXPECT_GE(proxy_->counts().cuts, 3);
}

TEST_P(FaultProxyTest, ConnectionsThatAreCutInTheMiddleOfMessages) {
  // Some get further than the largest event.
  ExpectIdentical(
      [](FaultProxyOptions& options) {
        options.cut_after_down = {500, 150'000};
      },
      4'000);
  EXPECT_GE(proxy_->counts().cuts, 2);
}

TEST_P(FaultProxyTest, LargeMessagesOverConnectionsThatAreCut) {
  ExpectIdentical(
      [](FaultProxyOptions& options) {
        options.cut_every = {absl::Milliseconds(50), absl::Milliseconds(200)};
      },
      20'000);
  EXPECT_GE(proxy_->counts().cuts, 3);
}

TEST_P(FaultProxyTest, ResponsesThatAreCutAfterAWhile) {
  ExpectIdentical(
      [](FaultProxyOptions& options) { options.cut_responses_at = absl::Milliseconds(150); });
  EXPECT_GE(proxy_->counts().cut_responses, 2);
}

TEST_P(FaultProxyTest, RepliesThatAreDroppedAfterProcessing) {
  ExpectIdentical([](FaultProxyOptions& options) { options.drop_replies = 40; });
  EXPECT_GE(proxy_->counts().dropped_replies, 1);
}

TEST_P(FaultProxyTest, ASlowNetworkThatBreaks) {
  ExpectIdentical([](FaultProxyOptions& options) {
    options.delay = {absl::Milliseconds(1), absl::Milliseconds(30)};
    options.cut_every = {absl::Milliseconds(150), absl::Milliseconds(400)};
    options.seed = 2;
  });
  EXPECT_GE(proxy_->counts().cuts, 3);
}

INSTANTIATE_TEST_SUITE_P(Codecs, FaultProxyTest, ::testing::Values(Codec::kJson, Codec::kProto),
                         [](const auto& info) {
                           return info.param == Codec::kJson ? "Json" : "Proto";
                         });

// What a proxy answers that knows HTTP, without a session.
class ProxyHttpTest : public ::testing::Test {
 protected:
  ProxyHttpTest() : service_(traffic_, Clock::Real(), served_) {
    CallPlan call;
    call.kind = CallKind::kServerStream;
    call.up = {1};
    call.down = {10, 10, 10};
    traffic_.calls = {call};
    served_.resize(1);
    runnel::ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.threads = 1;
    server_.emplace(options);
    EXPECT_THAT(server_->AddService(service_), runnel::IsOk());
    EXPECT_THAT(server_->Start(), runnel::IsOk());
  }
  ~ProxyHttpTest() override { server_->Shutdown(absl::ZeroDuration()); }

  void Through(const std::function<void(FaultProxyOptions&)>& faults) {
    FaultProxyOptions options = To(server_->port());
    faults(options);
    proxy_.emplace(options);
    ASSERT_THAT(proxy_->Start(), runnel::IsOk());
  }

  // "200 length=12 <the body>", with the length where it is known beforehand, or the code of an
  // error.
  static Awaitable<std::string> Exchange(runnel::IoThread* io, std::string url, std::string target,
                                         std::string body) {
    absl::StatusOr<std::unique_ptr<runnel::TcpHttpClient>> client =
        runnel::TcpHttpClient::Create(io->executor(), url);
    if (!client.ok()) co_return client.status().ToString();
    runnel::HttpRequest request;
    request.target = std::move(target);
    request.headers.Add("content-type", "application/json");
    request.headers.Add(kCallKey, "0");
    request.body = runnel::StringBody(std::move(body));
    absl::StatusOr<runnel::HttpResponse> response = co_await (*client)->Send(std::move(request));
    if (!response.ok()) co_return absl::StatusCodeToString(response.status().code());
    const bool known = response->body != nullptr && response->body->size().has_value();
    absl::StatusOr<std::string> text =
        co_await ReadAll(response->body.get(), 1'000'000, "the test's");
    if (!text.ok()) co_return absl::StatusCodeToString(text.status().code());
    co_return absl::StrCat(response->status, known ? " length=" : "",
                           known ? absl::StrCat(text->size()) : "", " ", *text);
  }
  std::string Down(const std::string& body = "{}") {
    runnel::IoThread io;
    return io.BlockOn(Exchange(&io, proxy_->url(), "/fault.v1.Counted/Down", body));
  }

  Traffic traffic_;
  Transcript served_;
  CountedService service_;
  std::optional<runnel::Server> server_;
  std::optional<FaultProxy> proxy_;
};

TEST_F(ProxyHttpTest, StreamsAreHeldBackUntilTheyAreComplete) {
  Through([](FaultProxyOptions& options) { options.delay = {{}, absl::Milliseconds(1)}; });
  EXPECT_THAT(Down(), AllOf(StartsWith("200 : ok"), HasSubstr("event: end")));
  Through([](FaultProxyOptions& options) { options.buffer = true; });
  EXPECT_THAT(Down(), AllOf(StartsWith("200 length="), HasSubstr("event: end")));
}

TEST_F(ProxyHttpTest, LargeRequestsGetAPage) {
  Through([](FaultProxyOptions& options) { options.limit_body = 10; });
  EXPECT_THAT(Down("{         }"), AllOf(StartsWith("413 "), HasSubstr("<html>")));
  EXPECT_THAT(Down("{        }"), StartsWith("200 "));
  EXPECT_EQ(proxy_->counts().refusals, 1);
}

TEST_F(ProxyHttpTest, ABadGatewayDoesNotAskTheServer) {
  Through([](FaultProxyOptions& options) { options.bad_gateway = 100; });
  EXPECT_THAT(Down(), AllOf(StartsWith("502 "), HasSubstr("<html>")));
  server_->Shutdown(absl::ZeroDuration());
  EXPECT_EQ(served_[0].started, 0);
}

TEST_F(ProxyHttpTest, ADroppedReplyWasProcessed) {
  Through([](FaultProxyOptions& options) { options.drop_replies = 100; });
  runnel::IoThread io;
  EXPECT_EQ(io.BlockOn(Exchange(&io, proxy_->url(), "/fault.v1.Counted/Unary", "{}")),
            "UNAVAILABLE");
  server_->Shutdown(absl::ZeroDuration());
  EXPECT_EQ(served_[0].started, 1);
}

TEST_F(ProxyHttpTest, ASilentConnectionSaysNothingUntilTheProxyEnds) {
  Through([](FaultProxyOptions& options) {
    options.silent_after = {absl::Milliseconds(1), absl::Milliseconds(1)};
    options.delay = {absl::Milliseconds(200), absl::Milliseconds(200)};
  });
  runnel::IoThread io;
  std::future<std::string> answer = std::async(std::launch::async, [&] {
    return io.BlockOn(Exchange(&io, proxy_->url(), "/fault.v1.Counted/Down", "{}"));
  });
  while (proxy_->counts().silences == 0) std::this_thread::yield();
  // Long enough for the answer of a connection that is not silent: this can only miss a mistake.
  answer.wait_for(std::chrono::milliseconds(600));
  proxy_.reset();
  EXPECT_EQ(answer.get(), "UNAVAILABLE");
}

TEST_F(ProxyHttpTest, ASilentConnectionIsCutWhenItsTimeIsOver) {
  Through([](FaultProxyOptions& options) {
    options.silent_after = {absl::Milliseconds(1), absl::Milliseconds(1)};
    options.silent_for = {absl::Milliseconds(1), absl::Milliseconds(1)};
    options.delay = {absl::Milliseconds(200), absl::Milliseconds(200)};
  });
  EXPECT_EQ(Down(), "UNAVAILABLE");
  EXPECT_GE(proxy_->counts().silences, 1);
  EXPECT_EQ(proxy_->counts().cuts, proxy_->counts().silences);
}

TEST(FaultProxyStartTest, NamesTheAddressThatCannotBe) {
  FaultProxyOptions options = To(1);
  options.listen = "nonsense";
  EXPECT_THAT(FaultProxy(options).Start(), StatusIs(absl::StatusCode::kInvalidArgument));
  FaultProxy first(To(1));
  ASSERT_THAT(first.Start(), runnel::IsOk());
  options.listen = absl::StrCat("127.0.0.1:", first.port());
  EXPECT_THAT(FaultProxy(options).Start(),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(options.listen)));
}

}  // namespace
}  // namespace fault
