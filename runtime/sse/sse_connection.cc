#include "runtime/sse/sse_connection.h"

#include <boost/asio/dispatch.hpp>
#include <utility>

#include "runtime/async/on_executor.h"
#include "runtime/sse/sse_connection_state.h"

namespace runnel {
namespace {

using StatePtr = std::shared_ptr<SseConnectionState>;

// Coroutines that own what they use.
Awaitable<absl::StatusOr<std::optional<std::string>>> ReadFrom(StatePtr state) {
  co_return co_await state->Read();
}

Awaitable<absl::Status> SendTo(StatePtr state, std::string text) {
  co_return co_await state->Send(std::move(text));
}

Awaitable<absl::Status> WaitFor(StatePtr state) { co_return co_await state->WaitUntilClosed(); }

}  // namespace

SseConnection::SseConnection(std::shared_ptr<SseConnectionState> state)
    : state_(std::move(state)) {}

SseConnection::~SseConnection() {
  // The state belongs to the loop, and goes there.
  const Executor executor = state_->executor();
  asio::dispatch(executor, [state = std::move(state_)] { state->Disconnect(); });
}

Awaitable<absl::StatusOr<std::optional<std::string>>> SseConnection::Read() {
  return OnExecutor(state_->executor(), ReadFrom(state_));
}

Awaitable<absl::Status> SseConnection::Send(std::string text) {
  return OnExecutor(state_->executor(), SendTo(state_, std::move(text)));
}

void SseConnection::Close() {
  asio::dispatch(state_->executor(), [state = state_] { state->Close(); });
}

void SseConnection::Disconnect() {
  asio::dispatch(state_->executor(), [state = state_] { state->Disconnect(); });
}

Awaitable<absl::Status> SseConnection::WaitUntilClosed() {
  return OnExecutor(state_->executor(), WaitFor(state_));
}

bool SseConnection::is_closed() const { return !state_->open(); }

bool SseConnection::is_in_keep_alive_period() const {
  return state_->open() && !state_->attached();
}

const std::string& SseConnection::client_id() const { return state_->client().id; }
const HttpHeaders& SseConnection::headers() const { return state_->client().headers; }
const std::string& SseConnection::peer() const { return state_->client().peer; }
const std::string& SseConnection::principal() const { return state_->client().principal; }

}  // namespace runnel
