#include "runtime/client/direct_attempt.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/base64.h"
#include "runtime/wire/connect_error.h"
#include "runtime/wire/gzip.h"

namespace runnel {
namespace {

using Received = absl::StatusOr<std::optional<std::string_view>>;

// base64 and the fields of an event come on top of the message.
size_t MaxEventBytes(const Limits& limits) { return limits.max_message_bytes * 4 / 3 + 4096; }

// As a query has it (RFC 4648 section 5).
std::string UrlBase64(std::string_view bytes) {
  std::string text;
  AppendBase64(bytes, text);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

}  // namespace

DirectAttempt::DirectAttempt(std::shared_ptr<HttpClient> http, const MethodInfo& method,
                             AttemptOptions options, HttpHeaders headers,
                             const DirectOptions& direct)
    : http_(std::move(http)),
      method_(method),
      options_(std::move(options)),
      direct_(direct),
      headers_(std::move(headers)),
      events_(MaxEventBytes(direct.limits)) {}

void DirectAttempt::Abandon(absl::Status status) {
  if (end_) return;
  end_ = std::move(status);
  exchange_.Interrupt();
  if (!reading_) response_.body.reset();
}

Awaitable<absl::Status> DirectAttempt::Send(std::string message, bool) {
  if (end_) co_return *end_;
  request_ = std::move(message);
  co_return absl::OkStatus();
}

Awaitable<absl::Status> DirectAttempt::HalfClose() { co_return absl::OkStatus(); }

Awaitable<Received> DirectAttempt::Receive() {
  while (true) {
    if (std::optional<std::string_view> message = TryReceive()) co_return message;
    if (!end_ && begun_ && !method_.server_streams()) end_ = absl::OkStatus();  // that was all
    if (end_) break;
    reading_ = true;
    absl::Status more = co_await ReceiveMore();
    reading_ = false;
    // A deadline or a cancellation that came meanwhile is the better reason.
    if (!end_ && !more.ok()) end_ = std::move(more);
  }
  response_.body.reset();
  if (!end_->ok()) co_return *end_;
  co_return std::nullopt;
}

std::optional<std::string_view> DirectAttempt::TryReceive() {
  if (std::exchange(unary_message_here_, false)) return message_;
  while (!end_) {
    absl::StatusOr<std::optional<EventView>> event = events_.Next();
    if (!event.ok()) {
      end_ = std::move(event).status();
    } else if (!*event) {
      return std::nullopt;
    } else if ((*event)->type == "message") {
      if (direct_.codec == Codec::kJson) return (*event)->data;
      absl::Status decoded = DecodeBase64((*event)->data, message_);
      if (decoded.ok()) return message_;
      end_ = std::move(decoded);
    } else if ((*event)->type == "end") {
      end_ = TakeEnd((*event)->data);
    }  // Others are a later version's.
  }
  return std::nullopt;
}

Awaitable<absl::Status> DirectAttempt::ReceiveMore() {
  if (std::exchange(begun_, true)) co_return co_await ReceivePiece();
  HttpRequest request = MakeRequest();
  DirectExpectation expected = Expectation();
  if (!method_.server_streams()) {
    co_return co_await exchange_.Await(ExchangeUnary(std::move(request), std::move(expected)));
  }
  absl::Status exchanged = co_await exchange_.Await(
      ExchangeDirect(http_, std::move(request), std::move(expected), direct_.limits, response_));
  RUNNEL_CO_RETURN_IF_ERROR(exchanged);
  co_return co_await ReceivePiece();
}

std::string DirectAttempt::MediaType() const {
  return absl::StrCat("application/", AbslView(CodecName(direct_.codec)));
}

DirectExpectation DirectAttempt::Expectation() const {
  DirectExpectation expected;
  expected.media_type = method_.server_streams() ? "text/event-stream" : MediaType();
  if (!method_.server_streams()) expected.compression = direct_.compression;
  return expected;
}

HttpRequest DirectAttempt::MakeRequest() {
  HttpRequest request = NewDirectRequest(method_, options_, std::move(headers_), *direct_.clock);
  if (method_.server_streams()) {
    request.headers.Add("accept", "text/event-stream");
  } else if (direct_.compression == Compression::kGzip) {
    request.headers.Add("accept-encoding", "gzip");
  }
  if (!options_.last_event_id.empty()) {
    request.headers.Add("last-event-id", options_.last_event_id);
  }
  std::string message = std::move(request_).value_or("");
  bool compressed =
      direct_.compression == Compression::kGzip && message.size() >= direct_.compress_min_bytes;
  if (compressed) {
    std::string bytes;
    AppendGzip(message, bytes);
    message = std::move(bytes);
  }
  if (TryGet(message, compressed, request)) return request;
  request.headers.Add("content-type", MediaType());
  if (compressed) request.headers.Add("content-encoding", "gzip");
  request.body = StringBody(std::move(message));
  return request;
}

bool DirectAttempt::TryGet(std::string_view message, bool compressed, HttpRequest& request) const {
  if (!direct_.use_get || method_.idempotency != Idempotency::kNoSideEffects ||
      method_.kind != CallKind::kUnary) {
    return false;
  }
  std::string target = absl::StrCat(
      request.target, "?connect=v1&encoding=", AbslView(CodecName(direct_.codec)), "&base64=1",
      compressed ? "&compression=gzip" : "", "&message=", UrlBase64(message));
  if (target.size() > direct_.limits.max_target_bytes) return false;
  request.method = "GET";
  request.target = std::move(target);
  return true;
}

Awaitable<absl::Status> DirectAttempt::ExchangeUnary(HttpRequest request,
                                                     DirectExpectation expected) {
  RUNNEL_CO_RETURN_IF_ERROR(co_await ExchangeDirect(http_, std::move(request), std::move(expected),
                                                    direct_.limits, response_));
  const size_t max_bytes = MaxReceivedBytes(response_.compression, direct_.limits);
  absl::StatusOr<std::string> body = std::string();
  std::optional<std::string_view> all;
  if (response_.body != nullptr) all = response_.body->TryReadAll(max_bytes);
  if (all) {
    body->assign(*all);
  } else {
    body = co_await ReadAll(response_.body.get(), max_bytes, "Limits::max_message_bytes");
  }
  // Some servers leave the empty message as it is.
  if (response_.compression == Compression::kGzip && body.ok() && !body->empty()) {
    body = Decompressed(*body, direct_.limits);
  }
  if (!body.ok()) co_return std::move(body).status();
  message_ = *std::move(body);
  unary_message_here_ = true;
  co_return absl::OkStatus();
}

Awaitable<absl::Status> DirectAttempt::ReceivePiece() {
  if (response_.body == nullptr) co_return absl::UnavailableError("the stream has no body");
  absl::StatusOr<std::optional<std::string_view>> piece =
      co_await exchange_.Await(response_.body->Read());
  if (!piece.ok()) co_return std::move(piece).status();
  if (!*piece) {
    co_return absl::UnavailableError("the stream was cut: its connection ended before the call");
  }
  events_.Feed(**piece);
  co_return absl::OkStatus();
}

absl::Status DirectAttempt::TakeEnd(std::string_view json) {
  RUNNEL_ASSIGN_OR_RETURN(EndOfStream end, ParseEndOfStream(json, direct_.limits));
  response_.trailing = std::move(end.trailers);
  return end.status;
}

}  // namespace runnel
