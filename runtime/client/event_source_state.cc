#include "runtime/client/event_source_state.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/client/event_source_pause.h"
#include "runtime/client/event_source_response.h"
#include "runtime/client/event_source_url.h"
#include "runtime/http/not_sent.h"

namespace runnel {
namespace {

using Received = absl::StatusOr<std::optional<std::string_view>>;
using ReadResult = absl::StatusOr<std::optional<SourceEvent>>;

// A refusal is no less one when what it says to people does not come.
constexpr absl::Duration kRefusalTimeout = absl::Seconds(5);

// What asking again does not change.
bool IsFinal(const absl::Status& status) {
  return !absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status);
}

}  // namespace

EventSource::State::State(Executor e, std::string_view text, EventSourceOptions o)
    : executor(std::move(e)),
      options(std::move(o)),
      clock(options.clock != nullptr ? *options.clock : Clock::Real()),
      requests(executor, options, clock),
      last_event_id(options.last_event_id),
      reconnection_time(options.reconnection_time) {
  destination.method = options.method;
  destination.has_body = !options.body.empty();
  absl::StatusOr<EventSourceUrl> parsed = ParseEventSourceUrl(text);
  if (parsed.ok()) {
    destination.url = *parsed;
    requests.set_origin(parsed->origin);
    shown_url = parsed->Text();
  } else {
    Close(std::move(parsed).status());
  }
}

void EventSource::State::Publish(EventSourceState state, absl::Status reason) {
  const std::lock_guard lock(mutex);
  status.state = state;
  status.reason = std::move(reason);
  shown_url = destination.url.Text();
  if (!options.on_status) return;
  // Not now: it may call anything.
  asio::post(executor, [report = options.on_status, now = status] { report(now); });
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
  const absl::Duration pause = PauseAfter(failures, options.retry, reconnection_time, at_least);
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
  if (options.end_of_body == EndOfBody::kReconnect) {
    Drop(absl::UnavailableError("the server has ended the response"));
  } else if (decoder->at_end()) {
    Close(absl::OkStatus());
  } else {
    Close(absl::DataLossError("the response has ended within what is compressed"));
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

Awaitable<absl::Status> EventSource::State::Attempt() {
  if (waiting) {
    const absl::Status slept = co_await operation.Await(SleepUntil(clock, retry_time));
    if (closed) co_return absl::OkStatus();
    if (!slept.ok()) co_return slept;
    waiting = false;
  }
  Publish(EventSourceState::kConnecting);
  EventSourceDestination where = destination;
  for (int redirects = 0;; ++redirects) {
    absl::StatusOr<HttpResponse> response =
        co_await Timed(options.read_timeout, requests.Send(where, last_event_id));
    if (closed) co_return absl::OkStatus();
    if (absl::IsCancelled(response.status())) co_return response.status();
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
    absl::Status followed = FollowRedirect(*response, where);
    if (!followed.ok()) {
      Close(std::move(followed));
      co_return absl::OkStatus();
    }
  }
}

Awaitable<void> EventSource::State::TakeResponse(HttpResponse response,
                                                 EventSourceDestination where) {
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
    const HttpHeaders headers = response.headers;
    absl::StatusOr<std::string> text = co_await Timed(
        std::min(options.read_timeout, kRefusalTimeout), RefusalText(std::move(response)));
    if (closed) co_return;
    absl::Status refused = options.refusal
                               ? options.refusal(http_status, headers, text.value_or(""))
                               : absl::OkStatus();
    if (refused.ok()) refused = RefusalStatus(http_status, url, text.value_or(""));
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

}  // namespace runnel
