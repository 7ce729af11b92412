#include "runtime/client/api_client_call.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/api/api_error.h"
#include "runtime/api/api_event.h"
#include "runtime/call/metadata_headers.h"
#include "runtime/client/event_source_response.h"
#include "runtime/core/codec.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/http/not_sent.h"

namespace runnel {
namespace {

// The fields of an event come on top of its message.
constexpr size_t kEventFieldBytes = 4096;

EventOutcome OutcomeOf(ApiEventContent content) {
  if (!content.status.ok()) return EventOutcome::Bad(std::move(content.status));
  switch (content.kind) {
    case ApiEventKind::kMessage:
      return EventOutcome::Message();
    case ApiEventKind::kLastMessage:
      return EventOutcome::LastMessage();
    case ApiEventKind::kUnknown:
      return EventOutcome::Unknown();
    case ApiEventKind::kEnd:
      return EventOutcome::End(std::move(content.sent));
    case ApiEventKind::kSkipped:
      break;
  }
  return EventOutcome::Skipped();
}

}  // namespace

ApiClientCall::ApiClientCall(std::shared_ptr<const ApiClientTarget> target,
                             const MethodInfo& method, CallOptions call)
    : target_(std::move(target)),
      method_(method),
      api_(*method.api),
      call_(std::move(call)),
      requests_(target_->executor, source_options_, *target_->clock),
      backoff_(target_->options.retry.first_pause, target_->options.retry.longest_pause) {
  const ApiChannelOptions& options = target_->options;
  source_options_.method = std::string(api_.verb);
  source_options_.headers = options.headers;
  source_options_.attempt_headers = options.attempt_headers;
  source_options_.last_event_id = call_.last_event_id;
  source_options_.read_timeout = options.read_timeout;
  source_options_.max_event_bytes = options.limits.max_message_bytes + kEventFieldBytes;
  source_options_.http = options.http;
  source_options_.clock = target_->clock;
  if (method_.server_streams()) {
    source_options_.retry = options.reconnect;
    source_options_.refusal = [target = target_, api = &api_, retry_after = retry_after_](
                                  int http_status, const HttpHeaders& headers,
                                  std::string_view body) {
      *retry_after = RetryAfter(headers);
      const auto error = ParseApiError(*api->errors, body, http_status, target->options.limits);
      if (error) return *error;
      // The URL is the EventSource's to tell.
      return absl::OkStatus();
    };
    if (!reconnects()) {
      source_options_.retry.max_drops = 1;
      source_options_.retry.server_errors = false;
      source_options_.retry.statuses.clear();
      source_options_.end_of_body = EndOfBody::kClose;
    }
  } else {
    if (!source_options_.headers.Contains("accept")) {
      source_options_.headers.Add("accept", "application/json");
    }
  }
  requests_.set_origin(target_->base.origin);
  if (call_.timeout == absl::InfiniteDuration()) return;
  deadline_ = target_->clock->CallAfter(target_->executor, call_.timeout, [this] {
    End(absl::DeadlineExceededError(
        absl::StrCat("no answer within ", absl::FormatDuration(call_.timeout))));
  });
}

ApiClientCall::~ApiClientCall() { End(absl::CancelledError("the call was given up")); }

bool ApiClientCall::reconnects() const {
  return method_.idempotency == Idempotency::kNoSideEffects &&
         (method_.resumable || !api_.says_end());
}

void ApiClientCall::End(absl::Status status) {
  if (end_) return;
  end_ = std::move(status);
  deadline_.reset();
  if (source_ != nullptr) source_->Close();
  operation_.Interrupt();
}

void ApiClientCall::Cancel() { End(absl::CancelledError("the call was cancelled here")); }

Awaitable<absl::Status> ApiClientCall::Write(const google::protobuf::Message& message,
                                             const WriteOptions&) {
  if (end_) co_return *end_;
  if (request_) {
    co_return absl::FailedPreconditionError("the call has one request, which was written");
  }
  absl::Status valid = call_.metadata.Validate();
  if (valid.ok()) {
    absl::StatusOr<ApiRequest> request = EncodeApiRequest(api_, message, method_.server_streams());
    valid = request.status();
    if (request.ok()) request_ = *std::move(request);
  }
  if (!valid.ok()) {
    End(valid);
    co_return valid;
  }
  request_->target.insert(0, target_->base.target);
  AddMetadata(call_.metadata, "", source_options_.headers);
  if (request_->body) {
    source_options_.body = *request_->body;
    source_options_.headers.Set("content-type", "application/json");
  }
  co_return absl::OkStatus();
}

Awaitable<absl::Status> ApiClientCall::WritesDone() { co_return absl::OkStatus(); }

Awaitable<absl::StatusOr<bool>> ApiClientCall::Read(google::protobuf::Message& message) {
  if (!end_ && !request_) {
    co_return absl::FailedPreconditionError("the call's request has not been written");
  }
  if (!end_ && method_.server_streams()) {
    absl::StatusOr<bool> read = co_await ReadEvent(message);
    if (!end_ && read.ok() && *read) co_return true;
    // A cancelled reader leaves behind what nobody knows the state of.
    if (!end_) End(read.ok() ? absl::OkStatus() : std::move(read).status());
  } else if (!end_ && !received_) {
    absl::Status exchanged = co_await Exchange(message);
    if (!end_ && exchanged.ok()) {
      received_ = true;
      deadline_.reset();
      co_return true;
    }
    if (!end_) End(std::move(exchanged));
  } else if (!end_) {
    End(absl::OkStatus());
  }
  if (!end_->ok()) co_return *end_;
  co_return false;
}

template <typename T>
Awaitable<T> ApiClientCall::Timed(Awaitable<T> operation) {
  const absl::Duration timeout = target_->options.read_timeout;
  bool timed_out = false;
  std::unique_ptr<Timer> timer;
  if (timeout != absl::InfiniteDuration()) {
    timer = target_->clock->CallAfter(target_->executor, timeout, [this, &timed_out] {
      timed_out = true;
      operation_.Interrupt();
    });
  }
  T result = co_await operation_.Await(std::move(operation));
  timer.reset();
  if (timed_out && !result.ok()) {
    result = absl::DeadlineExceededError(
        absl::StrCat("nothing came for ", absl::FormatDuration(timeout)));
  }
  co_return result;
}

absl::Status ApiClientCall::ErrorOf(int http_status, std::string_view body) const {
  const auto error = ParseApiError(*api_.errors, body, http_status, target_->options.limits);
  if (error) return *error;
  const std::string url =
      absl::StrCat(target_->base.origin, request_->target.substr(0, request_->target.find('?')));
  const absl::Status status = RefusalStatus(http_status, url, body);
  return http_status < 400 ? status : absl::Status(ApiCodeForHttp(http_status), status.message());
}

bool ApiClientCall::Retries(const absl::Status& status) const {
  const RetryPolicy& retry = target_->options.retry;
  return attempts_ < retry.max_attempts &&
         std::find(retry.codes.begin(), retry.codes.end(), status.code()) != retry.codes.end();
}

Awaitable<absl::Status> ApiClientCall::Pause(absl::Duration at_least) {
  const absl::Duration pause = std::max(backoff_.Next(), at_least);
  co_return co_await operation_.Await(SleepFor(*target_->clock, pause));
}

Awaitable<absl::Status> ApiClientCall::Exchange(google::protobuf::Message& response) {
  while (true) {
    ++attempts_;
    std::optional<absl::Duration> again_after;
    const absl::Status exchanged = co_await ExchangeOnce(response, again_after);
    if (end_ || exchanged.ok() || !again_after || !Retries(exchanged)) co_return exchanged;
    const absl::Status paused = co_await Pause(*again_after);
    if (!paused.ok()) co_return paused;
  }
}

Awaitable<absl::Status> ApiClientCall::ExchangeOnce(google::protobuf::Message& response,
                                                    std::optional<absl::Duration>& again_after) {
  EventSourceDestination where;
  where.url.origin = target_->base.origin;
  where.url.target = request_->target;
  where.method = source_options_.method;
  where.has_body = request_->body.has_value();
  absl::StatusOr<HttpResponse> received =
      co_await Timed(requests_.Send(std::move(where), std::string()));
  if (!received.ok()) {
    absl::Status failed = std::move(received).status();
    const bool not_sent = TakeNotSent(failed);
    if (not_sent || method_.idempotency != Idempotency::kUnknown) {
      again_after = absl::ZeroDuration();
    }
    co_return failed;
  }
  const int http_status = received->status;
  const bool good = http_status >= 200 && http_status < 300;
  const absl::Duration retry_after = RetryAfter(received->headers);
  const std::string encoding(received->headers.Get("content-encoding").value_or(""));
  // What is no metadata is no reason to lose the response.
  const absl::Status extracted = ExtractMetadata(received->headers, initial_, &trailing_);
  extracted.IgnoreError();
  if (!good) {
    absl::StatusOr<std::string> text = co_await Timed(RefusalText(*std::move(received)));
    again_after = retry_after;
    co_return ErrorOf(http_status, text.value_or(""));
  }
  if (!encoding.empty() && encoding != "identity") {
    co_return absl::UnknownError(absl::StrCat("the server's content-encoding is \"", encoding,
                                              "\", which it was not asked for"));
  }
  absl::StatusOr<std::string> body =
      co_await Timed(ReadAll(received->body.get(), target_->options.limits.max_message_bytes,
                             "Limits::max_message_bytes"));
  if (!body.ok()) co_return std::move(body).status();
  // Of a response without content (204) the message is the empty one.
  if (body->empty()) co_return absl::OkStatus();
  absl::Status decoded = DecodeMessage(Codec::kJson, *body, target_->options.limits, response);
  // The server's mistake, or that of the .proto: not the caller's.
  if (absl::IsInvalidArgument(decoded)) {
    decoded = absl::InternalError(absl::StrCat("the server's answer: ", decoded.message()));
  }
  co_return decoded;
}

void ApiClientCall::OpenStream() {
  ++attempts_;
  const std::string url = absl::StrCat(target_->base.origin, request_->target);
  source_ = std::make_shared<EventSource>(target_->executor, url, source_options_);
  EventStreamOptions options;
  options.limits = target_->options.limits;
  options.end_required = api_.says_end();
  EventStreamCore::Decode decode = [target = target_, api = &api_](const SourceEvent& event,
                                                                   void* message) {
    return OutcomeOf(ReadApiEvent(*api, event.type, event.data, target->options.limits,
                                  *static_cast<google::protobuf::Message*>(message)));
  };
  stream_ = std::make_shared<EventStreamCore>(source_, std::move(decode), std::move(options));
}

Awaitable<absl::StatusOr<bool>> ApiClientCall::ReadEvent(google::protobuf::Message& message) {
  while (true) {
    if (stream_ == nullptr) OpenStream();
    SourceEvent event;
    absl::Status status;
    absl::StatusOr<bool> read =
        co_await operation_.Await(EventStreamCore::Read(stream_, event, status, &message));
    if (end_ || read.ok() || received_) {
      received_ = true;
      co_return read;
    }
    const int http_status = source_->status().http_status;
    const bool answered = http_status != 0;
    const bool harmless = method_.idempotency != Idempotency::kUnknown;
    if (http_status == 200 || reconnects() || !(answered || harmless) || !Retries(read.status())) {
      co_return read;
    }
    stream_.reset();
    const absl::Status paused = co_await Pause(std::exchange(*retry_after_, absl::ZeroDuration()));
    if (!paused.ok()) co_return paused;
  }
}

}  // namespace runnel
