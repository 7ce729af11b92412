// Who calls: one function for direct calls and sessions, to whose answer sessions are bound.

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "runtime/core/status_details.h"
#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

// "Bearer NAME" is NAME's.
runnel::Awaitable<absl::StatusOr<std::string>> ByBearer(const runnel::Caller& caller) {
  const std::string_view header = caller.headers.Get("authorization").value_or("");
  if (header == "Bearer throw") throw std::runtime_error("no such luck");
  if (!header.starts_with("Bearer ")) co_return absl::UnauthenticatedError("who are you?");
  co_return std::string(header.substr(7));
}

class AuthenticationTest : public ::testing::TestWithParam<CallCase> {
 protected:
  WorldOptions Options() {
    WorldOptions options = OptionsFor(GetParam());
    options.server.authenticate = ByBearer;
    options.channel.credentials = [this]() -> absl::StatusOr<runnel::Metadata> {
      return runnel::Metadata{{"authorization", "Bearer " + std::string(names_[who_])}};
    };
    return options;
  }

  static Request OneReply() {
    Request request;
    request.mutable_script()->set_count(1);
    return request;
  }

  const std::vector<std::string> names_ = {"ada", "bob", "throw"};
  std::atomic<size_t> who_ = 0;
};

TEST_P(AuthenticationTest, HandlerKnowsWhoCalls) {
  World world(Options());
  const Outcome outcome = Call(world, GetParam().kind, OneReply());
  ASSERT_EQ(outcome.status, absl::OkStatus());
  ASSERT_EQ(outcome.replies.size(), 1u);
  EXPECT_EQ(outcome.replies[0].principal(), "ada");
}

TEST_P(AuthenticationTest, CallerWithoutCredentialsIsRefused) {
  WorldOptions options = Options();
  options.channel.credentials = nullptr;
  World world(std::move(options));
  const Outcome outcome = Call(world, GetParam().kind, OneReply());
  EXPECT_EQ(outcome.status, absl::UnauthenticatedError("who are you?"));
  EXPECT_EQ(world.journal().Count("started"), 0);
}

TEST_P(AuthenticationTest, CredentialsThatCannotBeHadEndTheCall) {
  WorldOptions options = Options();
  options.channel.credentials = []() -> absl::StatusOr<runnel::Metadata> {
    return absl::UnauthenticatedError("the token has expired");
  };
  World world(std::move(options));
  const Outcome outcome = Call(world, GetParam().kind, OneReply());
  EXPECT_EQ(outcome.status, absl::UnauthenticatedError("the token has expired"));
}

TEST_P(AuthenticationTest, AuthenticatorThatThrowsRefusesTheRequest) {
  who_ = 2;
  World world(Options());
  const Outcome outcome = Call(world, GetParam().kind, OneReply());
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnknown) << outcome.status;
  EXPECT_NE(outcome.status.message().find("no such luck"), std::string::npos);
}

TEST_P(AuthenticationTest, SessionIsNobodyElses) {
  if (GetParam().route != Route::kSession) GTEST_SKIP() << "there is no session";
  World world(Options());
  ASSERT_EQ(Call(world, GetParam().kind, OneReply()).status, absl::OkStatus());
  who_ = 1;
  const Outcome stolen = Call(world, GetParam().kind, OneReply());
  EXPECT_EQ(stolen.status.code(), absl::StatusCode::kUnavailable) << stolen.status;
  EXPECT_EQ(runnel::ReasonOf(stolen.status), "SESSION_LOST");
  EXPECT_NE(stolen.status.message().find("another principal"), std::string::npos);
  // The next call opens a session of its own.
  const Outcome own = Call(world, GetParam().kind, OneReply());
  ASSERT_EQ(own.status, absl::OkStatus());
  EXPECT_EQ(own.replies[0].principal(), "bob");
  EXPECT_EQ(world.journal().Count("started"), 2);
}

INSTANTIATE_TEST_SUITE_P(All, AuthenticationTest, ::testing::ValuesIn(AllCalls()),
                         [](const auto& info) { return NameOf(info.param); });

class AuthorizationTest : public ::testing::TestWithParam<CallCase> {
 protected:
  // Stands where a cache might, which answers without asking anybody.
  class Answering final : public runnel::ServerInterceptor {
   public:
    runnel::Awaitable<absl::Status> Intercept(runnel::ServerContext&, runnel::MessageReader&,
                                              runnel::MessageWriter& out,
                                              const runnel::MethodHandler&) override {
      const Reply reply;
      co_return co_await out.Write(reply, runnel::WriteOptions());
    }
  };
  static WorldOptions Options() {
    WorldOptions options = OptionsFor(GetParam());
    options.server.authenticate = ByBearer;
    options.channel.credentials = []() -> absl::StatusOr<runnel::Metadata> {
      return runnel::Metadata{{"authorization", "Bearer ada"}};
    };
    return options;
  }
};

TEST_P(AuthorizationTest, IsAskedWithMethodAndPrincipal) {
  WorldOptions options = Options();
  options.server.authorize = [](std::string_view method, std::string_view principal,
                                const runnel::Metadata&) {
    return method.starts_with("/end_to_end.v1.Scripted/") && principal == "ada"
               ? absl::OkStatus()
               : absl::PermissionDeniedError("no");
  };
  World world(std::move(options));
  EXPECT_EQ(Call(world, GetParam().kind, Request()).status, absl::OkStatus());
  EXPECT_EQ(world.journal().Count("started"), 1);
}

TEST_P(AuthorizationTest, WhoMayNotRunsNothingAndGetsNothing) {
  WorldOptions options = Options();
  options.server.interceptors = {std::make_shared<Answering>()};
  options.server.authorize = [](std::string_view, std::string_view, const runnel::Metadata&) {
    return absl::PermissionDeniedError("this is for administrators");
  };
  World world(std::move(options));
  const Outcome outcome = Call(world, GetParam().kind, Request());
  EXPECT_EQ(outcome.status, absl::PermissionDeniedError("this is for administrators"));
  EXPECT_TRUE(outcome.replies.empty());
  EXPECT_EQ(world.journal().Count("started"), 0);
}

TEST_P(AuthorizationTest, AnExceptionRefuses) {
  WorldOptions options = Options();
  options.server.authorize = [](std::string_view, std::string_view,
                                const runnel::Metadata&) -> absl::Status {
    throw std::runtime_error("no such luck");
  };
  World world(std::move(options));
  const Outcome outcome = Call(world, GetParam().kind, Request());
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnknown) << outcome.status;
  EXPECT_EQ(world.journal().Count("started"), 0);
}

INSTANTIATE_TEST_SUITE_P(All, AuthorizationTest, ::testing::ValuesIn(AllCalls()),
                         [](const auto& info) { return NameOf(info.param); });

TEST(SessionLimitTest, OnePrincipalHasOnlySoManySessions) {
  WorldOptions options;
  options.transport = Transport::kLoopback;
  options.server.authenticate = ByBearer;
  options.server.limits.max_sessions_per_principal = 2;
  World world(std::move(options));
  std::vector<std::shared_ptr<runnel::Channel>> channels;
  const auto call = [&](const std::string& name) {
    runnel::ChannelOptions by;
    by.route = Route::kSession;
    by.credentials = [name]() -> absl::StatusOr<runnel::Metadata> {
      return runnel::Metadata{{"authorization", "Bearer " + name}};
    };
    channels.push_back(runnel::Channel::Connect(world.io().executor(), world.server().url(), by));
    Scripted::Stub stub(channels.back());
    return PendingCall(world.io().executor(), stub, CallKind::kUnary, Request()).Await().status;
  };
  EXPECT_EQ(call("ada"), absl::OkStatus());
  EXPECT_EQ(call("ada"), absl::OkStatus());
  const absl::Status refused = call("ada");
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << refused;
  EXPECT_EQ(runnel::ReasonOf(refused), "TOO_MANY_SESSIONS");
  EXPECT_NE(refused.message().find("Limits::max_sessions_per_principal"), std::string::npos);
  EXPECT_EQ(call("bob"), absl::OkStatus());
}

}  // namespace
}  // namespace end_to_end
