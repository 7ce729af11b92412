// A process at one end of a call is killed; the other end learns of it.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "runtime/core/status_details.h"
#include "tests/end_to_end/calls.h"

extern char** environ;

namespace end_to_end {
namespace {

// A child that is killed, at the latest with this object.
class Peer {
 public:
  explicit Peer(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "tests/end_to_end/peer");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    int out[2];
    if (pipe2(out, O_CLOEXEC) != 0) std::abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    if (posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) std::abort();
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    output_ = fdopen(out[0], "r");
  }

  ~Peer() {
    Kill();
    fclose(output_);
  }

  void Kill() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  std::string ReadLine() {
    std::string line;
    for (int c = getc(output_); c != EOF && c != '\n'; c = getc(output_)) {
      line += static_cast<char>(c);
    }
    return line;
  }

 private:
  pid_t pid_ = 0;
  FILE* output_ = nullptr;
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
