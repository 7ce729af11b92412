#include "runtime/sse/sse_handler.h"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/on_executor.h"
#include "runtime/async/signal.h"
#include "runtime/core/string_view.h"
#include "runtime/sse/dart_string.h"
#include "runtime/sse/sse_connection_state.h"

namespace runnel {
namespace {

using StatePtr = std::shared_ptr<SseConnectionState>;
using Admission = SseConnectionState::Admission;

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

// What a GET gets.
struct Opened {
  Opened() = default;
  Opened(int s, std::string w) : status(s), why(std::move(w)) {}

  int status = 200;
  std::string why;
  StatePtr state;
  uint64_t stream = 0;
};

// What a POST gets.
struct Admitted {
  Admitted() = default;
  Admitted(int s, std::string w) : status(s), why(std::move(w)) {}

  int status = 200;
  std::string why;
  StatePtr state;  // where the message is to be read
};

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

// Lives on the handler's loop.
class SseHandler::Clients {
 public:
  Clients(Executor executor, SseHandlerOptions options)
      : shared_(std::make_shared<SseShared>(std::move(executor), std::move(options))) {}

  // Before anything else.
  static std::shared_ptr<Clients> Make(Executor executor, SseHandlerOptions options) {
    auto clients = std::make_shared<Clients>(std::move(executor), std::move(options));
    clients->shared_->on_end = [weak = std::weak_ptr(clients)](SseConnectionState& state) {
      if (const auto locked = weak.lock()) locked->Remember(state.client().id);
    };
    return clients;
  }

  size_t open() const { return shared_->open; }

  static Awaitable<Opened> Open(std::shared_ptr<Clients> self, SseClientInfo client,
                                std::optional<std::string> last_event_id) {
    co_return self->OpenNow(std::move(client), std::move(last_event_id));
  }

  static Awaitable<Admitted> Admit(std::shared_ptr<Clients> self, std::string id,
                                   std::string principal, uint64_t number, size_t bytes) {
    Admitted admitted;
    self->Forget();
    Admission admission = Admission::kMoved;
    while (admission == Admission::kMoved) {
      const auto found = self->by_id_.find(id);
      if (found == self->by_id_.end()) co_return admitted;  // as Dart's handler, and its client
      const StatePtr state = found->second;
      if (state->client().principal != principal) co_return Foreign<Admitted>();
      admission = co_await state->Admit(number, bytes);
      if (admission == Admission::kRead) admitted.state = state;
    }
    if (admission == Admission::kRefuse) {
      admitted.status = 429;
      admitted.why = "the client is over a limit; its connection has ended";
    }
    co_return admitted;
  }

  static Awaitable<absl::StatusOr<std::unique_ptr<SseConnection>>> Accept(
      std::shared_ptr<Clients> self) {
    while (self->waiting_.empty()) {
      if (self->shut_down_) co_return std::unique_ptr<SseConnection>();
      const absl::Status waited = co_await self->arrived_.Wait();
      if (!waited.ok() && self->waiting_.empty()) co_return waited;
    }
    std::unique_ptr<SseConnection> next = std::move(self->waiting_.front());
    self->waiting_.pop_front();
    co_return next;
  }

  void Shutdown() {
    shut_down_ = true;
    const auto all = std::exchange(by_id_, {});
    remembered_.clear();
    for (const auto& [id, state] : all) state->Cut();
    waiting_.clear();
    arrived_.Notify();
  }

 private:
  struct Left {
    std::string id;
    std::weak_ptr<SseConnectionState> state;
    absl::Time until;
  };

  template <typename T>
  static T Foreign() {
    return T(403, "the client id is somebody else's");
  }

  Opened OpenNow(SseClientInfo client, std::optional<std::string> last_event_id) {
    const SseHandlerOptions& options = shared_->options;
    if (shut_down_) return Opened(503, "the handler was shut down");
    Forget();
    const std::string id = client.id;
    if (id.size() > options.limits.max_client_id_bytes) {
      return Opened(400, absl::StrCat("the client id has ", id.size(),
                                      " bytes; limit is SseLimits::max_client_id_bytes = ",
                                      options.limits.max_client_id_bytes));
    }
    const auto found = by_id_.find(id);
    StatePtr state = found == by_id_.end() ? nullptr : found->second;
    if (state != nullptr && state->client().principal != client.principal) {
      return Foreign<Opened>();
    }
    // Those without an id are not one client.
    const bool told = state != nullptr && state->told_to_close() && !id.empty();
    // Browsers stop at that.
    if (told && !state->TellAgain()) return Opened(204, "");
    const bool takes_over = options.keep_alive > absl::ZeroDuration() ||
                            options.ignore_disconnect > absl::ZeroDuration();
    if (!told && (state == nullptr || !state->open() || !takes_over)) {
      // A connection that this one takes the place of is one no more.
      const size_t others = shared_->open - (state != nullptr && state->open() ? 1 : 0);
      if (others >= options.limits.max_clients) {
        return Opened(
            503, absl::StrCat("there are ", others, " clients; limit is SseLimits::max_clients"));
      }
      const StatePtr earlier = std::move(state);
      state = std::make_shared<SseConnectionState>(shared_, std::move(client));
      by_id_[id] = state;
      if (earlier != nullptr && !id.empty()) state->TakeOver(*earlier);
      waiting_.push_back(std::make_unique<SseConnection>(state));
      arrived_.Notify();
    }
    Opened opened;
    opened.stream = state->BeginStream(last_event_id);
    opened.state = std::move(state);
    return opened;
  }

  void Remember(const std::string& id) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end() || found->second->open()) return;
    remembered_.emplace_back();
    remembered_.back().id = id;
    remembered_.back().state = found->second;
    remembered_.back().until = shared_->clock.Now() + shared_->options.remember;
  }

  void Forget() {
    const SseLimits& limits = shared_->options.limits;
    while (!remembered_.empty() && (remembered_.size() > limits.max_remembered ||
                                    remembered_.front().until <= shared_->clock.Now() ||
                                    shared_->buffered.held() > limits.max_buffered_bytes / 2)) {
      const auto found = by_id_.find(remembered_.front().id);
      const StatePtr left = remembered_.front().state.lock();
      if (found != by_id_.end() && found->second == left) by_id_.erase(found);
      remembered_.pop_front();
    }
  }

  const std::shared_ptr<SseShared> shared_;
  bool shut_down_ = false;
  absl::flat_hash_map<std::string, StatePtr> by_id_;
  std::deque<Left> remembered_;  // those of them that are over, the oldest first
  std::deque<std::unique_ptr<SseConnection>> waiting_;
  Signal arrived_;
};

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
      clients_(Clients::Make(std::move(executor), std::move(options))) {}

SseHandler::~SseHandler() {
  const Executor executor = executor_;
  asio::dispatch(executor, [clients = std::move(clients_)] { clients->Shutdown(); });
}

void SseHandler::Shutdown() {
  asio::dispatch(executor_, [clients = clients_] { clients->Shutdown(); });
}

size_t SseHandler::number_of_clients() const { return clients_->open(); }

Awaitable<absl::StatusOr<std::unique_ptr<SseConnection>>> SseHandler::Accept() {
  return OnExecutor(executor_, Clients::Accept(clients_));
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
  Opened opened = co_await OnExecutor(
      executor_, Clients::Open(clients_, std::move(client), std::move(last_event_id)));
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
  Admitted admitted = co_await OnExecutor(
      executor_, Clients::Admit(clients_, std::move(id), std::move(principal), number, bytes));
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
