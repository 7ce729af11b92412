#include "runtime/testing/redis_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace runnel {
namespace {

// One that was free a moment ago.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
  // Not the test's own folder: the path of a socket has to be short.
  char folder[] = "/tmp/runnel-redis-XXXXXX";
  if (mkdtemp(folder) != nullptr) folder_ = folder;
}

RedisServer::~RedisServer() {
  Kill();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

std::string RedisServer::url() const { return absl::StrCat("unix://", folder_, "/redis.sock"); }
std::string RedisServer::tcp_address() const { return absl::StrCat("127.0.0.1:", port_); }

absl::Status RedisServer::Start() {
  if (folder_.empty()) return absl::InternalError("no folder in /tmp");
  for (int attempt = 0; attempt < 5; ++attempt) {
    const bool keeps_port = port_ != 0;
    if (!keeps_port) port_ = FreePort();
    const absl::Status started = StartOnce();
    if (started.ok()) return started;
    if (!keeps_port) port_ = 0;  // somebody else may have taken it meanwhile
  }
  return absl::UnavailableError(
      absl::StrCat("redis-server does not start (tools/setup installs it); see ", folder_, "/log"));
}

absl::Status RedisServer::StartOnce() {
  std::vector<std::string> words = {"redis-server",
                                    "--port",
                                    std::to_string(port_),
                                    "--bind",
                                    "127.0.0.1",
                                    "--unixsocket",
                                    absl::StrCat(folder_, "/redis.sock"),
                                    "--dir",
                                    folder_,
                                    "--logfile",
                                    absl::StrCat(folder_, "/log"),
                                    "--save",
                                    "",
                                    "--protected-mode",
                                    "no"};
  words.insert(words.end(), arguments_.begin(), arguments_.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  unlink(absl::StrCat(folder_, "/redis.sock").c_str());
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) return absl::InternalError(absl::StrCat("fork: ", strerror(errno)));
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    close_range(3, ~0U, 0);  // asio's sockets are inherited: who closes one here is to be heard
    execvp(argv[0], argv.data());
    _exit(127);
  }
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (absl::Now() < deadline) {
    if (Answers()) return absl::OkStatus();
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return absl::UnavailableError("redis-server ended at once");
    }
    absl::SleepFor(absl::Milliseconds(2));
  }
  Kill();
  return absl::UnavailableError("redis-server does not answer");
}

// Also when it wants a password, but not while it loads its data.
bool RedisServer::Answers() const {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  absl::StrCat(folder_, "/redis.sock").copy(address.sun_path, sizeof(address.sun_path) - 1);
  char reply[64] = {};
  const bool answers = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
                       write(fd, "PING\r\n", 6) == 6 && read(fd, reply, sizeof(reply) - 1) > 0 &&
                       strncmp(reply, "-LOADING", 8) != 0;
  close(fd);
  return answers;
}

void RedisServer::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void RedisServer::Stop() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void RedisServer::Freeze() {
  if (pid_ > 0) kill(pid_, SIGSTOP);
}
void RedisServer::Thaw() {
  if (pid_ > 0) kill(pid_, SIGCONT);
}

}  // namespace runnel
