#include "runtime/client/direct_attempt.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/call/metadata_headers.h"
#include "runtime/client/error_response.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/http/not_sent.h"
#include "runtime/wire/base64.h"
#include "runtime/wire/connect_error.h"

namespace runnel {
namespace {

using Received = absl::StatusOr<std::optional<std::string_view>>;

// base64 and the fields of an event come on top of the message.
size_t MaxEventBytes(const Limits& limits) { return limits.max_message_bytes * 4 / 3 + 4096; }

}  // namespace

DirectAttempt::DirectAttempt(std::shared_ptr<HttpClient> http, const MethodInfo& method,
                             AttemptOptions options, HttpHeaders headers, Codec codec,
                             const Limits& limits, Clock& clock)
    : http_(std::move(http)),
      method_(method),
      options_(std::move(options)),
      headers_(std::move(headers)),
      codec_(codec),
      limits_(limits),
      clock_(clock),
      events_(MaxEventBytes(limits)) {}

void DirectAttempt::Abandon(absl::Status status) {
  if (end_) return;
  end_ = std::move(status);
  exchange_.Interrupt();
  if (!reading_) response_.reset();
}

Awaitable<absl::Status> DirectAttempt::Send(std::string message, bool) {
  if (end_) co_return *end_;
  request_ = std::move(message);
  co_return absl::OkStatus();
}

Awaitable<absl::Status> DirectAttempt::HalfClose() { co_return absl::OkStatus(); }

Awaitable<Received> DirectAttempt::Receive() {
  if (!end_) {
    reading_ = true;
    Received received = co_await TryReceive();
    reading_ = false;
    // A deadline or a cancellation that came meanwhile is the better reason.
    if (!end_) {
      if (received.ok() && *received) co_return received;
      end_ = received.ok() ? absl::OkStatus() : std::move(received).status();
    }
  }
  response_.reset();
  if (!end_->ok()) co_return *end_;
  co_return std::nullopt;
}

Awaitable<Received> DirectAttempt::TryReceive() {
  if (!std::exchange(begun_, true)) {
    RUNNEL_CO_RETURN_IF_ERROR(co_await Exchange());
    if (!method_.server_streams()) co_return co_await ReadUnary();
  } else if (!method_.server_streams()) {
    co_return std::nullopt;  // the response has been read
  }
  co_return co_await ReadEvent();
}

HttpRequest DirectAttempt::MakeRequest() {
  HttpRequest request;
  request.target = std::string(method_.path);
  request.idempotent = method_.idempotency != Idempotency::kUnknown;
  request.headers = std::move(headers_);
  request.headers.Add("content-type", absl::StrCat("application/", AbslView(CodecName(codec_))));
  request.headers.Add("connect-protocol-version", "1");
  if (method_.server_streams()) request.headers.Add("accept", "text/event-stream");
  if (!options_.last_event_id.empty()) {
    request.headers.Add("last-event-id", options_.last_event_id);
  }
  if (options_.deadline != absl::InfiniteFuture()) {
    const absl::Duration left = std::max(options_.deadline - clock_.Now(), absl::ZeroDuration());
    request.headers.Add("connect-timeout-ms", absl::StrCat(std::min<int64_t>(
                                                  absl::ToInt64Milliseconds(left), 9'999'999'999)));
  }
  AddMetadata(options_.metadata, "", request.headers);
  request.body = StringBody(std::move(request_).value_or(""));
  return request;
}

Awaitable<absl::Status> DirectAttempt::Exchange() {
  absl::StatusOr<HttpResponse> response = co_await exchange_.Await(http_->Send(MakeRequest()));
  if (!response.ok()) {
    absl::Status status = std::move(response).status();
    never_ran_ = TakeNotSent(status);
    co_return status;
  }
  RUNNEL_CO_RETURN_IF_ERROR(
      ExtractMetadata(response->headers, initial_metadata_, &trailing_metadata_));
  if (response->status != 200) {
    ResponseError error;
    error.status = absl::CancelledError("the call was cancelled here");
    never_ran_ = response->headers.Contains(kNeverRanHeader);
    error = co_await exchange_.Await(ErrorOf(*std::move(response), limits_));
    co_return error.status;
  }
  const std::string_view type = response->headers.Get("content-type").value_or("");
  const std::string expected = method_.server_streams()
                                   ? std::string("text/event-stream")
                                   : absl::StrCat("application/", AbslView(CodecName(codec_)));
  if (!absl::StartsWithIgnoreCase(AbslView(type), expected)) {
    co_return absl::UnknownError(absl::StrCat("the server answered with \"", AbslView(type),
                                              "\" where ", expected, " is expected"));
  }
  response_ = std::move(response->body);
  co_return absl::OkStatus();
}

Awaitable<Received> DirectAttempt::ReadUnary() {
  absl::StatusOr<std::string> body = co_await exchange_.Await(
      ReadAll(response_.get(), limits_.max_message_bytes, "Limits::max_message_bytes"));
  if (!body.ok()) co_return std::move(body).status();
  message_ = *std::move(body);
  co_return std::string_view(message_);
}

Awaitable<Received> DirectAttempt::ReadEvent() {
  while (true) {
    RUNNEL_CO_ASSIGN_OR_RETURN(std::optional<EventView> event, events_.Next());
    if (!event) {
      if (response_ == nullptr) co_return absl::UnavailableError("the stream has no body");
      absl::StatusOr<std::optional<std::string_view>> piece =
          co_await exchange_.Await(response_->Read());
      if (!piece.ok()) co_return std::move(piece).status();
      if (!*piece) {
        co_return absl::UnavailableError(
            "the stream was cut: its connection ended before the call");
      }
      events_.Feed(**piece);
      continue;
    }
    if (event->type == "end") {
      RUNNEL_CO_RETURN_IF_ERROR(TakeEnd(event->data));
      co_return std::nullopt;
    }
    if (event->type != "message") continue;  // a later version's
    if (codec_ == Codec::kJson) co_return event->data;
    RUNNEL_CO_RETURN_IF_ERROR(DecodeBase64(event->data, message_));
    co_return std::string_view(message_);
  }
}

absl::Status DirectAttempt::TakeEnd(std::string_view json) {
  RUNNEL_ASSIGN_OR_RETURN(EndOfStream end, ParseEndOfStream(json, limits_));
  trailing_metadata_ = std::move(end.trailers);
  return end.status;
}

}  // namespace runnel
