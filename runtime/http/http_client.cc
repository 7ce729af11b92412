#include "runtime/http/http_client.h"

#include <deque>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/http/client_connection.h"
#include "runtime/http/http_url.h"
#include "runtime/http/not_sent.h"
#include "runtime/http/tcp_connector.h"

namespace runnel {
namespace {

bool IsVisible(std::string_view s) {
  for (unsigned char c : s) {
    if (c <= ' ' || c == 0x7f) return false;
  }
  return !s.empty();
}

BodyFraming FramingOf(const HttpRequest& request) {
  if (request.body == nullptr) return BodyFraming::kNone;
  return request.body->size().has_value() ? BodyFraming::kLength : BodyFraming::kChunked;
}

absl::StatusOr<std::string> HeadOf(const HttpRequest& request, const HttpUrl& url,
                                   const std::string& host_field) {
  if (!IsVisible(request.method) || !IsVisible(request.target)) {
    return absl::InvalidArgumentError("the request's method or target has a space or is empty");
  }
  std::string head;
  head.reserve(512);
  absl::StrAppend(&head, request.method, " ", url.path, request.target, " HTTP/1.1\r\n");
  if (!request.headers.Contains("host")) {
    absl::StrAppend(&head, "Host: ", host_field, "\r\n");
  }
  switch (FramingOf(request)) {
    case BodyFraming::kLength:
      absl::StrAppend(&head, "Content-Length: ", *request.body->size(), "\r\n");
      break;
    case BodyFraming::kChunked:
      head += "Transfer-Encoding: chunked\r\n";
      break;
    default:
      if (request.method != "GET" && request.method != "HEAD") head += "Content-Length: 0\r\n";
  }
  RUNNEL_RETURN_IF_ERROR(AppendHeaders(request.headers, &head));
  return head;
}

}  // namespace

// Shared with the exchanges, so that they can outlive the client.
struct TcpHttpClient::State : std::enable_shared_from_this<TcpHttpClient::State> {
  State(Executor e, HttpUrl u, HttpClientOptions o)
      : executor(std::move(e)),
        url(std::move(u)),
        host_field(url.HostField()),
        options(std::move(o)),
        clock(options.clock != nullptr ? *options.clock : Clock::Real()) {}

  struct Idle {
    std::shared_ptr<ClientConnection> connection;
    absl::Time since;
  };

  std::shared_ptr<ClientConnection> Take() {
    while (!idle.empty()) {
      // The one used last is the likeliest to be open.
      std::shared_ptr<ClientConnection> connection = std::move(idle.back().connection);
      idle.pop_back();
      if (connection->IsQuiet()) return connection;
      connection->Close();
    }
    return nullptr;
  }

  void Keep(std::shared_ptr<ClientConnection> connection) {
    if (client_gone || options.max_idle_connections == 0) return connection->Close();
    if (idle.size() >= options.max_idle_connections) {
      idle.front().connection->Close();
      idle.pop_front();
    }
    idle.push_back({std::move(connection), clock.Now()});
    if (timer == nullptr) ArmTimer();
  }

  // Closes what has idled too long, or was closed by the server meanwhile.
  void Sweep() {
    const absl::Time now = clock.Now();
    std::erase_if(idle, [&](const Idle& one) {
      if (one.since + options.idle_timeout > now && one.connection->IsQuiet()) return false;
      one.connection->Close();
      return true;
    });
    if (idle.empty()) {
      timer.reset();
    } else {
      ArmTimer();
    }
  }

  void ArmTimer() {
    timer = clock.CallAt(executor, idle.front().since + options.idle_timeout, [this] { Sweep(); });
  }

  ClientConnection::GiveBack GiveBack() {
    return [weak = weak_from_this()](std::shared_ptr<ClientConnection> connection) {
      if (auto state = weak.lock(); state != nullptr) {
        state->Keep(std::move(connection));
      } else {
        connection->Close();
      }
    };
  }

  const Executor executor;
  const HttpUrl url;
  const std::string host_field;
  const HttpClientOptions options;
  Clock& clock;
  std::shared_ptr<TlsContext> tls;  // null for http
  std::deque<Idle> idle;            // oldest first
  std::unique_ptr<Timer> timer;
  bool client_gone = false;
};

TcpHttpClient::TcpHttpClient(std::shared_ptr<State> state) : state_(std::move(state)) {}

TcpHttpClient::~TcpHttpClient() {
  state_->client_gone = true;
  state_->timer.reset();
  state_->idle.clear();
}

absl::StatusOr<std::unique_ptr<TcpHttpClient>> TcpHttpClient::Create(Executor executor,
                                                                     std::string_view url,
                                                                     HttpClientOptions options) {
  RUNNEL_ASSIGN_OR_RETURN(HttpUrl parsed, ParseHttpUrl(url));
  if (parsed.address.port == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("bad address \"", AbslView(url), "\": nobody can be at port 0"));
  }
  auto state = std::make_shared<State>(std::move(executor), std::move(parsed), std::move(options));
  if (state->url.tls) {
    RUNNEL_ASSIGN_OR_RETURN(state->tls, TlsContext::ForClient(state->options.tls, state->clock));
  }
  return std::unique_ptr<TcpHttpClient>(new TcpHttpClient(std::move(state)));
}

size_t TcpHttpClient::idle_connections() const { return state_->idle.size(); }

Awaitable<absl::StatusOr<HttpResponse>> TcpHttpClient::Send(HttpRequest request) {
  return SendOn(state_, std::move(request));
}

Awaitable<absl::StatusOr<HttpResponse>> TcpHttpClient::SendOn(std::shared_ptr<State> state,
                                                              HttpRequest request) {
  RUNNEL_CO_ASSIGN_OR_RETURN(const std::string head,
                             HeadOf(request, state->url, state->host_field));
  const BodyFraming framing = FramingOf(request);
  const bool idempotent = request.idempotent;
  const bool is_head_request = request.method == "HEAD";
  const std::shared_ptr<HttpBody> body = std::move(request.body);

  bool sent = false;
  if (std::shared_ptr<ClientConnection> kept = state->Take(); kept != nullptr) {
    sent = true;
    absl::StatusOr<HttpResponse> response =
        co_await kept->Exchange(head, is_head_request, body, framing);
    if (response.ok() || !absl::IsUnavailable(response.status()) || kept->has_received()) {
      co_return response;
    }
    co_await kept->JoinUpload();
    if (!idempotent) co_return response;
    if (body != nullptr && !body->Rewind()) co_return response;
  }
  absl::StatusOr<std::shared_ptr<ByteStream>> stream = co_await ConnectTcp(
      state->url.address, state->tls, state->clock, state->options.connect_timeout);
  if (!stream.ok()) {
    absl::Status failure = std::move(stream).status();
    if (!sent) co_return NotSent(std::move(failure));
    TakeNotSent(failure);
    co_return failure;
  }
  auto connection = std::make_shared<ClientConnection>(state->executor, *std::move(stream),
                                                       state->options.limits, state->GiveBack());
  co_return co_await connection->Exchange(head, is_head_request, body, framing);
}

}  // namespace runnel
