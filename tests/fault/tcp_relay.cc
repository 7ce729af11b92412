#include "tests/fault/tcp_relay.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/async/clock.h"
#include "runtime/async/signal.h"
#include "runtime/async/task_group.h"
#include "runtime/http/tcp_connector.h"
#include "runtime/http/tcp_stream.h"

namespace fault {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using runnel::Awaitable;
using runnel::ByteStream;
using runnel::Clock;

constexpr absl::Duration kConnectTimeout = absl::Seconds(10);

}  // namespace

struct TcpRelay::State {
  State(runnel::Executor e, runnel::HostPort u, const FaultProxyOptions& o, Dice& d, FaultCounts& c)
      : executor(e),
        upstream(std::move(u)),
        options(o),
        dice(d),
        counts(c),
        acceptor(e),
        tasks(std::move(e)) {}

  absl::Duration Draw(const Span& span) {
    return absl::Microseconds(static_cast<int64_t>(
        dice.Between(static_cast<uint64_t>(absl::ToInt64Microseconds(span.least)),
                     static_cast<uint64_t>(absl::ToInt64Microseconds(span.most)))));
  }

  // No bytes: never.
  uint64_t Draw(const ByteSpan& span) { return dice.Between(span.least, span.most); }

  const runnel::Executor executor;
  const runnel::HostPort upstream;
  const FaultProxyOptions& options;
  Dice& dice;
  FaultCounts& counts;
  tcp::acceptor acceptor;
  std::set<std::shared_ptr<Connection>> connections;
  runnel::TaskGroup tasks;
};

// The two ends of what the client takes for one connection.
struct TcpRelay::Connection : std::enable_shared_from_this<TcpRelay::Connection> {
  Connection(std::shared_ptr<State> s, std::shared_ptr<ByteStream> c)
      : state(std::move(s)), client(std::move(c)), pumps(state->executor) {}

  void Close(ByteStream::Close how) {
    if (closed) return;
    closed = true;
    client->CloseNow(how);
    if (server != nullptr) server->CloseNow(how);
    silence_ended.Notify();
  }

  void Cut() {
    if (closed) return;
    using How = FaultProxyOptions::How;
    How how = state->options.cut_how;
    if (how == How::kAny) how = state->dice.Percent(50) ? How::kReset : How::kOrderly;
    ++state->counts.cuts;
    Close(how == How::kReset ? ByteStream::Close::kReset : ByteStream::Close::kOrderly);
  }

  void FallSilent() {
    if (closed) return;
    silent = true;
    ++state->counts.silences;
    if (!state->options.silent_for.given()) return;
    end_timer = Clock::Real().CallAfter(state->executor, state->Draw(state->options.silent_for),
                                        [this] { Cut(); });
  }

  void ArmTimers() {
    Clock& clock = Clock::Real();
    const FaultProxyOptions& options = state->options;
    if (options.cut_every.given()) {
      cut_timer =
          clock.CallAfter(state->executor, state->Draw(options.cut_every), [this] { Cut(); });
    }
    if (options.silent_after.given()) {
      silence_timer = clock.CallAfter(state->executor, state->Draw(options.silent_after),
                                      [this] { FallSilent(); });
    }
  }

  // One direction, until it ends. `cut_after` bytes end the connection; 0: none do.
  static Awaitable<void> Pump(std::shared_ptr<Connection> self, std::shared_ptr<ByteStream> from,
                              std::shared_ptr<ByteStream> to, uint64_t cut_after) {
    std::vector<char> space(16 * 1024);
    uint64_t passed = 0;
    while (!self->closed) {
      absl::StatusOr<size_t> read =
          co_await from->ReadSome(asio::buffer(space.data(), space.size()));
      // Whoever ends a silent connection ends it for itself alone.
      while (self->silent && !self->closed) {
        const absl::Status waited = co_await self->silence_ended.Wait();
        if (!waited.ok()) co_return;
      }
      if (self->closed) co_return;
      if (!read.ok()) {
        self->Close(ByteStream::Close::kReset);
        co_return;
      }
      if (*read == 0) break;
      if (self->state->options.delay.given()) {
        const absl::Duration delay = self->state->Draw(self->state->options.delay);
        const absl::Status slept = co_await SleepFor(Clock::Real(), delay);
        if (!slept.ok() || self->closed) co_return;
      }
      size_t size = *read;
      const bool last = cut_after > 0 && passed + size >= cut_after;
      if (last) size = cut_after - passed;
      passed += size;
      const std::array<asio::const_buffer, 1> piece = {asio::buffer(space.data(), size)};
      const absl::Status written = co_await to->Write(piece);
      if (last) self->Cut();
      if (!written.ok()) self->Close(ByteStream::Close::kReset);
    }
    if (!self->closed) co_await to->FinishWriting();
  }

  const std::shared_ptr<State> state;
  const std::shared_ptr<ByteStream> client;
  std::shared_ptr<ByteStream> server;
  bool closed = false;
  bool silent = false;
  runnel::Signal silence_ended;
  std::unique_ptr<runnel::Timer> cut_timer;
  std::unique_ptr<runnel::Timer> silence_timer;
  std::unique_ptr<runnel::Timer> end_timer;
  runnel::TaskGroup pumps;
};

TcpRelay::TcpRelay(runnel::Executor executor, runnel::HostPort upstream,
                   const FaultProxyOptions& options, Dice& dice, FaultCounts& counts)
    : state_(std::make_shared<State>(std::move(executor), std::move(upstream), options, dice,
                                     counts)) {}

TcpRelay::~TcpRelay() = default;

absl::StatusOr<int> TcpRelay::Listen(const runnel::HostPort& address) {
  error_code error;
  asio::ip::address numeric = asio::ip::make_address(address.host, error);
  if (error) {
    tcp::resolver resolver(state_->executor);
    const auto found = resolver.resolve(address.host, "", error);
    if (error || found.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("no such host: ", address.Text()));
    }
    numeric = found.begin()->endpoint().address();
  }
  const tcp::endpoint endpoint(numeric, address.port);
  tcp::acceptor& acceptor = state_->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    const std::string message =
        absl::StrCat("cannot listen on ", address.Text(), ": ", error.message());
    if (error == asio::error::address_in_use) return absl::AlreadyExistsError(message);
    return absl::InvalidArgumentError(message);
  }
  state_->tasks.Spawn(Accept(state_));
  return acceptor.local_endpoint().port();
}

Awaitable<void> TcpRelay::Accept(std::shared_ptr<State> state) {
  while (state->acceptor.is_open()) {
    tcp::socket socket(state->executor);
    const auto [error] =
        co_await state->acceptor.async_accept(socket, asio::as_tuple(asio::use_awaitable));
    if (error == asio::error::operation_aborted || !state->acceptor.is_open()) co_return;
    if (error) continue;
    ++state->counts.connections;
    auto connection =
        std::make_shared<Connection>(state, std::make_shared<runnel::TcpStream>(std::move(socket)));
    state->connections.insert(connection);
    state->tasks.Spawn(Serve(state, connection));
  }
}

Awaitable<void> TcpRelay::Serve(std::shared_ptr<State> state,
                                std::shared_ptr<Connection> connection) {
  auto server =
      co_await runnel::ConnectTcp(state->upstream, nullptr, Clock::Real(), kConnectTimeout);
  if (server.ok()) connection->server = *server;
  if (server.ok() && connection->closed) (*server)->CloseNow(ByteStream::Close::kReset);
  if (!server.ok()) connection->Close(ByteStream::Close::kReset);
  if (!connection->closed) {
    connection->ArmTimers();
    connection->pumps.Spawn(Connection::Pump(connection, connection->client, connection->server,
                                             state->Draw(state->options.cut_after_up)));
    connection->pumps.Spawn(Connection::Pump(connection, connection->server, connection->client,
                                             state->Draw(state->options.cut_after_down)));
    co_await connection->pumps.Join();
  }
  connection->cut_timer.reset();
  connection->silence_timer.reset();
  connection->end_timer.reset();
  connection->Close(ByteStream::Close::kOrderly);
  state->connections.erase(connection);
}

Awaitable<void> TcpRelay::Shutdown() {
  error_code ignored;
  state_->acceptor.close(ignored);
  const std::vector<std::shared_ptr<Connection>> connections(state_->connections.begin(),
                                                             state_->connections.end());
  for (const auto& connection : connections) connection->Close(ByteStream::Close::kReset);
  co_await state_->tasks.Join();
}

}  // namespace fault
