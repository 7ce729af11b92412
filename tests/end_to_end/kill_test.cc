// A process at one end of a call is killed; the other end learns of it.

#include <gtest/gtest.h>

#include <utility>

#include "runtime/core/status_details.h"
#include "tests/end_to_end/calls.h"
#include "tests/end_to_end/child_process.h"

namespace end_to_end {
namespace {

struct Peer : ChildProcess {
  explicit Peer(std::vector<std::string> arguments) : ChildProcess(Command(std::move(arguments))) {}

  static std::vector<std::string> Command(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "tests/end_to_end/peer");
    return arguments;
  }
};

Request WaitForCancel() {
  Request request;
  request.mutable_script()->set_count(2);
  request.mutable_script()->set_wait_for_cancel(true);
  return request;
}

class KillTest : public ::testing::TestWithParam<CallCase> {};

TEST_P(KillTest, TheClientOfAKilledServerHearsUnavailable) {
  Peer server({"server", "300"});
  runnel::IoThread io;
  Scripted::Stub stub(
      runnel::Channel::Connect(io.executor(), server.ReadLine(), OptionsFor(GetParam()).channel));
  PendingCall call(io.executor(), stub, GetParam().kind, WaitForCancel());
  ASSERT_EQ(server.ReadLine(), "waiting");
  server.Kill();
  const Outcome outcome = call.Await();
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnavailable) << outcome.status;
  EXPECT_EQ(runnel::ReasonOf(outcome.status),
            GetParam().route == Route::kSession ? "SESSION_LOST" : "");
}

TEST_P(KillTest, TheServerOfAKilledClientCancelsItsCall) {
  WorldOptions options = OptionsFor(GetParam());
  options.server.times.resume_window = absl::Milliseconds(300);
  World world(std::move(options));
  const bool direct = GetParam().route == Route::kDirect;
  Peer client({"client", world.server().url(), direct ? "direct" : "session",
               std::to_string(static_cast<int>(GetParam().kind))});
  ASSERT_TRUE(world.journal().Await("waiting"));
  client.Kill();
  if (direct) {
    EXPECT_TRUE(world.journal().Await("cancelled CANCELLED"));
  } else {
    EXPECT_TRUE(world.journal().Await("cancelled for SESSION_LOST"));
  }
}

INSTANTIATE_TEST_SUITE_P(All, KillTest, ::testing::ValuesIn(AllCallsOver(Transport::kLoopback)),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace end_to_end
