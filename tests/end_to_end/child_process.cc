#include "tests/end_to_end/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

extern char** environ;

namespace end_to_end {
namespace {

// What posix_spawn takes. The strings outlive it.
std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  return pointers;
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> argv, int inherit) {
  std::vector<char*> arguments = Pointers(argv);
  arguments.push_back(nullptr);
  int out[2];
  if (pipe2(out, O_CLOEXEC) != 0) std::abort();
  // Out of the way of the descriptors that the child is given.
  const int inherited = inherit < 0 ? -1 : fcntl(inherit, F_DUPFD_CLOEXEC, 10);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  if (inherited >= 0) posix_spawn_file_actions_adddup2(&actions, inherited, 3);
  // asio's sockets are inherited: who closes one here is to be heard.
  posix_spawn_file_actions_addclosefrom_np(&actions, inherited >= 0 ? 4 : 3);
  if (posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ) != 0) {
    std::abort();
  }
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  if (inherited >= 0) close(inherited);
  output_ = fdopen(out[0], "r");
}

ChildProcess::~ChildProcess() {
  Kill();
  fclose(output_);
}

void ChildProcess::Kill() {
  Signal(SIGKILL);
  Wait();
}

bool ChildProcess::running() {
  if (pid_ != 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;
  return pid_ != 0;
}

void ChildProcess::Signal(int signal) {
  if (pid_ != 0) kill(pid_, signal);
}

int ChildProcess::Wait() {
  if (pid_ == 0) return -1;
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string ChildProcess::ReadLine() {
  std::string line;
  for (int c = getc(output_); c != EOF && c != '\n'; c = getc(output_)) {
    line += static_cast<char>(c);
  }
  return line;
}

}  // namespace end_to_end
