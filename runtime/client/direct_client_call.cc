#include "runtime/client/direct_client_call.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/call/metadata_headers.h"
#include "runtime/client/error_response.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/base64.h"
#include "runtime/wire/connect_error.h"

namespace runnel {
namespace {

// base64 and the fields of an event come on top of the message.
size_t MaxEventBytes(const Limits& limits) { return limits.max_message_bytes * 4 / 3 + 4096; }

}  // namespace

DirectClientCall::DirectClientCall(Executor executor, std::shared_ptr<HttpClient> http,
                                   const MethodInfo& method, CallOptions options, Codec codec,
                                   const Limits& limits, Clock& clock)
    : http_(std::move(http)),
      method_(method),
      options_(std::move(options)),
      codec_(codec),
      limits_(limits),
      clock_(clock),
      deadline_(clock.Now() + options_.timeout),
      events_(MaxEventBytes(limits)) {
  if (options_.timeout == absl::InfiniteDuration()) return;
  timer_ = clock.CallAt(std::move(executor), deadline_, [this] {
    Abort(absl::DeadlineExceededError(
        absl::StrCat("no answer within ", absl::FormatDuration(options_.timeout))));
  });
}

void DirectClientCall::Abort(absl::Status status) {
  if (end_) return;
  end_ = std::move(status);
  exchange_.Interrupt();
  if (!reading_) response_.reset();
}

void DirectClientCall::Cancel() { Abort(absl::CancelledError("the call was cancelled here")); }

Awaitable<absl::Status> DirectClientCall::Write(const google::protobuf::Message& message,
                                                const WriteOptions&) {
  if (end_) co_return *end_;
  std::string bytes;
  if (absl::Status encoded = EncodeMessage(codec_, message, bytes); !encoded.ok()) {
    end_ = encoded;
    co_return encoded;
  }
  request_ = std::move(bytes);
  co_return absl::OkStatus();
}

Awaitable<absl::Status> DirectClientCall::WritesDone() { co_return absl::OkStatus(); }

Awaitable<absl::StatusOr<bool>> DirectClientCall::Read(google::protobuf::Message& message) {
  if (!end_) {
    reading_ = true;
    absl::StatusOr<bool> read = co_await TryRead(message);
    reading_ = false;
    // A deadline or a Cancel() that came meanwhile is the better reason.
    if (!end_) {
      if (read.ok() && *read) co_return true;
      end_ = read.ok() ? absl::OkStatus() : std::move(read).status();
    } else if (end_->ok() && read.ok()) {
      co_return read;
    }
  }
  timer_.reset();
  response_.reset();
  if (!end_->ok()) co_return *end_;
  co_return false;
}

Awaitable<absl::StatusOr<bool>> DirectClientCall::TryRead(google::protobuf::Message& message) {
  if (!std::exchange(begun_, true)) {
    RUNNEL_CO_RETURN_IF_ERROR(co_await Exchange());
    if (!method_.server_streams()) co_return co_await ReadUnary(message);
  } else if (!method_.server_streams()) {
    co_return false;  // the response has been read
  }
  co_return co_await ReadEvent(message);
}

HttpRequest DirectClientCall::MakeRequest() {
  HttpRequest request;
  request.target = std::string(method_.path);
  request.idempotent = method_.idempotency != Idempotency::kUnknown;
  request.headers.Add("content-type", absl::StrCat("application/", AbslView(CodecName(codec_))));
  request.headers.Add("connect-protocol-version", "1");
  if (method_.server_streams()) request.headers.Add("accept", "text/event-stream");
  if (!options_.last_event_id.empty()) {
    request.headers.Add("last-event-id", options_.last_event_id);
  }
  if (timer_ != nullptr) {
    const absl::Duration left = std::max(deadline_ - clock_.Now(), absl::ZeroDuration());
    request.headers.Add("connect-timeout-ms", absl::StrCat(std::min<int64_t>(
                                                  absl::ToInt64Milliseconds(left), 9'999'999'999)));
  }
  AddMetadata(options_.metadata, "", request.headers);
  request.body = StringBody(std::move(request_).value_or(""));
  return request;
}

Awaitable<absl::Status> DirectClientCall::Exchange() {
  RUNNEL_CO_RETURN_IF_ERROR(options_.metadata.Validate());
  absl::StatusOr<HttpResponse> response = co_await exchange_.Await(http_->Send(MakeRequest()));
  if (!response.ok()) co_return std::move(response).status();
  RUNNEL_CO_RETURN_IF_ERROR(
      ExtractMetadata(response->headers, initial_metadata_, &trailing_metadata_));
  if (response->status != 200) {
    co_return co_await exchange_.Await(ErrorOf(*std::move(response), limits_));
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

Awaitable<absl::StatusOr<bool>> DirectClientCall::ReadUnary(google::protobuf::Message& message) {
  absl::StatusOr<std::string> body = co_await exchange_.Await(
      ReadAll(response_.get(), limits_.max_message_bytes, "Limits::max_message_bytes"));
  if (!body.ok()) co_return std::move(body).status();
  RUNNEL_CO_RETURN_IF_ERROR(DecodeMessage(codec_, *body, limits_, message));
  co_return true;
}

Awaitable<absl::StatusOr<bool>> DirectClientCall::ReadEvent(google::protobuf::Message& message) {
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
    if (event->type == "end") co_return TakeEnd(event->data);
    if (event->type != "message") continue;  // a later version's
    if (codec_ == Codec::kJson) {
      RUNNEL_CO_RETURN_IF_ERROR(DecodeMessage(codec_, event->data, limits_, message));
    } else {
      RUNNEL_CO_RETURN_IF_ERROR(DecodeBase64(event->data, scratch_));
      RUNNEL_CO_RETURN_IF_ERROR(DecodeMessage(codec_, scratch_, limits_, message));
    }
    co_return true;
  }
}

absl::StatusOr<bool> DirectClientCall::TakeEnd(std::string_view json) {
  RUNNEL_ASSIGN_OR_RETURN(EndOfStream end, ParseEndOfStream(json, limits_));
  trailing_metadata_ = std::move(end.trailers);
  RUNNEL_RETURN_IF_ERROR(end.status);
  return false;
}

}  // namespace runnel
