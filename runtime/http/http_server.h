// HttpServer accepts HTTP/1 connections on one event loop and has a handler answer them.

#ifndef RUNNEL_RUNTIME_HTTP_HTTP_SERVER_H_
#define RUNNEL_RUNTIME_HTTP_HTTP_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/core/limits.h"
#include "runtime/http/http_message.h"
#include "runtime/http/live_connection.h"

namespace runnel {

class ConnectionBudget;
class TlsContext;
class UnixListener;

// How several servers, each on its own loop, listen on one port.
enum class PortSharing {
  kNone,
  kFirst,  // opens a port that is free, for others to join
  kJoin,   // listens on the port of a kFirst; the kernel spreads the connections
};

struct HttpServerOptions {
  Limits limits;
  Clock* clock = nullptr;  // Clock::Real() where not set
  PortSharing sharing = PortSharing::kNone;
  std::shared_ptr<TlsContext> tls;  // connections are plain where not set
  // Shared by servers whose connections count together; one of its own where not set.
  std::shared_ptr<ConnectionBudget> budget;
};

// Use it on `loop`'s thread, or while that does not run. The handler outlives the loop's last
// run.
class HttpServer {
 public:
  HttpServer(Executor loop, HttpHandler& handler, HttpServerOptions options = {});
  // Ends as Shutdown does. What it owned ends later, on the loop: await Join() to be sure.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Begins to serve on "host:port" and returns the port (0 takes a free one). The message
  // names the address. ALREADY_EXISTS: the port is in use; INVALID_ARGUMENT: no such address
  // here; PERMISSION_DENIED.
  absl::StatusOr<int> Listen(std::string_view address);

  // The same on a Unix socket, which is open already.
  absl::Status Listen(const UnixListener& listener);

  // Accepts no more and closes the connections that are idle; the others close after the
  // response they are at.
  void Stop();
  // Stops, and cuts every connection.
  void Shutdown();
  // Returns when no connection is left, and with it no handler at work.
  Awaitable<void> Join();

  size_t connection_count() const;
  // The first `most` connections after number `after`, which is set to that of the last of them, or
  // to 0 when there are no more.
  std::vector<LiveConnection> Describe(uint64_t& after, size_t most) const;

 private:
  struct State;
  static Awaitable<void> Accept(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_HTTP_SERVER_H_
