// Unix sockets: what listens and connects at a path of the file system instead of an address.
//
// Their connections are tcp::sockets as all others: Asio's type only says how to make a socket and
// what its addresses look like, and of one that was made elsewhere nobody asks either.

#ifndef RUNNEL_RUNTIME_HTTP_UNIX_SOCKET_H_
#define RUNNEL_RUNTIME_HTTP_UNIX_SOCKET_H_

#include <sys/types.h>

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"

namespace runnel {

// A path at which somebody listens. Thread-safe.
class UnixListener {
 public:
  // Makes the socket file, as the process' umask allows: who may write to it may connect. One that
  // a process which is gone has left behind is replaced; where several come at once, by one of
  // them. ALREADY_EXISTS where a process listens, or where there is another file; INVALID_ARGUMENT
  // for a path that is too long or has no directory; PERMISSION_DENIED.
  static absl::StatusOr<std::unique_ptr<UnixListener>> Listen(std::string_view path);
  // Removes the file, unless it is another one by now.
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  const std::string& path() const { return path_; }
  // An acceptor on the loop of `executor`. Those of several loops share the connections.
  absl::StatusOr<asio::ip::tcp::acceptor> NewAcceptor(Executor executor) const;

 private:
  UnixListener(std::string path, int descriptor);

  const std::string path_;
  const int descriptor_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// Connects on the executor of the awaiting coroutine. UNAVAILABLE names the path and the reason.
Awaitable<absl::StatusOr<asio::ip::tcp::socket>> ConnectUnix(std::string path);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_UNIX_SOCKET_H_
