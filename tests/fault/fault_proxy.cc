#include "tests/fault/fault_proxy.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/async/io_thread.h"
#include "runtime/core/status_macros.h"
#include "runtime/http/http_client.h"
#include "runtime/http/http_server.h"
#include "runtime/http/http_url.h"
#include "tests/fault/dice.h"
#include "tests/fault/http_relay.h"
#include "tests/fault/tcp_relay.h"

namespace fault {

using runnel::Awaitable;

// Connections go through the TcpRelay. Where faults need HTTP, its upstream is a server with an
// HttpRelay, in the same thread.
struct FaultProxy::State {
  explicit State(FaultProxyOptions o) : options(std::move(o)), dice(options.seed) {}

  absl::Status StartOnLoop() {
    RUNNEL_ASSIGN_OR_RETURN(listen, runnel::ParseHostPort(options.listen));
    RUNNEL_ASSIGN_OR_RETURN(runnel::HostPort upstream, runnel::ParseHostPort(options.upstream));
    if (options.knows_http()) {
      RUNNEL_ASSIGN_OR_RETURN(client, runnel::TcpHttpClient::Create(
                                          io.executor(), absl::StrCat("http://", upstream.Text())));
      handler.emplace(io.executor(), *client, options, dice, counts);
      server.emplace(io.executor(), *handler);
      RUNNEL_ASSIGN_OR_RETURN(const int inner, server->Listen("127.0.0.1:0"));
      upstream.host = "127.0.0.1";
      upstream.port = static_cast<uint16_t>(inner);
    }
    relay.emplace(io.executor(), std::move(upstream), options, dice, counts);
    RUNNEL_ASSIGN_OR_RETURN(port, relay->Listen(listen));
    return absl::OkStatus();
  }

  static Awaitable<std::string> Start(State* state) {
    const absl::Status status = state->StartOnLoop();
    state->start_code = status.code();
    co_return std::string(status.message());
  }

  static Awaitable<bool> Stop(State* state) {
    if (state->relay) co_await state->relay->Shutdown();
    if (state->server) {
      state->server->Shutdown();
      co_await state->server->Join();
    }
    state->relay.reset();
    state->server.reset();
    state->handler.reset();
    state->client.reset();
    co_return true;
  }

  const FaultProxyOptions options;
  Dice dice;
  FaultCounts counts;
  runnel::HostPort listen;
  int port = 0;
  // A status does not go from one thread to another: see tests/end_to_end/world.h.
  absl::StatusCode start_code = absl::StatusCode::kOk;
  runnel::IoThread io;
  std::unique_ptr<runnel::TcpHttpClient> client;
  std::optional<HttpRelay> handler;
  std::optional<runnel::HttpServer> server;
  std::optional<TcpRelay> relay;
};

FaultProxy::FaultProxy(FaultProxyOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}

FaultProxy::~FaultProxy() { state_->io.BlockOn(State::Stop(state_.get())); }

absl::Status FaultProxy::Start() {
  const std::string message = state_->io.BlockOn(State::Start(state_.get()));
  return absl::Status(state_->start_code, message);
}

int FaultProxy::port() const { return state_->port; }

std::string FaultProxy::url() const {
  runnel::HostPort here = state_->listen;
  here.port = static_cast<uint16_t>(state_->port);
  return absl::StrCat("http://", here.Text());
}

const FaultCounts& FaultProxy::counts() const { return state_->counts; }

}  // namespace fault
