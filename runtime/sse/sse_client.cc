#include "runtime/sse/sse_client.h"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <cstdint>
#include <deque>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/on_executor.h"
#include "runtime/async/signal.h"
#include "runtime/async/task_group.h"
#include "runtime/client/event_source.h"
#include "runtime/client/event_source_url.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/http/http_client.h"
#include "runtime/http/not_sent.h"
#include "runtime/session/session_secret.h"
#include "runtime/sse/dart_string.h"
#include "runtime/sse/watched_http.h"

namespace runnel {
namespace {

using ReadResult = absl::StatusOr<std::optional<std::string>>;

// Of the answer to a POST nobody reads more.
constexpr size_t kMaxAnswerBytes = 64 * 1024;

// A random UUID (RFC 9562, version 4), as Dart's client has: all its characters stand in a URL as
// they are.
std::string NewClientId(const std::string& debug_key) {
  std::string hex = RandomHex(16);
  hex[12] = '4';
  constexpr std::string_view kVariants = "89ab";
  hex[16] = kVariants[static_cast<size_t>(hex[16]) % 4];
  return absl::StrCat(debug_key, debug_key.empty() ? "" : "-", hex.substr(0, 8), "-",
                      hex.substr(8, 4), "-", hex.substr(12, 4), "-", hex.substr(16, 4), "-",
                      hex.substr(20));
}

bool IsUnreserved(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) ||
           std::string_view("._~-").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

std::string UrlOf(std::string_view base, const std::string& id) {
  base = base.substr(0, base.find('#'));
  return absl::StrCat(AbslView(base), base.find('?') == base.npos ? "?" : "&", "sseClientId=", id);
}

}  // namespace

struct SseClient::State : std::enable_shared_from_this<State> {
  State(Executor e, std::string_view base, SseClientOptions o)
      : executor(std::move(e)),
        options(std::move(o)),
        clock(options.clock != nullptr ? *options.clock : Clock::Real()),
        id(NewClientId(options.debug_key)),
        url(UrlOf(base, id)),
        tasks(executor) {}

  void Start();
  absl::StatusOr<std::shared_ptr<HttpClient>> NewHttp(const std::string& origin);
  EventSourceOptions StreamOptions();

  void OnOpen();
  void OnError(absl::Status why);
  // The channel is over: OK when it was closed, at either end.
  void End(absl::Status why);
  void Take(SourceEvent event);

  static Awaitable<void> Receive(std::shared_ptr<State> self);
  static Awaitable<void> SendAll(std::shared_ptr<State> self);
  Awaitable<absl::Status> Post(const std::string& body);

  static Awaitable<absl::Status> Connected(std::shared_ptr<State> self);
  static Awaitable<ReadResult> Read(std::shared_ptr<State> self);
  static Awaitable<absl::Status> Send(std::shared_ptr<State> self, std::string text);

  const Executor executor;
  const SseClientOptions options;
  Clock& clock;
  const std::string id;
  const std::string url;

  std::optional<EventSource> source;
  std::shared_ptr<HttpClient> posts;
  std::string post_target;
  uint64_t opened = 0;  // how many streams there have been
  std::optional<absl::Status> ended;
  std::unique_ptr<Timer> give_up;
  Signal changed;  // opened or ended

  bool reading = false;
  std::deque<absl::StatusOr<std::string>> unread;
  size_t unread_bytes = 0;
  Signal arrived, room;

  std::deque<std::string> unsent;  // JSON
  size_t unsent_bytes = 0;
  uint64_t next_number = 0;
  Signal queued, sent;

  TaskGroup tasks;
};

void SseClient::State::Start() {
  if (ended) return;
  const absl::StatusOr<EventSourceUrl> parsed = ParseEventSourceUrl(url);
  if (!parsed.ok()) return End(parsed.status());
  if (!IsUnreserved(options.debug_key)) {
    return End(absl::InvalidArgumentError(
        absl::StrCat("SseClientOptions::debug_key is \"", options.debug_key,
                     "\"; what URLs have as it is are the characters A-Z a-z 0-9 . _ ~ -")));
  }
  absl::StatusOr<std::shared_ptr<HttpClient>> http = NewHttp(parsed->origin);
  if (!http.ok()) return End(http.status());
  posts = *std::move(http);
  post_target = parsed->target;
  source.emplace(executor, url, StreamOptions());
  tasks.Spawn(Receive(shared_from_this()));
  tasks.Spawn(SendAll(shared_from_this()));
}

absl::StatusOr<std::shared_ptr<HttpClient>> SseClient::State::NewHttp(const std::string& origin) {
  if (options.http) return options.http(origin);
  HttpClientOptions http;
  http.clock = &clock;
  http.tls = options.tls;
  RUNNEL_ASSIGN_OR_RETURN(std::unique_ptr<HttpClient> made,
                          TcpHttpClient::Create(executor, origin, std::move(http)));
  return std::shared_ptr<HttpClient>(std::move(made));
}

EventSourceOptions SseClient::State::StreamOptions() {
  const std::weak_ptr<State> weak = weak_from_this();
  auto watch = std::make_shared<HttpWatch>();
  watch->open = [weak] {
    if (const auto self = weak.lock()) self->OnOpen();
  };
  watch->error = [weak](absl::Status why) {
    if (const auto self = weak.lock()) self->OnError(std::move(why));
  };
  EventSourceOptions stream;
  stream.headers = options.headers;
  stream.attempt_headers = options.attempt_headers;
  stream.reconnection_time = options.reconnection_time;
  stream.read_timeout = options.read_timeout;
  stream.max_event_bytes = options.max_message_bytes;
  stream.tls = options.tls;
  stream.clock = &clock;
  stream.http = [weak,
                 watch](const std::string& origin) -> absl::StatusOr<std::shared_ptr<HttpClient>> {
    const auto self = weak.lock();
    if (self == nullptr) return absl::CancelledError("the client is gone");
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<HttpClient> http, self->NewHttp(origin));
    return std::make_shared<WatchedHttp>(std::move(http), watch);
  };
  return stream;
}

void SseClient::State::OnOpen() {
  give_up.reset();
  ++opened;
  changed.Notify();
  queued.Notify();
}

void SseClient::State::OnError(absl::Status why) {
  TakeNotSent(why);
  if (ended || give_up != nullptr || options.give_up_after == absl::InfiniteDuration()) return;
  give_up = clock.CallAfter(executor, options.give_up_after, [this, why] {
    End(absl::UnavailableError(absl::StrCat(
        "no stream for ", absl::FormatDuration(options.give_up_after), ": ", why.message())));
  });
}

void SseClient::State::End(absl::Status why) {
  if (ended) return;
  ended = std::move(why);
  if (!ended->ok()) unsent.clear();
  if (source) source->Close();
  give_up.reset();
  changed.Notify();
  arrived.Notify();
  room.Notify();
  queued.Notify();
  sent.Notify();
}

void SseClient::State::Take(SourceEvent event) {
  if (event.type == "control") {
    if (event.data != "close") return;
    unsent.clear();  // the server does not want it
    return End(absl::OkStatus());
  }
  if (event.type != "message") return;
  absl::StatusOr<std::string> text = ParseDartString(event.data);
  if (text.ok()) unread_bytes += text->size();
  unread.push_back(std::move(text));
  arrived.Notify();
}

Awaitable<void> SseClient::State::Receive(std::shared_ptr<State> self) {
  while (!self->ended) {
    if (self->unread_bytes > self->options.max_unread_bytes) {
      const absl::Status waited = co_await self->room.Wait();
      if (!waited.ok()) co_return;
      continue;
    }
    absl::StatusOr<std::optional<SourceEvent>> event = co_await self->source->Read();
    if (self->ended) co_return;
    if (!event.ok()) co_return self->End(event.status());
    if (!*event) co_return self->End(absl::OkStatus());
    self->Take(**std::move(event));
  }
}

Awaitable<absl::Status> SseClient::State::Post(const std::string& body) {
  HttpRequest request;
  request.target = absl::StrCat(post_target, "&messageId=", next_number);
  request.headers = options.headers;
  if (options.attempt_headers) {
    RUNNEL_CO_ASSIGN_OR_RETURN(const HttpHeaders more, options.attempt_headers());
    for (const auto& [name, value] : more) request.headers.Set(name, value);
  }
  request.headers.Set("content-type", "text/plain;charset=UTF-8");
  request.headers.Set("accept", "*/*");
  request.body = StringBody(body);
  // As browsers do: a kept connection that turns out to be closed is made anew.
  request.idempotent = true;
  RUNNEL_CO_ASSIGN_OR_RETURN(HttpResponse response, co_await posts->Send(std::move(request)));
  if (response.status < 200 || response.status > 299) {
    co_return absl::UnavailableError(
        absl::StrCat("message ", next_number, " was not taken: HTTP ", response.status));
  }
  const absl::StatusOr<std::string> rest =
      co_await ReadAll(response.body.get(), kMaxAnswerBytes, "kMaxAnswerBytes");
  rest.status().IgnoreError();  // the connection is good for the next one, or not
  co_return absl::OkStatus();
}

Awaitable<void> SseClient::State::SendAll(std::shared_ptr<State> self) {
  State& s = *self;
  uint64_t behind = 0;  // waits for a stream after this one
  while (true) {
    // What was sent before Close is POSTed after it.
    const bool ready = !s.unsent.empty() && s.opened > behind;
    if (!ready) {
      if (s.ended) co_return;
      const absl::Status waited = co_await s.queued.Wait();
      if (!waited.ok()) co_return;
      continue;
    }
    const std::string body = s.unsent.front();
    absl::Status posted = co_await s.Post(body);
    if (s.unsent.empty()) co_return;  // nobody wants it any more
    if (posted.ok()) {
      ++s.next_number;
      s.unsent_bytes -= body.size();
      s.unsent.pop_front();
      s.sent.Notify();
    } else if (IsNotSent(posted)) {
      behind = s.opened;
    } else {
      co_return s.End(std::move(posted));
    }
  }
}

Awaitable<absl::Status> SseClient::State::Connected(std::shared_ptr<State> self) {
  while (self->opened == 0 && !self->ended) {
    const absl::Status waited = co_await self->changed.Wait();
    if (!waited.ok()) co_return waited;
  }
  if (self->opened > 0) co_return absl::OkStatus();
  if (self->ended->ok()) co_return absl::UnavailableError("the client is closed");
  co_return *self->ended;
}

Awaitable<ReadResult> SseClient::State::Read(std::shared_ptr<State> self) {
  State& s = *self;
  if (s.reading) co_return absl::FailedPreconditionError("the client is being read already");
  s.reading = true;
  absl::Status waited;
  while (waited.ok() && s.unread.empty() && !s.ended) waited = co_await s.arrived.Wait();
  s.reading = false;
  if (!s.unread.empty()) {
    absl::StatusOr<std::string> text = std::move(s.unread.front());
    s.unread.pop_front();
    if (text.ok()) s.unread_bytes -= text->size();
    s.room.Notify();
    if (!text.ok()) co_return text.status();
    co_return std::optional<std::string>(*std::move(text));
  }
  if (!s.ended) co_return waited;
  if (!s.ended->ok()) co_return *s.ended;
  co_return std::optional<std::string>();
}

Awaitable<absl::Status> SseClient::State::Send(std::shared_ptr<State> self, std::string text) {
  State& s = *self;
  while (!s.ended && s.unsent_bytes >= s.options.max_unsent_bytes) {
    const absl::Status waited = co_await s.sent.Wait();
    if (!waited.ok() && !s.ended) co_return waited;
  }
  if (s.ended) {
    if (!s.ended->ok()) co_return *s.ended;
    co_return absl::UnavailableError("the channel is closed");
  }
  std::string body;
  AppendDartString(text, body);
  s.unsent_bytes += body.size();
  s.unsent.push_back(std::move(body));
  s.queued.Notify();
  co_return absl::OkStatus();
}

SseClient::SseClient(Executor executor, std::string_view url, SseClientOptions options)
    : state_(std::make_shared<State>(std::move(executor), url, std::move(options))) {
  asio::dispatch(state_->executor, [state = state_] { state->Start(); });
}

SseClient::~SseClient() {
  // The state belongs to the loop, and goes there.
  const Executor executor = state_->executor;
  asio::dispatch(executor, [state = std::move(state_)] { state->End(absl::OkStatus()); });
}

Awaitable<absl::Status> SseClient::WaitUntilConnected() {
  return OnExecutor(state_->executor, State::Connected(state_));
}

Awaitable<ReadResult> SseClient::Read() {
  return OnExecutor(state_->executor, State::Read(state_));
}

Awaitable<absl::Status> SseClient::Send(std::string text) {
  return OnExecutor(state_->executor, State::Send(state_, std::move(text)));
}

void SseClient::Close() {
  asio::dispatch(state_->executor, [state = state_] { state->End(absl::OkStatus()); });
}

const std::string& SseClient::id() const { return state_->id; }

}  // namespace runnel
