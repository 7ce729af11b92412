// Several servers, servers that are not there, and calls that are made again.

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <future>
#include <thread>

#include "runtime/core/status_details.h"
#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

// A URL at which nobody listens.
std::string UrlOfNobody() {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor acceptor(
      context, {boost::asio::ip::address_v4::loopback(), boost::asio::ip::port_type{0}});
  return "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
}

WorldOptions Loopback() {
  WorldOptions options;
  options.transport = Transport::kLoopback;
  return options;
}

std::vector<CallCase> Cases() {
  std::vector<CallCase> cases;
  for (const CallCase& call : AllCallsOver(Transport::kLoopback)) {
    if (call.codec == Codec::kProto) cases.push_back(call);
  }
  return cases;
}

class FailoverTest : public ::testing::TestWithParam<CallCase> {
 protected:
  // A call by a channel to `urls`.
  Outcome CallBy(std::vector<std::string> urls, Request request,
                 runnel::CallOptions call = runnel::CallOptions()) {
    return CallOn(Connect(std::move(urls)), std::move(request), std::move(call));
  }

  std::shared_ptr<runnel::Channel> Connect(std::vector<std::string> urls) {
    return runnel::Channel::Connect(io_.executor(), urls, OptionsFor(GetParam()).channel);
  }

  Outcome CallOn(std::shared_ptr<runnel::Channel> channel, Request request,
                 runnel::CallOptions call = runnel::CallOptions()) {
    Scripted::Stub stub(std::move(channel));
    return PendingCall(io_.executor(), stub, GetParam().kind, std::move(request), std::move(call))
        .Await();
  }

  static Request OneReply() {
    Request request;
    request.mutable_script()->set_count(1);
    return request;
  }

  runnel::IoThread io_;
};

TEST_P(FailoverTest, ServerThatIsNotThereIsPassedOver) {
  World world(Loopback());
  const Outcome outcome = CallBy({UrlOfNobody(), world.server().url()}, OneReply());
  EXPECT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.replies.size(), 1u);
  EXPECT_EQ(world.journal().Count("started"), 1);
}

TEST_P(FailoverTest, WithoutAnyServerTheCallFailsAtOnce) {
  const Outcome outcome = CallBy({UrlOfNobody(), UrlOfNobody()}, OneReply());
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnavailable) << outcome.status;
  EXPECT_NE(outcome.status.message().find("cannot connect to 127.0.0.1:"), std::string::npos);
  EXPECT_EQ(outcome.status.ToString().find("not-sent"), std::string::npos) << "for programs only";
}

TEST_P(FailoverTest, CallThatWaitsForAServerGetsOne) {
  const std::string url = UrlOfNobody();
  runnel::CallOptions wait;
  wait.wait_for_ready = true;
  std::future<Outcome> outcome =
      std::async(std::launch::async, [&] { return CallBy({url}, OneReply(), wait); });
  ScriptedService service;
  runnel::ServerOptions options;
  options.listen = url.substr(std::string("http://").size());
  runnel::Server server(options);
  ASSERT_EQ(server.AddService(service), absl::OkStatus());
  ASSERT_EQ(server.Start(), absl::OkStatus());
  EXPECT_EQ(outcome.get().status, absl::OkStatus());
}

TEST_P(FailoverTest, CallThatWaitsForNobodyEndsAtItsDeadline) {
  runnel::CallOptions wait;
  wait.wait_for_ready = true;
  wait.timeout = absl::Milliseconds(200);
  const Outcome outcome = CallBy({UrlOfNobody()}, OneReply(), wait);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kDeadlineExceeded) << outcome.status;
}

TEST_P(FailoverTest, DrainingServerEndsWhatRunsAndNewCallsGoToTheNext) {
  World first(Loopback());
  World second(Loopback());
  std::shared_ptr<runnel::Channel> channel = Connect({first.server().url(), second.server().url()});
  Scripted::Stub stub(channel);
  Request waiting = OneReply();
  waiting.mutable_script()->set_wait_for_release(true);
  PendingCall running(io_.executor(), stub, GetParam().kind, waiting);
  ASSERT_TRUE(first.journal().Await("waiting"));
  std::thread shutdown([&] { first.server().Shutdown(absl::Seconds(30)); });
  // Calls go to the first until it has said that it wants no more. None fails.
  for (int i = 0; i < 1000 && second.journal().Count("started") == 0; ++i) {
    ASSERT_EQ(CallOn(channel, OneReply()).status, absl::OkStatus());
  }
  EXPECT_GE(second.journal().Count("started"), 1);
  first.journal().Add("release");
  EXPECT_EQ(running.Await().status, absl::OkStatus());
  shutdown.join();
}

INSTANTIATE_TEST_SUITE_P(All, FailoverTest, ::testing::ValuesIn(Cases()),
                         [](const auto& info) { return NameOf(info.param); });

// In process, where the answer to the first request of a method is lost after it has run.
class RetryTest : public ::testing::TestWithParam<Route> {
 protected:
  static WorldOptions LosingAnswers(int times) {
    WorldOptions options;
    options.channel.route = Route::kDirect;
    auto left = std::make_shared<std::atomic<int>>(times);
    options.cut = [left](const std::string&) {
      runnel::InProcessCut cut;
      if ((*left)-- > 0) cut.response_bytes = 0;
      return cut;
    };
    return options;
  }
};

TEST_F(RetryTest, MethodWithoutSideEffectsIsCalledAgain) {
  World world(LosingAnswers(2));
  EXPECT_EQ(world.BlockOn(world.stub().Peek(Request())).status(), absl::OkStatus());
  EXPECT_EQ(world.journal().Count("started"), 3);
}

TEST_F(RetryTest, MethodThatMayHaveRunIsNotCalledAgain) {
  World world(LosingAnswers(1));
  const absl::Status status = world.BlockOn(world.stub().Unary(Request())).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(world.journal().Count("started"), 1);
}

TEST_F(RetryTest, AttemptsAreAsManyAsThePolicySays) {
  WorldOptions options = LosingAnswers(10);
  options.channel.retry.max_attempts = 2;
  World world(std::move(options));
  const absl::Status status = world.BlockOn(world.stub().Peek(Request())).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(world.journal().Count("started"), 2);
}

TEST_F(RetryTest, OtherCodesAreNotRetried) {
  WorldOptions options;
  options.channel.route = Route::kDirect;
  World world(std::move(options));
  Request request;
  request.mutable_script()->mutable_fail()->set_code(static_cast<int>(absl::StatusCode::kAborted));
  EXPECT_EQ(world.BlockOn(world.stub().Peek(request)).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(world.journal().Count("started"), 1);
}

// What a program sees of a session.
TEST(StateTest, ChannelTellsWhatItsSessionDoes) {
  std::mutex mutex;
  std::vector<std::string> states;
  WorldOptions options;
  options.channel.route = Route::kSession;
  options.channel.on_status = [&](const runnel::ChannelStatus& status) {
    std::lock_guard lock(mutex);
    states.emplace_back(runnel::ChannelStateName(status.state));
  };
  World world(std::move(options));
  EXPECT_EQ(world.channel()->status().state, runnel::ChannelState::kIdle);
  Request request;
  request.mutable_script()->set_count(1);
  EXPECT_EQ(Call(world, CallKind::kUnary, request).status, absl::OkStatus());
  EXPECT_EQ(world.channel()->status().state, runnel::ChannelState::kConnected);
  world.CutConnections();
  request.mutable_script()->set_count(2);
  EXPECT_EQ(Call(world, CallKind::kServerStream, request).status, absl::OkStatus());
  EXPECT_EQ(world.channel()->status().state, runnel::ChannelState::kConnected);
  std::lock_guard lock(mutex);
  EXPECT_EQ(states, (std::vector<std::string>{"connecting", "connected", "resuming", "connected"}));
}

}  // namespace
}  // namespace end_to_end
