#include "runtime/http/http_server.h"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/async/task_group.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/http/connection_budget.h"
#include "runtime/http/http_connection.h"
#include "runtime/http/http_url.h"
#include "runtime/http/peer_address.h"
#include "runtime/http/tcp_stream.h"
#include "runtime/http/tls_context.h"
#include "runtime/http/tls_stream.h"
#include "runtime/http/unix_socket.h"

namespace runnel {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// So many connections over a limit, at a time, are told so; the rest is closed without a word.
constexpr size_t kMaxRefusals = 64;
// The pause after the process ran out of file descriptors.
constexpr absl::Duration kAcceptPause = absl::Milliseconds(100);

absl::Status ListenError(const HostPort& address, const error_code& error) {
  const std::string message =
      absl::StrCat("cannot listen on ", address.Text(), ": ", error.message());
  if (error == asio::error::address_in_use) return absl::AlreadyExistsError(message);
  if (error == asio::error::access_denied ||
      error == boost::system::errc::operation_not_permitted) {
    return absl::PermissionDeniedError(message);
  }
  if (error == boost::system::errc::address_not_available ||
      error == boost::system::errc::address_family_not_supported) {
    return absl::InvalidArgumentError(message);
  }
  return absl::UnavailableError(message);
}

absl::StatusOr<tcp::endpoint> Resolve(const Executor& executor, const HostPort& address) {
  error_code error;
  const asio::ip::address numeric = asio::ip::make_address(address.host, error);
  if (!error) return tcp::endpoint(numeric, address.port);
  tcp::resolver resolver(executor);
  const auto found = resolver.resolve(address.host, "", error);
  if (error || found.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot listen on ", address.Text(), ": no such host: ", error.message()));
  }
  return tcp::endpoint(found.begin()->endpoint().address(), address.port);
}

error_code OpenAndBind(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, bool shared) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && shared) acceptor.set_option(ReusePort(true), error);
  if (!error) acceptor.bind(endpoint, error);
  return error;
}

}  // namespace

struct HttpServer::State {
  State(Executor loop, HttpHandler& handler, const HttpServerOptions& o)
      : options(o),
        context(std::make_shared<ConnectionContext>(loop, handler, o.limits,
                                                    o.clock != nullptr ? *o.clock : Clock::Real())),
        budget(o.budget != nullptr ? o.budget : std::make_shared<ConnectionBudget>(o.limits)),
        acceptor(loop),
        tasks(loop) {}

  void Admit(tcp::socket socket) {
    error_code ignored;  // a socket that is broken already says so at the first read
    absl::StatusOr<ConnectionBudget::Place> place =
        budget->Take(on_unix_socket ? asio::ip::address(asio::ip::address_v4::loopback())
                                    : socket.remote_endpoint(ignored).address());
    if (!place.ok() && context->refusals >= kMaxRefusals) return;
    std::shared_ptr<ByteStream> stream;
    if (on_unix_socket) {
      stream = std::make_shared<TcpStream>(std::move(socket), kUnixPeer);
    } else if (options.tls != nullptr) {
      stream = TlsStream::Accepted(std::move(socket), options.tls->ForConnection());
    } else {
      stream = std::make_shared<TcpStream>(std::move(socket));
    }
    auto connection = std::make_shared<HttpConnection>(context, std::move(stream));
    if (place.ok()) {
      connection->Start(*std::move(place));
    } else {
      connection->StartRefusing(std::string(StdView(place.status().message())));
    }
  }

  const HttpServerOptions options;
  const std::shared_ptr<ConnectionContext> context;
  const std::shared_ptr<ConnectionBudget> budget;
  tcp::acceptor acceptor;
  bool on_unix_socket = false;
  TaskGroup tasks;
};

HttpServer::HttpServer(Executor loop, HttpHandler& handler, HttpServerOptions options)
    : state_(std::make_shared<State>(std::move(loop), handler, options)) {}

HttpServer::~HttpServer() { Shutdown(); }

absl::StatusOr<int> HttpServer::Listen(std::string_view text) {
  RUNNEL_ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(text));
  RUNNEL_ASSIGN_OR_RETURN(const tcp::endpoint endpoint,
                          Resolve(state_->context->executor, address));
  const PortSharing sharing = state_->options.sharing;
  if (sharing == PortSharing::kFirst && address.port != 0) {
    // Sockets that share a port do not notice that somebody else has it; this one does.
    tcp::acceptor probe(state_->context->executor);
    if (const error_code error = OpenAndBind(probe, endpoint, false)) {
      return ListenError(address, error);
    }
  }
  tcp::acceptor& acceptor = state_->acceptor;
  error_code error = OpenAndBind(acceptor, endpoint, sharing != PortSharing::kNone);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  tcp::endpoint bound;
  if (!error) bound = acceptor.local_endpoint(error);
  if (error) {
    error_code ignored;
    acceptor.close(ignored);
    return ListenError(address, error);
  }
  state_->tasks.Spawn(Accept(state_));
  return bound.port();
}

absl::Status HttpServer::Listen(const UnixListener& listener) {
  RUNNEL_ASSIGN_OR_RETURN(state_->acceptor, listener.NewAcceptor(state_->context->executor));
  state_->on_unix_socket = true;
  state_->tasks.Spawn(Accept(state_));
  return absl::OkStatus();
}

Awaitable<void> HttpServer::Accept(std::shared_ptr<State> state) {
  while (state->acceptor.is_open()) {
    tcp::socket socket(state->context->executor);
    const auto [error] =
        co_await state->acceptor.async_accept(socket, asio::as_tuple(asio::use_awaitable));
    if (!error) {
      if (state->context->stopping) co_return;
      state->Admit(std::move(socket));
    } else if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
      co_return;
    } else if (error != asio::error::connection_aborted) {
      const absl::Status slept = co_await SleepFor(state->context->clock, kAcceptPause);
      if (!slept.ok()) co_return;
    }
  }
}

void HttpServer::Stop() {
  state_->context->stopping = true;
  error_code ignored;
  state_->acceptor.close(ignored);
  state_->tasks.Cancel();
  for (const auto& [number, connection] : state_->context->connections) connection->CloseIfIdle();
}

void HttpServer::Shutdown() {
  Stop();
  // A connection that is cut may end, and leave the set, at once.
  std::vector<std::shared_ptr<HttpConnection>> kept;
  kept.reserve(state_->context->connections.size());
  for (const auto& [number, connection] : state_->context->connections) {
    kept.push_back(connection->shared_from_this());
  }
  for (const auto& connection : kept) connection->Cut();
}

Awaitable<void> HttpServer::Join() {
  std::shared_ptr<State> state = state_;
  while (!state->context->connections.empty() || state->tasks.size() > 0) {
    if (state->context->connections.empty()) {
      co_await state->tasks.Join();
      continue;
    }
    const absl::Status waited = co_await state->context->connection_ended.Wait();
    if (!waited.ok()) co_await asio::this_coro::reset_cancellation_state();
  }
}

std::vector<LiveConnection> HttpServer::Describe(uint64_t& after, size_t most) const {
  const auto& connections = state_->context->connections;
  std::vector<LiveConnection> described;
  auto next = connections.upper_bound(after);
  for (; next != connections.end() && described.size() < most; ++next) {
    after = next->first;
    described.push_back(next->second->Describe());
  }
  if (next == connections.end()) after = 0;
  return described;
}

size_t HttpServer::connection_count() const { return state_->context->connections.size(); }

}  // namespace runnel
