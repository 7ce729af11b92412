#include "runtime/sse/sse_test_peer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"
#include "runtime/sse/dart_string.h"
#include "runtime/wire/event_parser.h"

namespace runnel {
namespace {

constexpr char kOrigin[] = "http://127.0.0.1:8191";

Awaitable<void> ReadInto(SseConnection* connection, std::shared_ptr<std::string> out) {
  absl::StatusOr<std::optional<std::string>> message = co_await connection->Read();
  if (!message.ok()) {
    *out = message.status().ToString();
  } else {
    *out = *message ? **message : "(end)";
  }
}

}  // namespace

DartClient::DartClient(Executor executor, HttpClient& http, std::string id)
    : http_(http), id_(std::move(id)), tasks_(std::move(executor)) {}

HttpRequest DartClient::NewRequest(std::string method, std::string query) const {
  HttpRequest request;
  request.method = std::move(method);
  request.target = absl::StrCat("/test?sseClientId=", id_, query);
  request.headers = headers;
  request.headers.Add("host", "127.0.0.1:8191");
  return request;
}

void DartClient::Connect() {
  HttpRequest request = NewRequest("GET", "");
  request.headers.Add("accept", "text/event-stream");
  if (keeps_ids && !last_event_id.empty()) request.headers.Add("last-event-id", last_event_id);
  connected = false;
  raw.clear();
  stream_ = std::make_shared<Stream>();
  reading_ = tasks_.Spawn(ReadStream(this, stream_, std::move(request)));
}

void DartClient::Drop() {
  if (stream_ != nullptr) stream_->dropped = true;
  reading_.Cancel();
}

Awaitable<void> DartClient::ReadStream(DartClient* self, std::shared_ptr<Stream> stream,
                                       HttpRequest request) {
  absl::StatusOr<HttpResponse> response = co_await self->http_.Send(std::move(request));
  if (!response.ok()) co_return;
  self->status = response->status;
  self->stream_headers = response->headers;
  if (response->status != 200) co_return;
  self->connected = true;
  EventParser parser(1 << 24);
  parser.set_last_event_id(self->last_event_id);
  Signal never;
  while (!self->told_to_close) {
    while (self->pauses && !stream->dropped) {
      const absl::Status waited = co_await never.Wait();
      if (!waited.ok()) break;
    }
    const absl::StatusOr<std::optional<std::string_view>> piece = co_await response->body->Read();
    if (!piece.ok() || !*piece || stream->dropped) break;
    self->raw += **piece;
    parser.Feed(**piece);
    while (true) {
      const absl::StatusOr<std::optional<EventView>> event = parser.Next();
      if (!event.ok() || !*event) break;
      const EventView view = **event;
      if (view.type == "control") {
        if (view.data == "close") self->told_to_close = true;
      } else if (view.type == "message") {
        absl::StatusOr<std::string> text = ParseDartString(view.data);
        if (!text.ok()) {
          self->errors.emplace_back(view.data);
          continue;
        }
        if (self->echoes) self->Send(*text);
        self->received.push_back(*std::move(text));
      }
    }
    self->last_event_id = std::string(parser.last_event_id());
  }
  self->connected = false;
}

void DartClient::Send(std::string_view text) {
  std::string body;
  AppendDartString(text, body);
  Post(absl::StrCat(next_++), std::move(body));
}

void DartClient::Post(std::string number, std::string body) {
  HttpRequest request = NewRequest("POST", absl::StrCat("&messageId=", number));
  request.headers.Add("content-type", "text/plain;charset=UTF-8");
  request.headers.Add("accept", "*/*");
  if (!headers.Contains("origin")) request.headers.Add("origin", kOrigin);
  request.body = StringBody(std::move(body));
  tasks_.Spawn(SendPost(this, std::move(request)));
}

Awaitable<void> DartClient::SendPost(DartClient* self, HttpRequest request) {
  absl::StatusOr<HttpResponse> response = co_await self->http_.Send(std::move(request));
  self->posted.push_back(response.ok() ? response->status : 0);
}

void SseTest::Serve(SseHandlerOptions options) {
  options.clock = &clock_;
  handler_ = std::make_unique<SseHandler>(context_.get_executor(), std::move(options));
  http_ = std::make_unique<InProcessHttp>(context_.get_executor(), *handler_);
}

void SseTest::TearDown() {
  for (const auto& client : clients_) client->Drop();
  handler_.reset();
  if (http_ != nullptr) http_->CutAll();
  tasks_.Cancel();
  Settle();
}

DartClient* SseTest::NewClient(std::string id) {
  clients_.push_back(std::make_unique<DartClient>(context_.get_executor(), *http_, std::move(id)));
  return clients_.back().get();
}

std::unique_ptr<SseConnection> SseTest::Accept() {
  absl::StatusOr<std::unique_ptr<SseConnection>> accepted = absl::UnknownError("");
  bool done = false;
  const auto accept = [](SseHandler& handler, auto& out, bool& ended) -> Awaitable<void> {
    out = co_await handler.Accept();
    ended = true;
  };
  const Task task = tasks_.Spawn(accept(*handler_, accepted, done));
  Settle();
  if (!done) {
    task.Cancel();
    EXPECT_TRUE(Until([&] { return done; }));
  }
  return accepted.ok() ? *std::move(accepted) : nullptr;
}

std::string SseTest::Read(SseConnection& connection) {
  const auto out = std::make_shared<std::string>("(nothing)");
  const Task task = reads_.Spawn(ReadInto(&connection, out));
  for (int turn = 0; turn < 200 && *out == "(nothing)"; ++turn) {
    context_.restart();
    context_.poll();
  }
  if (*out != "(nothing)") return *out;
  task.Cancel();
  EXPECT_TRUE(Until([&] { return reads_.size() == 0; }));
  return "(nothing)";
}

void SseTest::Send(SseConnection& connection, std::string text) {
  const absl::Status sent = Await(connection.Send(std::move(text)));
  EXPECT_TRUE(sent.ok()) << sent;
}

std::unique_ptr<SseConnection> SseTest::Connect(DartClient& client) {
  client.Connect();
  std::unique_ptr<SseConnection> connection = Accept();
  EXPECT_NE(connection, nullptr);
  EXPECT_TRUE(Until([&] { return client.connected; }));
  return connection;
}

void SseTest::Advance(absl::Duration time) {
  clock_.Advance(time);
  Settle();
}

HttpResponse SseHandlerTest::Ask(std::string method, std::string target, HttpHeaders headers,
                                 std::string body) {
  HttpRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.headers = std::move(headers);
  if (!body.empty()) request.body = StringBody(std::move(body));
  absl::StatusOr<HttpResponse> response = Await(http_->Send(std::move(request)));
  EXPECT_TRUE(response.ok()) << response.status();
  return *std::move(response);
}

int SseHandlerTest::StatusOf(std::string method, HttpHeaders headers) {
  return Ask(std::move(method), "/test?sseClientId=x", std::move(headers)).status;
}

void SseHandlerTest::ServeKeepingAlive(absl::Duration keep_alive) {
  SseHandlerOptions options;
  options.keep_alive = keep_alive;
  Serve(std::move(options));
}

void SseHandlerTest::DropAndWait(DartClient& client, const SseConnection& connection) {
  client.Drop();
  EXPECT_TRUE(
      Until([&] { return connection.is_in_keep_alive_period() || connection.is_closed(); }));
}

void SseHandlerTest::Reconnect(DartClient& client) {
  client.Connect();
  EXPECT_TRUE(Until([&] { return client.connected; }));
}

}  // namespace runnel
