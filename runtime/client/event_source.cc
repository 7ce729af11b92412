#include "runtime/client/event_source.h"

#include <openssl/rand.h>

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/async/interruptible.h"
#include "runtime/async/on_executor.h"
#include "runtime/client/event_source_response.h"
#include "runtime/client/event_source_url.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/http/http_client.h"
#include "runtime/http/not_sent.h"

namespace runnel {
namespace {

using Received = absl::StatusOr<std::optional<std::string_view>>;
using ReadResult = absl::StatusOr<std::optional<SourceEvent>>;

// Longer pauses than a stream may set, and than clocks like.
constexpr absl::Duration kLongestReconnectionTime = absl::Hours(24 * 365);
// A refusal is no less one when what it says to people does not come.
constexpr absl::Duration kRefusalTimeout = absl::Seconds(5);
// Where the stream has set none at all, repeated failures still wait.
constexpr absl::Duration kLeastRepeatedPause = absl::Milliseconds(100);

constexpr std::string_view kCredentialHeaders[] = {"authorization", "proxy-authorization",
                                                   "cookie"};
constexpr std::string_view kBodyHeaders[] = {"content-type", "content-encoding", "content-language",
                                             "content-location"};

// From 0 to 1.
double Random() {
  uint32_t bits = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&bits), sizeof(bits));
  return bits / 4294967296.0;
}

bool FitsInHeader(std::string_view id) {
  return std::none_of(id.begin(), id.end(),
                      [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; });
}

// What asking again does not change.
bool IsFinal(const absl::Status& status) {
  return !absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status);
}

// Where an attempt goes; redirects change it.
struct Destination {
  EventSourceUrl url;
  std::string method;
  bool has_body = false;
};

}  // namespace

struct EventSource::State {
  State(Executor e, std::string_view text, EventSourceOptions o)
      : executor(std::move(e)),
        options(std::move(o)),
        clock(options.clock != nullptr ? *options.clock : Clock::Real()),
        last_event_id(options.last_event_id),
        reconnection_time(options.reconnection_time) {
    destination.method = options.method;
    destination.has_body = !options.body.empty();
    absl::StatusOr<EventSourceUrl> parsed = ParseEventSourceUrl(text);
    if (parsed.ok()) {
      destination.url = *parsed;
      origin = parsed->origin;
      shown_url = parsed->Text();
    } else {
      Close(std::move(parsed).status());
    }
  }

  // All on the loop from here on.
  static Awaitable<ReadResult> Read(std::shared_ptr<State> self);
  static Awaitable<absl::StatusOr<bool>> Open(std::shared_ptr<State> self);
  Awaitable<ReadResult> ReadNext();
  // One attempt, after the pause there may be before it. An error: the awaiting coroutine was
  // cancelled. Whatever else comes of it is the state.
  Awaitable<absl::Status> Attempt();
  Awaitable<void> TakeResponse(HttpResponse response, Destination where);
  // As `co_await task`, which Close and the timeout interrupt.
  template <typename T>
  Awaitable<T> Timed(absl::Duration timeout, Awaitable<T> task);

  absl::StatusOr<HttpRequest> NewRequest(const Destination& where);
  absl::StatusOr<std::shared_ptr<HttpClient>> ClientOf(const std::string& its_origin);
  // Where `response`, a redirect, leads.
  absl::Status Follow(const HttpResponse& response, Destination& where);

  void Learn();
  void BodyEnded();
  // The connection is gone, or there never was one.
  void Drop(absl::Status reason);
  void Refuse(absl::Status reason, absl::Duration at_least);
  void Wait(absl::Status reason, int failures, absl::Duration at_least);
  void Close(absl::Status reason);
  void Disconnect();
  ReadResult Ending() const;
  void Publish(EventSourceState state, absl::Status reason = absl::OkStatus());

  const Executor executor;
  const EventSourceOptions options;
  Clock& clock;
  std::string origin;  // of the URL that the program gave

  Destination destination;
  std::string client_origin;
  std::shared_ptr<HttpClient> client;
  Interruptible operation;
  bool reading = false;
  std::unique_ptr<HttpBody> body;  // while it is open
  std::optional<EventSourceDecoder> decoder;
  int drops = 0;     // in a row
  int refusals = 0;  // likewise
  bool waiting = false;
  absl::Time retry_time;
  std::optional<absl::Status> closed;

  mutable std::mutex mutex;  // of what others look at:
  EventSourceStatus status;
  std::string last_event_id;
  absl::Duration reconnection_time;
  std::string shown_url;
};

void EventSource::State::Publish(EventSourceState state, absl::Status reason) {
  const std::lock_guard lock(mutex);
  status.state = state;
  status.reason = std::move(reason);
  shown_url = destination.url.Text();
}

void EventSource::State::Disconnect() {
  body.reset();
  decoder.reset();
}

void EventSource::State::Close(absl::Status reason) {
  if (closed) return;
  closed = reason;
  Publish(EventSourceState::kClosed, std::move(reason));
  operation.Interrupt();
  if (!reading) Disconnect();  // else the reader does, which may be using it
}

ReadResult EventSource::State::Ending() const {
  if (!closed->ok()) return *closed;
  return std::nullopt;
}

void EventSource::State::Wait(absl::Status reason, int failures, absl::Duration at_least) {
  Disconnect();
  absl::Duration pause =
      std::clamp(reconnection_time, absl::ZeroDuration(), kLongestReconnectionTime);
  if (failures > 1) {
    const absl::Duration longest = std::max(pause, options.retry.longest_pause);
    pause = std::max(pause, kLeastRepeatedPause);
    // No further than a double can count.
    pause *= std::pow(std::max(options.retry.growth, 1.0), std::min(failures - 1, 100));
    pause = std::min(pause, longest);
  }
  pause = std::max(pause, std::min(at_least, kLongestReconnectionTime));
  pause *= 1 + std::max(options.retry.jitter, 0.0) * Random();
  waiting = true;
  retry_time = clock.Now() + pause;
  {
    const std::lock_guard lock(mutex);
    status.delay = pause;
    status.retry_time = retry_time;
  }
  Publish(EventSourceState::kWaiting, std::move(reason));
}

void EventSource::State::Drop(absl::Status reason) {
  TakeNotSent(reason);
  ++drops;
  if (options.retry.max_drops > 0 && drops >= options.retry.max_drops) {
    Close(std::move(reason));
  } else {
    Wait(std::move(reason), drops, absl::ZeroDuration());
  }
}

void EventSource::State::Refuse(absl::Status reason, absl::Duration at_least) {
  ++refusals;
  if (options.retry.max_refusals > 0 && refusals >= options.retry.max_refusals) {
    Close(std::move(reason));
  } else {
    Wait(std::move(reason), refusals, at_least);
  }
}

void EventSource::State::BodyEnded() {
  if (options.end_of_body == EndOfBody::kClose) {
    Close(absl::OkStatus());
  } else {
    Drop(absl::UnavailableError("the server has ended the response"));
  }
}

void EventSource::State::Learn() {
  const std::lock_guard lock(mutex);
  if (last_event_id != decoder->last_event_id()) last_event_id = decoder->last_event_id();
  if (const auto retry = decoder->retry()) reconnection_time = *retry;
}

template <typename T>
Awaitable<T> EventSource::State::Timed(absl::Duration timeout, Awaitable<T> task) {
  bool timed_out = false;
  std::unique_ptr<Timer> timer;
  if (timeout != absl::InfiniteDuration()) {
    timer = clock.CallAfter(executor, timeout, [this, &timed_out] {
      timed_out = true;
      operation.Interrupt();
    });
  }
  T result = co_await operation.Await(std::move(task));
  timer.reset();
  if (timed_out && !result.ok()) {
    result = absl::DeadlineExceededError(
        absl::StrCat("nothing came for ", absl::FormatDuration(timeout)));
  }
  co_return result;
}

absl::StatusOr<std::shared_ptr<HttpClient>> EventSource::State::ClientOf(
    const std::string& its_origin) {
  if (client != nullptr && client_origin == its_origin) return client;
  if (options.http) {
    RUNNEL_ASSIGN_OR_RETURN(client, options.http(its_origin));
  } else {
    HttpClientOptions http;
    http.clock = &clock;
    http.connect_timeout = options.connect_timeout;
    http.tls = options.tls;
    if (its_origin != origin) http.tls.server_name.clear();  // it is another server's
    RUNNEL_ASSIGN_OR_RETURN(client, TcpHttpClient::Create(executor, its_origin, std::move(http)));
  }
  client_origin = its_origin;
  return client;
}

absl::StatusOr<HttpRequest> EventSource::State::NewRequest(const Destination& where) {
  HttpRequest request;
  request.method = where.method;
  request.target = where.url.target;
  request.idempotent = where.method == "GET" || where.method == "REPORT";
  request.headers = options.headers;
  if (where.url.origin != origin) {
    for (const std::string_view name : kCredentialHeaders) request.headers.Remove(name);
  } else if (options.attempt_headers) {
    RUNNEL_ASSIGN_OR_RETURN(const HttpHeaders more, options.attempt_headers());
    for (const auto& [name, value] : more) request.headers.Set(name, value);
  }
  if (where.has_body) {
    request.body = StringBody(options.body);
  } else {
    for (const std::string_view name : kBodyHeaders) request.headers.Remove(name);
  }
  const auto add_default = [&](std::string_view name, std::string_view value) {
    if (!request.headers.Contains(name)) request.headers.Add(name, value);
  };
  add_default("accept", "text/event-stream");
  add_default("cache-control", "no-cache");
  if (options.gzip) add_default("accept-encoding", "gzip");
  if (!last_event_id.empty() && FitsInHeader(last_event_id)) {
    request.headers.Set("last-event-id", last_event_id);
  }
  return request;
}

absl::Status EventSource::State::Follow(const HttpResponse& response, Destination& where) {
  const std::optional<std::string_view> location = response.headers.Get("location");
  const std::string what =
      absl::StrCat("HTTP ", response.status, " of ", where.url.TextWithoutQuery());
  if (!location) return absl::UnknownError(absl::StrCat(what, " does not say where to go"));
  absl::StatusOr<EventSourceUrl> url = ResolveUrl(where.url, *location);
  if (!url.ok()) {
    return absl::UnknownError(absl::StrCat(what, " leads nowhere: ", url.status().message()));
  }
  if (where.url.tls() && !url->tls()) {
    return absl::PermissionDeniedError(absl::StrCat(what, " leads from https to http"));
  }
  // Fetch Standard, "HTTP-redirect fetch".
  const bool becomes_get = response.status == 303
                               ? where.method != "HEAD"
                               : response.status <= 302 && where.method == "POST";
  if (becomes_get && where.method != "GET") {
    where.method = "GET";
    where.has_body = false;
  }
  where.url = *std::move(url);
  return absl::OkStatus();
}

Awaitable<absl::Status> EventSource::State::Attempt() {
  if (waiting) {
    const absl::Status slept = co_await operation.Await(SleepUntil(clock, retry_time));
    if (closed) co_return absl::OkStatus();
    if (!slept.ok()) co_return slept;
    waiting = false;
  }
  Publish(EventSourceState::kConnecting);
  Destination where = destination;
  for (int redirects = 0;; ++redirects) {
    absl::StatusOr<HttpRequest> request = NewRequest(where);
    absl::StatusOr<std::shared_ptr<HttpClient>> http = ClientOf(where.url.origin);
    absl::StatusOr<HttpResponse> response = absl::UnknownError("");
    if (!http.ok()) {
      response = http.status();
    } else if (!request.ok()) {
      response = request.status();
    } else {
      response = co_await Timed(options.read_timeout, (*http)->Send(*std::move(request)));
      if (closed) co_return absl::OkStatus();
      if (absl::IsCancelled(response.status())) co_return response.status();
    }
    if (!response.ok()) {
      absl::Status failed = std::move(response).status();
      IsFinal(failed) ? Close(std::move(failed)) : Drop(std::move(failed));
      co_return absl::OkStatus();
    }
    if (!IsRedirect(response->status)) {
      co_await TakeResponse(*std::move(response), std::move(where));
      co_return absl::OkStatus();
    }
    if (redirects == options.max_redirects) {
      Drop(absl::UnavailableError(absl::StrCat("more than ", redirects, " redirects")));
      co_return absl::OkStatus();
    }
    absl::Status followed = Follow(*response, where);
    if (!followed.ok()) {
      Close(std::move(followed));
      co_return absl::OkStatus();
    }
  }
}

Awaitable<void> EventSource::State::TakeResponse(HttpResponse response, Destination where) {
  {
    const std::lock_guard lock(mutex);
    status.http_status = response.status;
  }
  if (response.status == 204) {
    Close(absl::OkStatus());
    co_return;
  }
  if (response.status != 200) {
    const absl::Duration at_least = RetryAfter(response.headers);
    const int http_status = response.status;
    const std::string url = where.url.TextWithoutQuery();
    absl::StatusOr<std::string> text = co_await Timed(
        std::min(options.read_timeout, kRefusalTimeout), RefusalText(std::move(response)));
    if (closed) co_return;
    absl::Status refused = RefusalStatus(http_status, url, text.value_or(""));
    const EventSourceRetry& retry = options.retry;
    const bool again = (retry.server_errors && http_status >= 500 && http_status <= 599) ||
                       std::find(retry.statuses.begin(), retry.statuses.end(), http_status) !=
                           retry.statuses.end();
    again ? Refuse(std::move(refused), at_least) : Close(std::move(refused));
    co_return;
  }
  absl::StatusOr<bool> gzip = TakeStreamHeaders(response.headers);
  if (!gzip.ok()) {
    Close(std::move(gzip).status());
    co_return;
  }
  DecoderOptions decoding;
  decoding.max_event_bytes = options.max_event_bytes;
  decoding.gzip = *gzip;
  decoding.comments = options.comments;
  decoding.raw = options.raw;
  decoder.emplace(decoding, last_event_id);
  destination = std::move(where);
  refusals = 0;
  body = std::move(response.body);
  if (body == nullptr) body = StringBody("");
  Publish(EventSourceState::kOpen);
}

Awaitable<ReadResult> EventSource::State::ReadNext() {
  while (!closed) {
    if (body == nullptr) {
      const absl::Status attempted = co_await Attempt();
      if (!attempted.ok()) co_return attempted;
      continue;
    }
    ReadResult event = decoder->Next();
    Learn();
    if (absl::IsResourceExhausted(event.status())) {
      Close(event.status());
      continue;
    }
    if (!event.ok()) {
      Drop(event.status());
      continue;
    }
    if (*event) co_return event;
    Received piece = co_await Timed(options.read_timeout, body->Read());
    if (closed) break;
    if (absl::IsCancelled(piece.status())) {
      Disconnect();  // nobody knows what has been read
      Publish(EventSourceState::kConnecting);
      co_return piece.status();
    }
    if (!piece.ok()) {
      Drop(piece.status());
    } else if (!*piece) {
      BodyEnded();
    } else {
      drops = 0;
      decoder->Feed(**piece);
    }
  }
  co_return Ending();
}

Awaitable<ReadResult> EventSource::State::Read(std::shared_ptr<State> self) {
  if (self->reading) co_return absl::FailedPreconditionError("the source is being read already");
  self->reading = true;
  ReadResult result = co_await self->ReadNext();
  self->reading = false;
  if (self->closed) self->Disconnect();
  co_return result;
}

Awaitable<absl::StatusOr<bool>> EventSource::State::Open(std::shared_ptr<State> self) {
  if (self->reading) co_return absl::FailedPreconditionError("the source is being read already");
  self->reading = true;
  absl::Status attempted;
  while (!self->closed && self->body == nullptr && attempted.ok()) {
    attempted = co_await self->Attempt();
  }
  self->reading = false;
  if (!self->closed) {
    if (!attempted.ok()) co_return attempted;
    co_return true;
  }
  self->Disconnect();
  if (!self->closed->ok()) co_return *self->closed;
  co_return false;
}

EventSource::EventSource(Executor executor, std::string_view url, EventSourceOptions options)
    : state_(std::make_shared<State>(std::move(executor), url, std::move(options))) {}

EventSource::~EventSource() {
  // What it holds belongs to the loop, and goes there.
  const Executor executor = state_->executor;
  asio::dispatch(executor, [state = std::move(state_)] {
    state->Close(absl::CancelledError("the event source was destroyed"));
  });
}

Awaitable<ReadResult> EventSource::Read() {
  return OnExecutor(state_->executor, State::Read(state_));
}

Awaitable<absl::StatusOr<bool>> EventSource::Open() {
  return OnExecutor(state_->executor, State::Open(state_));
}

void EventSource::Close() {
  asio::dispatch(state_->executor, [state = state_] {
    state->Close(absl::CancelledError("the event source was closed"));
  });
}

Executor EventSource::executor() const { return state_->executor; }

EventSourceStatus EventSource::status() const {
  const std::lock_guard lock(state_->mutex);
  return state_->status;
}

std::string EventSource::last_event_id() const {
  const std::lock_guard lock(state_->mutex);
  return state_->last_event_id;
}

absl::Duration EventSource::reconnection_time() const {
  const std::lock_guard lock(state_->mutex);
  return state_->reconnection_time;
}

std::string EventSource::url() const {
  const std::lock_guard lock(state_->mutex);
  return state_->shown_url;
}

}  // namespace runnel
