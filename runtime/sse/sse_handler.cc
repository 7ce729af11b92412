#include "runtime/sse/sse_handler.h"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/on_executor.h"
#include "runtime/core/string_view.h"
#include "runtime/sse/dart_string.h"
#include "runtime/sse/sse_clients.h"
#include "runtime/sse/sse_connection_state.h"

namespace runnel {
namespace {

using StatePtr = std::shared_ptr<SseConnectionState>;

constexpr char kEventStream[] = "text/event-stream";

// What stands behind "name=" in the query of `target`, as it stands there: the same in every
// request of a client, whatever it means. The last, where it is there more than once.
std::string_view QueryValue(std::string_view target, std::string_view name) {
  std::string_view value;
  size_t at = target.find('?');
  while (at < target.size()) {
    const std::string_view rest = target.substr(at + 1);
    const std::string_view parameter = rest.substr(0, rest.find('&'));
    if (parameter.starts_with(name) && parameter.substr(name.size()).starts_with('=')) {
      value = parameter.substr(name.size() + 1);
    }
    at += 1 + parameter.size();
  }
  return value;
}

HttpResponse Empty(int status) {
  HttpResponse response;
  response.status = status;
  return response;
}

HttpResponse Text(int status, std::string text) {
  HttpResponse response = Empty(status);
  response.headers.Add("content-type", "text/plain; charset=utf-8");
  response.body = StringBody(absl::StrCat(text, "\n"));
  return response;
}

Awaitable<absl::StatusOr<std::optional<std::string>>> NextPiece(StatePtr state, uint64_t stream) {
  co_return co_await state->NextPiece(stream);
}

// What a body that was read says. Of one that is no message the number is taken all the same.
Awaitable<bool> Receive(StatePtr state, uint64_t number, size_t admitted,
                        absl::StatusOr<std::string> body) {
  if (body.ok()) {
    NumberedText text = ParseDartString(*body);
    if (!text.ok()) {
      text = absl::InvalidArgumentError(
          absl::StrCat("message ", number, " is ", text.status().message()));
    }
    state->Receive(number, admitted, std::move(text));
  } else {
    state->Abandon(number, admitted);
    // Anything else is a connection that broke: the client sends it again, or has left.
    if (absl::IsResourceExhausted(body.status())) state->Fail(body.status());
  }
  co_return true;
}

}  // namespace

// On the loop of the HTTP connection.
class SseHandler::StreamBody final : public HttpBody {
 public:
  StreamBody(Executor executor, StatePtr state, uint64_t stream)
      : executor_(std::move(executor)), state_(std::move(state)), stream_(stream) {}

  ~StreamBody() override {
    asio::dispatch(executor_,
                   [state = std::move(state_), stream = stream_] { state->EndStream(stream); });
  }

  Awaitable<Piece> Read() override {
    absl::StatusOr<std::optional<std::string>> next =
        co_await OnExecutor(executor_, NextPiece(state_, stream_));
    if (!next.ok()) co_return next.status();
    if (!*next) co_return std::nullopt;
    piece_ = **std::move(next);
    co_return std::string_view(piece_);
  }

 private:
  const Executor executor_;
  StatePtr state_;
  const uint64_t stream_;
  std::string piece_;
};

SseHandler::SseHandler(Executor executor, SseHandlerOptions options)
    : executor_(executor),
      max_message_bytes_(options.limits.max_message_bytes),
      origins_(options.origins, /*loopback=*/false),
      clients_(SseClients::Make(std::move(executor), std::move(options))) {}

SseHandler::~SseHandler() {
  const Executor executor = executor_;
  asio::dispatch(executor, [clients = std::move(clients_)] { clients->Shutdown(); });
}

void SseHandler::Shutdown() {
  asio::dispatch(executor_, [clients = clients_] { clients->Shutdown(); });
}

size_t SseHandler::number_of_clients() const { return clients_->open(); }

Awaitable<absl::StatusOr<std::unique_ptr<SseConnection>>> SseHandler::Accept() {
  return OnExecutor(executor_, SseClients::Accept(clients_));
}

Awaitable<HttpResponse> SseHandler::Handle(HttpRequest request) {
  std::optional<HttpResponse> intercepted = origins_.Intercept(request);
  if (intercepted) co_return *std::move(intercepted);
  const std::string origin(request.headers.Get("origin").value_or(""));
  HttpResponse response = co_await Handle(std::move(request), std::string());
  origins_.Expose(origin, response);
  co_return response;
}

Awaitable<HttpResponse> SseHandler::Handle(HttpRequest request, std::string principal) {
  // Exactly what Dart's handler takes, and no other spelling of it.
  const bool stream = request.headers.Get("accept") == kEventStream;
  if (request.method == "GET" && stream) {
    co_return co_await OpenStream(std::move(request), std::move(principal));
  }
  if (request.method == "POST" && !stream) {
    co_return co_await TakeMessage(std::move(request), std::move(principal));
  }
  co_return Empty(404);
}

Awaitable<HttpResponse> SseHandler::OpenStream(HttpRequest request, std::string principal) {
  SseClientInfo client;
  client.id = QueryValue(request.target, "sseClientId");
  client.principal = std::move(principal);
  client.peer = std::move(request.peer);
  std::optional<std::string> last_event_id;
  if (const auto id = request.headers.Get("last-event-id")) last_event_id.emplace(*id);
  client.headers = std::move(request.headers);
  SseAdmittance opened = co_await OnExecutor(
      executor_, SseClients::Open(clients_, std::move(client), std::move(last_event_id)));
  if (opened.status == 204) co_return Empty(204);
  if (opened.state == nullptr) co_return Text(opened.status, std::move(opened.why));
  HttpResponse response;
  response.headers.Add("content-type", kEventStream);
  response.headers.Add("cache-control", "no-cache");
  response.headers.Add("x-accel-buffering", "no");  // nginx
  response.body = std::make_unique<StreamBody>(executor_, std::move(opened.state), opened.stream);
  co_return response;
}

Awaitable<HttpResponse> SseHandler::TakeMessage(HttpRequest request, std::string principal) {
  std::string id(QueryValue(request.target, "sseClientId"));
  const std::string_view digits = QueryValue(request.target, "messageId");
  uint64_t number = 0;
  const bool is_number = digits.find_first_not_of("0123456789") == digits.npos &&
                         (digits.empty() || absl::SimpleAtoi(AbslView(digits), &number));
  // Neither Dart's handler nor its client says, or asks, what became of a message.
  if (!is_number) co_return Empty(200);
  size_t bytes = 0;
  if (request.body != nullptr) bytes = request.body->size().value_or(max_message_bytes_);
  bytes = std::min(bytes, max_message_bytes_);
  SseAdmittance admitted = co_await OnExecutor(
      executor_, SseClients::Admit(clients_, std::move(id), std::move(principal), number, bytes));
  if (admitted.status != 200) co_return Text(admitted.status, std::move(admitted.why));
  if (admitted.state == nullptr) co_return Empty(200);
  absl::StatusOr<std::string> body =
      co_await ReadAll(request.body.get(), max_message_bytes_, "SseLimits::max_message_bytes");
  const bool too_large = absl::IsResourceExhausted(body.status());
  co_await OnExecutor(executor_,
                      Receive(std::move(admitted.state), number, bytes, std::move(body)));
  co_return too_large ? Text(413, "the message is larger than SseLimits::max_message_bytes")
                      : Empty(200);
}

}  // namespace runnel
