#include "runtime/server/server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/cluster/node_name.h"
#include "runtime/core/status_macros.h"
#include "runtime/http/connection_budget.h"
#include "runtime/http/http_client.h"
#include "runtime/http/http_server.h"
#include "runtime/http/http_url.h"
#include "runtime/http/tls_context.h"
#include "runtime/http/unix_socket.h"
#include "runtime/server/endpoint.h"
#include "runtime/server/loop_telemetry.h"
#include "runtime/server/method_registry.h"
#include "runtime/server/node_endpoint.h"
#include "runtime/server/service_manager.h"
#include "runtime/server/session_table.h"
#include "runtime/server/trusted_proxies.h"

namespace runnel {
namespace {

// How long connections may take to carry the last bytes of calls that were cancelled.
constexpr absl::Duration kFlushTime = absl::Seconds(1);
// How long sessions may take to say that they have everything.
constexpr absl::Duration kAcknowledgeTime = absl::Seconds(2);
// And handlers, to notice that they are cancelled, when it is told how long a shutdown may take.
constexpr absl::Duration kHandlerTime = absl::Seconds(3);
constexpr size_t kLeastSecretBytes = 32;

// One event loop with everything that lives on it.
struct Loop {
  Loop(EndpointOptions options, const ServerOptions& server, std::shared_ptr<TlsContext> tls,
       std::shared_ptr<ConnectionBudget> budget, PortSharing sharing)
      : telemetry(
            std::make_shared<LoopTelemetry>(options.methods->methods().size(), server.observers)),
        endpoint(OnThisLoop(std::move(options))),
        http(context.get_executor(), endpoint,
             HttpServerOptions{.limits = server.limits,
                               .clock = &Clock::Real(),
                               .sharing = sharing,
                               .tls = std::move(tls),
                               .budget = std::move(budget)}) {}

  EndpointOptions OnThisLoop(EndpointOptions options) {
    options.executor = context.get_executor();
    options.telemetry = telemetry;
    return options;
  }

  const std::shared_ptr<LoopTelemetry> telemetry;
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
  Endpoint endpoint;
  std::optional<NodeEndpoint> node_endpoint;  // for the other nodes of a cluster
  HttpServer http;
  std::optional<HttpServer> node_http;
  std::thread thread;
};

std::vector<std::shared_ptr<ServerSession>> SessionsOf(Loop& loop, SessionTable& sessions) {
  std::vector<std::shared_ptr<ServerSession>> own = sessions.All();
  const Executor here = loop.context.get_executor();
  std::erase_if(own, [&](const auto& session) { return session->executor() != here; });
  return own;
}

Awaitable<void> Drain(Loop& loop, SessionTable& sessions, absl::Time deadline) {
  Clock& clock = Clock::Real();
  const bool at_once = clock.Now() >= deadline;
  // Connections stay welcome while calls finish: their sessions still send, attach and cancel.
  loop.endpoint.calls().Close();
  for (const auto& session : SessionsOf(loop, sessions)) session->Drain(deadline);
  co_await loop.endpoint.calls().JoinUntil(clock, deadline);
  loop.endpoint.calls().CancelAll(CallGroup::Refusal());
  // A client that has nothing left to wait for closes its session; one that is away cannot.
  const absl::Time acknowledged_by =
      clock.Now() + (at_once ? absl::ZeroDuration() : kAcknowledgeTime);
  for (const auto& session : SessionsOf(loop, sessions)) {
    co_await session->WaitUntilAcknowledged(acknowledged_by);
    session->End("the server is shutting down");
  }
  // A handler that does not notice its cancellation is waited for: it uses the service.
  co_await loop.endpoint.calls().JoinUntil(clock, absl::InfiniteFuture());
}

Awaitable<void> CutConnections(Loop& loop) {
  loop.http.Stop();
  TaskGroup flush(loop.context.get_executor());
  flush.Spawn(loop.http.Join());
  if (loop.node_http) {
    loop.node_http->Stop();
    flush.Spawn(loop.node_http->Join());
  }
  co_await flush.JoinUntil(Clock::Real(), Clock::Real().Now() + kFlushTime);
  loop.http.Shutdown();
  if (loop.node_http) loop.node_http->Shutdown();
  co_await flush.Join();
  loop.endpoint.LeaveCluster();
}

std::string HostOf(const std::string& listen) { return listen.substr(0, listen.rfind(':')); }

absl::Status CheckCluster(const ClusterOptions& cluster) {
  if (cluster.registry == nullptr) {
    return absl::InvalidArgumentError("ClusterOptions::registry is not set");
  }
  if (cluster.secret.size() < kLeastSecretBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("ClusterOptions::secret has ", cluster.secret.size(), " bytes; it takes ",
                     kLeastSecretBytes, " (`openssl rand -hex 32` makes one)"));
  }
  if (cluster.listen.rfind(':') == cluster.listen.npos) {
    return absl::InvalidArgumentError(absl::StrCat("ClusterOptions::listen is \"", cluster.listen,
                                                   "\"; it has the form host:port"));
  }
  const std::string host = HostOf(cluster.listen);
  if (cluster.advertise.empty() && (host == "0.0.0.0" || host == "[::]")) {
    return absl::InvalidArgumentError(
        absl::StrCat("ClusterOptions::listen is \"", cluster.listen,
                     "\", where the other nodes cannot find this one: set "
                     "ClusterOptions::advertise to the URL by which they can"));
  }
  if (!cluster.tls && !cluster.allow_plaintext && !IsLoopbackHost(host)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "ClusterOptions::listen is \"", cluster.listen,
        "\", which other machines can reach, and what passes there could be read on the way: set "
        "ClusterOptions::tls, or ClusterOptions::allow_plaintext in a network of the nodes' own"));
  }
  return absl::OkStatus();
}

ClusterNode NodeOf(const ClusterOptions& cluster, const Limits& limits) {
  ClusterNode node;
  node.name = NewNodeName();
  node.secret = cluster.secret;
  node.registry = cluster.registry.get();
  node.patience = cluster.connect_timeout;
  HttpClientOptions client;
  client.limits = limits;
  client.connect_timeout = cluster.connect_timeout;
  client.tls = cluster.peer_tls;
  node.connect = [client](Executor executor,
                          const std::string& url) -> absl::StatusOr<std::shared_ptr<HttpClient>> {
    return TcpHttpClient::Create(std::move(executor), url, client);
  };
  return node;
}

// All loops on one port.
PortSharing SharingOf(int threads, int loop) {
  return threads == 1 ? PortSharing::kNone : loop == 0 ? PortSharing::kFirst : PortSharing::kJoin;
}

// Where the loop's part listens for other nodes.
absl::StatusOr<int> ListenForNodes(Loop& loop, const EndpointOptions& endpoint,
                                   const std::string& listen, HttpServerOptions options) {
  loop.node_endpoint.emplace(loop.OnThisLoop(endpoint), loop.endpoint.sessions());
  loop.node_http.emplace(loop.context.get_executor(), *loop.node_endpoint, std::move(options));
  return loop.node_http->Listen(listen);
}

// Runs one coroutine on each loop, and waits for all.
template <typename MakeTask>
void RunOnEach(std::vector<std::unique_ptr<Loop>>& loops, MakeTask make_task) {
  std::vector<std::future<void>> ended;
  for (std::unique_ptr<Loop>& loop : loops) {
    ended.push_back(asio::co_spawn(loop->context, make_task(*loop), asio::use_future));
  }
  for (std::future<void>& one : ended) one.get();
}

}  // namespace

struct Server::State {
  explicit State(ServerOptions o)
      : options(std::move(o)),
        methods(options.interceptors, options.authorize),
        sessions(options.limits, Clock::Real()),
        blocking(static_cast<size_t>(std::max(options.blocking_threads, 1))),
        live(sessions) {}

  // Tells the service manager so, when the last of them has come to it.
  void ReportThatLoopsTurn() {
    std::lock_guard lock(mutex);
    auto left = std::make_shared<std::atomic<size_t>>(loops.size());
    for (const std::unique_ptr<Loop>& loop : loops) {
      asio::post(loop->context, [left] {
        if (--*left == 0) NotifyServiceManager("WATCHDOG=1");
      });
    }
  }

  const ServerOptions options;
  MethodRegistry methods;
  MountedHandlers mounted;
  SessionTable sessions;
  asio::thread_pool blocking;
  std::vector<std::unique_ptr<Loop>> loops;  // taken away under `mutex`
  LiveView live;
  int port = 0;
  std::unique_ptr<UnixListener> unix_listener;  // its file is there as long as the loops
  std::optional<ClusterNode> node;              // of a cluster

  // For Stats, which may be asked for when the loops are gone.
  std::vector<std::shared_ptr<LoopTelemetry>> telemetry;
  std::shared_ptr<ConnectionBudget> connections;
  absl::Time started;
  std::atomic<bool> draining = false;

  std::mutex mutex;
  std::condition_variable changed;
  enum class Phase { kIdle, kServing, kLeaving, kStopping, kStopped } phase = Phase::kIdle;
  bool hurry = false;  // somebody has no time for drain_delay
};

Server::Server(ServerOptions options) : state_(std::make_unique<State>(std::move(options))) {}

Server::~Server() { Shutdown(absl::ZeroDuration()); }

absl::Status Server::AddService(Service& service) {
  RUNNEL_RETURN_IF_ERROR(state_->methods.Add(service));
  for (const auto& [path, handler] : service.runnel_handlers()) {
    RUNNEL_RETURN_IF_ERROR(AddHandler(path, *handler));
  }
  return absl::OkStatus();
}

absl::Status Server::AddHandler(std::string path, MountedHandler& handler) {
  if (!path.starts_with('/') || path.find_first_of("?# ") != path.npos ||
      path.starts_with(SessionEndpoint::kPathPrefix)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", path, "\" is no path for a handler; \"/chat\" is one"));
  }
  const bool taken = state_->methods.Find(path) != nullptr;
  if (taken || !state_->mounted.emplace(path, &handler).second) {
    return absl::AlreadyExistsError(absl::StrCat("the path ", path, " has a handler already"));
  }
  return absl::OkStatus();
}

absl::Status Server::Start() {
  if (state_->phase != State::Phase::kIdle) {
    return absl::FailedPreconditionError("Server::Start was called before");
  }
  const std::string& listen = state_->options.listen;
  const std::optional<std::string_view> unix_path = UnixPathOf(listen);
  const size_t colon = listen.rfind(':');
  if (colon == listen.npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("ServerOptions::listen is \"", listen,
                     "\"; it has the form host:port, or unix:/run/x.sock"));
  }
  if (unix_path && state_->options.tls) {
    return absl::InvalidArgumentError(absl::StrCat(
        "ServerOptions::listen is \"", listen,
        "\", and ServerOptions::tls is set: a Unix socket has no TLS, and needs none"));
  }
  RUNNEL_RETURN_IF_ERROR(ValidateOriginPolicy(state_->options.origins));
  RUNNEL_ASSIGN_OR_RETURN(const TrustedProxies proxies,
                          TrustedProxies::Parse(state_->options.trusted_proxies));
  const auto budget = std::make_shared<ConnectionBudget>(
      state_->options.limits,
      [proxies](const asio::ip::address& address) { return proxies.Contains(address); });
  // No page of a browser can reach a Unix socket but through a proxy, under any name.
  const bool loopback = !unix_path && IsLoopbackHost(std::string_view(listen).substr(0, colon));
  std::shared_ptr<TlsContext> tls;
  if (state_->options.tls) {
    RUNNEL_ASSIGN_OR_RETURN(tls, TlsContext::ForServer(*state_->options.tls, Clock::Real()));
  } else if (!loopback && !unix_path && !state_->options.allow_plaintext) {
    return absl::FailedPreconditionError(absl::StrCat(
        "ServerOptions::listen is \"", listen,
        "\", which others can reach, and what they send could be read on the way: set "
        "ServerOptions::tls, or ServerOptions::allow_plaintext where a proxy in front has TLS"));
  }
  const int threads = state_->options.threads > 0
                          ? state_->options.threads
                          : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  EndpointOptions endpoint;
  endpoint.blocking_executor = state_->blocking.get_executor();
  endpoint.methods = &state_->methods;
  endpoint.mounted = &state_->mounted;
  endpoint.sessions = &state_->sessions;
  endpoint.clock = &Clock::Real();
  endpoint.limits = state_->options.limits;
  endpoint.loops = threads;
  endpoint.times = state_->options.times;
  endpoint.authenticate = state_->options.authenticate;
  endpoint.proxies = proxies;
  HttpServerOptions for_nodes;
  std::string node_listen;
  if (const auto& cluster = state_->options.cluster) {
    RUNNEL_RETURN_IF_ERROR(CheckCluster(*cluster));
    if (cluster->tls) {
      RUNNEL_ASSIGN_OR_RETURN(for_nodes.tls, TlsContext::ForServer(*cluster->tls, Clock::Real()));
    }
    state_->node = NodeOf(*cluster, state_->options.limits);
    endpoint.cluster = &*state_->node;
    node_listen = cluster->listen;
    for_nodes.limits = state_->options.limits;
    // A few addresses, from which all come.
    for_nodes.limits.max_connections_per_address = for_nodes.limits.max_connections;
    for_nodes.budget =
        std::make_shared<ConnectionBudget>(for_nodes.limits, [](const auto&) { return true; });
  }
  endpoint.origins = OriginRules(state_->options.origins, loopback);
  if (unix_path) {
    RUNNEL_ASSIGN_OR_RETURN(state_->unix_listener, UnixListener::Listen(*unix_path));
  }
  for (int i = 0; i < threads; ++i) {
    const PortSharing sharing = SharingOf(threads, i);
    auto loop = std::make_unique<Loop>(endpoint, state_->options, tls, budget, sharing);
    const std::string address =
        i == 0 ? listen : absl::StrCat(listen.substr(0, colon), ":", state_->port);
    absl::Status listening;
    if (unix_path) {
      listening = loop->http.Listen(*state_->unix_listener);
    } else {
      const absl::StatusOr<int> port = loop->http.Listen(address);
      listening = port.status();
      if (port.ok()) state_->port = *port;
    }
    if (listening.ok() && state_->node) {
      for_nodes.sharing = sharing;
      const absl::StatusOr<int> port = ListenForNodes(*loop, endpoint, node_listen, for_nodes);
      listening = port.status();
      if (port.ok()) node_listen = absl::StrCat(HostOf(node_listen), ":", *port);
    }
    if (!listening.ok()) {
      loop.reset();
      state_->loops.clear();
      state_->unix_listener.reset();
      return listening;
    }
    state_->loops.push_back(std::move(loop));
  }
  if (const auto& cluster = state_->options.cluster) {
    const std::string own = absl::StrCat(cluster->tls ? "https://" : "http://", node_listen);
    const absl::Status joined = cluster->registry->Join(
        state_->node->name, cluster->advertise.empty() ? own : cluster->advertise);
    // Nothing is served before: a session that other nodes do not find is lost.
    if (!joined.ok()) {
      state_->loops.clear();
      state_->unix_listener.reset();
      return joined;
    }
  }
  state_->methods.Start();
  state_->connections = budget;
  state_->started = Clock::Real().Now();
  for (const std::unique_ptr<Loop>& loop : state_->loops) {
    state_->telemetry.push_back(loop->telemetry);
    state_->live.AddLoop({loop->context.get_executor(), &loop->endpoint.calls(), &loop->http});
  }
  for (std::unique_ptr<Loop>& loop : state_->loops) {
    loop->thread = std::thread([&context = loop->context] { context.run(); });
  }
  state_->phase = State::Phase::kServing;
  return absl::OkStatus();
}

bool Server::is_local() const {
  const std::string_view listen = state_->options.listen;
  return IsLoopbackHost(listen.substr(0, listen.rfind(':')));
}

int Server::port() const { return state_->port; }

std::string Server::url() const {
  const std::string& listen = state_->options.listen;
  if (state_->unix_listener != nullptr) return absl::StrCat("unix:", state_->unix_listener->path());
  return absl::StrCat(state_->options.tls ? "https://" : "http://",
                      listen.substr(0, listen.rfind(':')), ":", state_->port);
}

ServerStats Server::Stats() const {
  ServerStats stats;
  stats.started = state_->started;
  stats.loops = static_cast<int>(state_->telemetry.size());
  stats.draining = state_->draining;
  for (const MethodInfo* method : state_->methods.methods()) {
    stats.methods.emplace_back().method = method;
  }
  for (const auto& telemetry : state_->telemetry) telemetry->AddTo(stats);
  if (state_->connections == nullptr) return stats;
  const ConnectionBudget::Counts connections = state_->connections->counts();
  stats.connections.live = connections.live;
  stats.connections.accepted = connections.taken;
  stats.refused[static_cast<size_t>(Refusal::kMaxConnections)] = connections.refused;
  stats.refused[static_cast<size_t>(Refusal::kMaxConnectionsPerAddress)] =
      connections.refused_per_address;
  stats.sessions.live = state_->sessions.size();
  return stats;
}

const LiveView& Server::live() const { return state_->live; }

std::string Server::node() const { return state_->node ? state_->node->name : std::string(); }

void Server::Shutdown(absl::Duration grace) {
  {
    std::unique_lock lock(state_->mutex);
    if (grace <= absl::ZeroDuration()) {
      state_->hurry = true;
      state_->changed.notify_all();
    }
    if (state_->phase == State::Phase::kLeaving || state_->phase == State::Phase::kStopping) {
      state_->changed.wait(lock, [this] { return state_->phase == State::Phase::kStopped; });
    }
    if (state_->phase != State::Phase::kServing) return;
    state_->phase = State::Phase::kLeaving;
  }
  state_->methods.Drain();
  {
    std::unique_lock lock(state_->mutex);
    const absl::Duration delay = std::min(state_->options.drain_delay, absl::Hours(24));
    state_->changed.wait_for(lock, absl::ToChronoNanoseconds(delay),
                             [this] { return state_->hurry; });
    state_->phase = State::Phase::kStopping;
    state_->draining = true;
  }
  const absl::Time deadline = Clock::Real().Now() + grace;
  RunOnEach(state_->loops, [&](Loop& loop) { return Drain(loop, state_->sessions, deadline); });
  // Its sessions are over: whoever asks for them now is to hear that at once.
  if (state_->node) state_->options.cluster->registry->Leave(state_->node->name);
  RunOnEach(state_->loops, [](Loop& loop) { return CutConnections(loop); });
  state_->blocking.join();
  for (std::unique_ptr<Loop>& loop : state_->loops) loop->work.reset();
  for (std::unique_ptr<Loop>& loop : state_->loops) loop->thread.join();
  std::vector<std::unique_ptr<Loop>> ended;
  {
    std::lock_guard lock(state_->mutex);
    ended.swap(state_->loops);
  }
  ended.clear();
  state_->unix_listener.reset();
  std::lock_guard lock(state_->mutex);
  state_->phase = State::Phase::kStopped;
  state_->changed.notify_all();
}

void Server::Wait() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [this] { return state_->phase == State::Phase::kStopped; });
}

void ServeUntilSignalled(Server& server, absl::Duration grace, const std::function<void()>& ready) {
  asio::io_context context(1);
  asio::signal_set signals(context, SIGINT, SIGTERM);
  asio::steady_timer watchdog(context);
  std::function<void(boost::system::error_code)> watch = [&](boost::system::error_code error) {
    if (error) return;
    server.state_->ReportThatLoopsTurn();
    watchdog.expires_after(absl::ToChronoNanoseconds(WatchdogInterval() / 2));
    watchdog.async_wait(watch);
  };
  signals.async_wait([&](boost::system::error_code, int) { context.stop(); });
  if (ready) ready();
  NotifyServiceManager(absl::StrCat("READY=1\nSTATUS=serving at ", server.url()));
  if (WatchdogInterval() != absl::InfiniteDuration()) watch({});
  context.run();
  // The next signal ends the program as signals do: whoever asks twice does not want to wait.
  signals.clear();
  const absl::Duration most =
      server.state_->options.drain_delay + grace + kHandlerTime + kAcknowledgeTime + kFlushTime;
  NotifyServiceManager(absl::StrCat("STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=",
                                    absl::ToInt64Microseconds(most)));
  // A drain may be longer than the service manager's patience.
  context.restart();
  std::thread watching([&] { context.run(); });
  server.Shutdown(grace);
  context.stop();
  watching.join();
}

}  // namespace runnel
