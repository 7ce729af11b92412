// Calls over TLS, and who a client certificate makes the caller.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "runtime/testing/test_authority.h"
#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

using ::testing::HasSubstr;

class TlsTest : public ::testing::TestWithParam<CallCase> {
 protected:
  static WorldOptions Options(runnel::TestAuthority& authority) {
    WorldOptions options = OptionsFor(GetParam());
    options.transport = Transport::kLoopback;
    const auto server = authority.Issue("server", "IP:127.0.0.1");
    options.server.tls.emplace();
    options.server.tls->certificate_file = server.certificate;
    options.server.tls->key_file = server.key;
    options.server.tls->client_ca_file = authority.ca_file();
    options.channel.tls.ca_file = authority.ca_file();
    const auto client = authority.Issue("ada", "");
    options.channel.tls.certificate_file = client.certificate;
    options.channel.tls.key_file = client.key;
    return options;
  }

  static Request OneReply() {
    Request request;
    request.mutable_script()->set_count(1);
    return request;
  }

  runnel::TestAuthority authority_;
};

TEST_P(TlsTest, TheCertificateSaysWhoCalls) {
  World world(Options(authority_));
  EXPECT_TRUE(world.server().url().starts_with("https://127.0.0.1:"));
  const Outcome outcome = Call(world, GetParam().kind, OneReply());
  ASSERT_EQ(outcome.status, absl::OkStatus());
  ASSERT_EQ(outcome.replies.size(), 1u);
  EXPECT_EQ(outcome.replies[0].principal(), "ada");
}

TEST_P(TlsTest, TheAuthenticatorSeesTheCertificate) {
  WorldOptions options = Options(authority_);
  options.server.authenticate =
      [](const runnel::Caller& caller) -> runnel::Awaitable<absl::StatusOr<std::string>> {
    if (caller.certificate == nullptr) co_return absl::UnauthenticatedError("no certificate");
    co_return "the one with " + caller.certificate->subject;
  };
  World world(std::move(options));
  const Outcome outcome = Call(world, GetParam().kind, OneReply());
  ASSERT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.replies[0].principal(), "the one with CN=ada");
}

TEST_P(TlsTest, WithoutACertificateNothingRuns) {
  WorldOptions options = Options(authority_);
  options.channel.tls.certificate_file = options.channel.tls.key_file = "";
  World world(std::move(options));
  const Outcome outcome = Call(world, GetParam().kind, OneReply());
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("certificate required"));
  EXPECT_EQ(world.journal().Count("started"), 0);
}

TEST_P(TlsTest, AServerThatNobodyVouchesForGetsNoCall) {
  runnel::TestAuthority stranger("A Stranger");
  WorldOptions options = Options(authority_);
  options.channel.tls.ca_file = stranger.ca_file();
  World world(std::move(options));
  const Outcome outcome = Call(world, GetParam().kind, OneReply());
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("certificate was not accepted"));
  EXPECT_EQ(world.journal().Count("started"), 0);
}

INSTANTIATE_TEST_SUITE_P(All, TlsTest, ::testing::ValuesIn(AllCallsOver(Transport::kLoopback)),
                         [](const auto& info) { return NameOf(info.param); });

TEST(TlsReloadTest, NoCallIsLostWhileCertificatesAreReplaced) {
  using std::filesystem::copy_options;
  runnel::TestAuthority authority;
  const runnel::TestAuthority::Files used = {authority.folder() + "/used.pem",
                                             authority.folder() + "/used.key"};
  const auto put = [&] {
    const auto issued = authority.Issue("server", "IP:127.0.0.1");
    // As tools do that renew certificates: each file at once, one after the other.
    std::filesystem::rename(issued.certificate, used.certificate);
    std::filesystem::rename(issued.key, used.key);
  };
  put();
  std::atomic<int> reloads = 0;
  WorldOptions options;
  options.transport = Transport::kLoopback;
  options.server.tls.emplace();
  options.server.tls->certificate_file = used.certificate;
  options.server.tls->key_file = used.key;
  options.server.tls->on_reload = [&](const absl::Status& status) { reloads += status.ok(); };
  options.channel.tls.ca_file = authority.ca_file();
  World world(options);

  // A stream that is open all the time, and new connections all the time.
  const Outcome before = Call(world, CallKind::kUnary, Request());
  ASSERT_EQ(before.status, absl::OkStatus());
  auto stream = world.stub().Both();
  Request request;
  request.mutable_script()->set_count(1);
  ASSERT_TRUE(world.BlockOn(stream.Write(request)).ok());
  int calls = 0;
  const absl::Time give_up = absl::Now() + absl::Seconds(60);
  while (reloads < 3 && absl::Now() < give_up) {
    put();
    for (int i = 0; i < 50; ++i, ++calls) {
      runnel::ChannelOptions fresh = options.channel;
      fresh.route = Route::kDirect;
      Scripted::Stub stub(
          runnel::Channel::Connect(world.io().executor(), world.server().url(), fresh));
      const Outcome outcome =
          PendingCall(world.io().executor(), stub, CallKind::kUnary, Request()).Await();
      ASSERT_EQ(outcome.status, absl::OkStatus()) << "after " << calls << " calls";
    }
  }
  EXPECT_GE(reloads, 3);
  ASSERT_TRUE(world.BlockOn(stream.WritesDone()).ok());
  absl::StatusOr<std::optional<Reply>> reply = world.BlockOn(stream.Read());
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(reply->has_value());
}

TEST(PlaintextTest, BeyondLoopbackItIsAChoice) {
  runnel::ServerOptions options;
  options.listen = "0.0.0.0:0";
  runnel::Server careless(options);
  const absl::Status refused = careless.Start();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()),
              ::testing::AllOf(HasSubstr("0.0.0.0:0"), HasSubstr("ServerOptions::tls"),
                               HasSubstr("ServerOptions::allow_plaintext")));
  options.allow_plaintext = true;
  runnel::Server deliberate(options);
  EXPECT_EQ(deliberate.Start(), absl::OkStatus());
}

TEST(TlsOptionsTest, BadFilesAreSaidAtTheStart) {
  runnel::ServerOptions server;
  server.listen = "127.0.0.1:0";
  server.tls.emplace();
  server.tls->certificate_file = "/nowhere.pem";
  const absl::Status started = runnel::Server(server).Start();
  EXPECT_EQ(started.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(started.message()), HasSubstr("/nowhere.pem"));

  runnel::IoThread io;
  runnel::ChannelOptions channel;
  channel.tls.ca_file = "/nowhere.pem";
  Scripted::Stub stub(runnel::Channel::Connect(io.executor(), "https://127.0.0.1:1", channel));
  const Outcome outcome = PendingCall(io.executor(), stub, CallKind::kUnary, Request()).Await();
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("TlsClientOptions::ca_file"));
}

}  // namespace
}  // namespace end_to_end
