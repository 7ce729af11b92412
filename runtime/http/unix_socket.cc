#include "runtime/http/unix_socket.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/this_coro.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

using asio::ip::tcp;

absl::Status Error(const std::string& path, int error) {
  const std::string message =
      absl::StrCat("cannot listen on unix:", path, ": ", std::strerror(error));
  if (error == EADDRINUSE) return absl::AlreadyExistsError(message);
  if (error == EACCES || error == EPERM || error == EROFS) {
    return absl::PermissionDeniedError(message);
  }
  if (error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG) {
    return absl::InvalidArgumentError(message);
  }
  return absl::UnavailableError(message);
}

absl::StatusOr<sockaddr_un> AddressOf(std::string_view path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.find('\0') != path.npos) {
    return absl::InvalidArgumentError(
        "a Unix socket's address has a path: \"unix:/run/shop.sock\"");
  }
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the path of a Unix socket has at most ", sizeof(address.sun_path) - 1,
                     " bytes, and this one ", path.size(), ": ", AbslView(path)));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int NewSocket() { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

int Connect(int socket, const sockaddr_un& address) {
  return ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0
             ? 0
             : errno;
}

// Keeps other servers that begin to listen in the directory of `path` waiting: what one has found
// to be left behind may be another's new socket by the time it is removed. It goes with the
// process, and leaves no file. Whoever else keeps the directory locked is waited for a second, and
// a directory that may not be read cannot be locked: then it is as if nobody began at the same
// time.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::string& path) {
    const size_t slash = path.rfind('/');
    const std::string directory = slash == path.npos ? "." : path.substr(0, slash + 1);
    descriptor_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    constexpr int kTries = 200;
    for (int i = 0; i < kTries && ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0; ++i) {
      if (errno != EWOULDBLOCK && errno != EINTR) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  ~DirectoryLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int descriptor_ = -1;
};

// Removes a socket file at which nobody listens any more.
absl::Status RemoveStale(const std::string& path, const sockaddr_un& address) {
  struct stat status;
  if (::lstat(path.c_str(), &status) != 0) return absl::OkStatus();
  if (!S_ISSOCK(status.st_mode)) {
    return absl::AlreadyExistsError(
        absl::StrCat("cannot listen on unix:", path, ": there is a file that is no socket"));
  }
  const int probe = NewSocket();
  if (probe < 0) return Error(path, errno);
  const int error = Connect(probe, address);
  ::close(probe);
  if (error == ECONNREFUSED) {
    ::unlink(path.c_str());
    return absl::OkStatus();
  }
  if (error == EACCES) return Error(path, error);
  return absl::AlreadyExistsError(
      absl::StrCat("cannot listen on unix:", path, ": another process does"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<UnixListener>> UnixListener::Listen(std::string_view text) {
  const std::string path(text);
  RUNNEL_ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  // Until it listens: before that it looks like one that was left behind.
  const DirectoryLock lock(path);
  RUNNEL_RETURN_IF_ERROR(RemoveStale(path, address));
  const int socket = NewSocket();
  if (socket < 0) return Error(path, errno);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const int error = errno;
    ::close(socket);
    return Error(path, error);
  }
  auto listener = std::unique_ptr<UnixListener>(new UnixListener(path, socket));
  if (::listen(socket, SOMAXCONN) != 0) return Error(path, errno);
  return listener;
}

UnixListener::UnixListener(std::string path, int descriptor)
    : path_(std::move(path)), descriptor_(descriptor) {
  struct stat status;
  if (::lstat(path_.c_str(), &status) != 0) return;
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

UnixListener::~UnixListener() {
  struct stat status;
  if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
  ::close(descriptor_);
}

absl::StatusOr<tcp::acceptor> UnixListener::NewAcceptor(Executor executor) const {
  const int descriptor = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) return Error(path_, errno);
  tcp::acceptor acceptor(std::move(executor));
  boost::system::error_code error;
  acceptor.assign(tcp::v4(), descriptor, error);
  if (error) {
    ::close(descriptor);
    return Error(path_, error.value());
  }
  return acceptor;
}

Awaitable<absl::StatusOr<tcp::socket>> ConnectUnix(std::string path) {
  const Executor executor = co_await asio::this_coro::executor;
  const absl::StatusOr<sockaddr_un> address = AddressOf(path);
  if (!address.ok()) co_return address.status();
  const int descriptor = NewSocket();
  // The kernel answers at once: EAGAIN is a server whose queue is full.
  int error = descriptor < 0 ? errno : Connect(descriptor, *address);
  tcp::socket socket(executor);
  if (error == 0) {
    boost::system::error_code assigned;
    socket.assign(tcp::v4(), descriptor, assigned);
    error = assigned.value();
  }
  if (error == 0) co_return socket;
  if (descriptor >= 0) ::close(descriptor);
  co_return absl::UnavailableError(
      absl::StrCat("cannot connect to unix:", path, ": ", std::strerror(error)));
}

}  // namespace runnel
