// Server listens on a port and runs services.

#ifndef RUNNEL_RUNTIME_SERVER_SERVER_H_
#define RUNNEL_RUNTIME_SERVER_SERVER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/cluster/cluster_options.h"
#include "runtime/core/limits.h"
#include "runtime/http/tls_options.h"
#include "runtime/server/attachment.h"
#include "runtime/server/authenticator.h"
#include "runtime/server/authorizer.h"
#include "runtime/server/live_view.h"
#include "runtime/server/mounted_handler.h"
#include "runtime/server/origin_rules.h"
#include "runtime/server/server_interceptor.h"
#include "runtime/server/server_observer.h"
#include "runtime/server/server_stats.h"
#include "runtime/server/service.h"

namespace runnel {

struct ServerOptions {
  // "host:port"; port 0 takes a free one (Server::port tells). Loopback unless you say otherwise.
  // Or "unix:/run/shop.sock", which takes no `tls`: whoever may write to that file may connect, so
  // umask (what it allows) and the directory's permissions say who. A file that a process which is
  // gone has left there is replaced.
  std::string listen = "127.0.0.1:8080";
  // Where set, the server speaks TLS, and nothing else.
  std::optional<TlsServerOptions> tls;
  // Lets a server without TLS listen beyond the loopback addresses: behind a proxy that has TLS, or
  // in a network where everybody may read everything.
  bool allow_plaintext = false;
  // Event loops, each a thread; 0 is one per core. A service is called from all of them:
  // with more than one it guards its own state (std::mutex).
  int threads = 0;
  // Threads for ServerContext::RunBlocking.
  int blocking_threads = 4;
  Limits limits;
  SessionTimes times;
  // The addresses ("10.0.0.7"), or networks ("10.0.0.0/8"), of proxies that append to
  // X-Forwarded-For ("unix:" where they come by a Unix socket): what they say of whom they forward
  // for becomes ServerContext::peer, and counts for the limits on addresses.
  std::vector<std::string> trusted_proxies;
  // Says who calls (ServerContext::principal), for direct calls and sessions alike. Where not set,
  // everybody is welcome, and nobody has a name but that of a client certificate.
  Authenticator authenticate;
  // Says who may call which method. Where not set, everybody may who got so far.
  Authorizer authorize;
  // Which web pages may call, and under which names the server answers.
  OriginPolicy origins;
  // Where set, the server is one of several behind a load balancer that may send any request to any
  // of them: requests for a session reach the node that has it.
  std::optional<ClusterOptions> cluster;
  // Applied in order: the first sees a call first.
  std::vector<std::shared_ptr<ServerInterceptor>> interceptors;
  // How long Shutdown goes on as before when services have been told (HealthService then says that
  // the server is not ready): the time that load balancers take to notice.
  absl::Duration drain_delay = absl::ZeroDuration();
  // They hear of calls that end, and of sessions, in order: logs, such as
  // runnel/server_log.h.
  std::vector<std::shared_ptr<ServerObserver>> observers;
};

// Use from one thread, but for Shutdown, which may come from any.
class Server {
 public:
  explicit Server(ServerOptions options = {});
  // Ends as Shutdown(ZeroDuration()) does.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Before Start. The service outlives the server. ALREADY_EXISTS when another service has one of
  // its methods.
  absl::Status AddService(Service& service);
  // Before Start. The handler, such as an SseHandler, outlives the server, and answers all requests
  // for `path` ("/chat"), which is compared as it is; one that ends with a slash ("/console/") has
  // everything below it too. ALREADY_EXISTS when the path is taken.
  absl::Status AddHandler(std::string path, MountedHandler& handler);

  // Binds and begins to serve. Says what is in the way when it cannot: ALREADY_EXISTS for a port in
  // use, INVALID_ARGUMENT for a bad `listen`, `origins`, `trusted_proxies` or file of `tls`,
  // PERMISSION_DENIED, FAILED_PRECONDITION for an address beyond loopback with neither `tls` nor
  // `allow_plaintext`. The same goes for the address in `cluster`.
  absl::Status Start();

  // Whether only programs on this machine can reach it: it listens on a loopback address.
  bool is_local() const;

  // After Start.
  int port() const;         // 0 on a Unix socket
  std::string url() const;  // "http://127.0.0.1:8080", or https; "unix:/run/shop.sock"
  // The name that this life of the server has in its cluster; empty where it is in none.
  std::string node() const;

  // Figures since Start, of all loops together. From any thread after Start, and cheap: nothing is
  // stopped, and nobody waits.
  ServerStats Stats() const;
  // What lives on the server. From coroutines, its handlers above all, while it runs.
  const LiveView& live() const;

  // Tells the services, and waits for ServerOptions::drain_delay. Then refuses new calls, which
  // clients make elsewhere (go_away), lets those that run finish for up to `grace`, then ends them
  // (UNAVAILABLE), waits for their handlers, and stops listening and the threads. Up to 3 s more
  // may pass for the last bytes to reach the clients. Without grace there is no delay either, and a
  // delay that another thread is at ends.
  void Shutdown(absl::Duration grace = absl::Seconds(10));
  // Returns when the server has been shut down.
  void Wait();

 private:
  friend void ServeUntilSignalled(Server& server, absl::Duration grace,
                                  const std::function<void()>& ready);
  struct State;
  std::unique_ptr<State> state_;
};

// Blocks until SIGINT or SIGTERM, then shuts the server down. A second signal ends the program at
// once. What a main() ends with. Tells systemd, where that has started the program as a service of
// Type=notify: that it is ready, that it stops and, with WatchdogSec, that all of its loops turn.
// Calls `ready` as soon as signals are caught: a program that says there where it serves is shut
// down well by whoever has read it, however soon.
void ServeUntilSignalled(Server& server, absl::Duration grace = absl::Seconds(10),
                         const std::function<void()>& ready = nullptr);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SERVER_H_
