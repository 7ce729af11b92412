#include "runtime/client/envelope_exchange.h"

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/connect_error.h"
#include "runtime/wire/gzip.h"

namespace runnel {
namespace {

using Received = absl::StatusOr<std::optional<std::string_view>>;

// Whoever writes waits while so much is on its way: one large write of the connection.
constexpr size_t kMaxPendingBytes = 64 * 1024;
// The response is taken no further while so much of it is unread.
constexpr size_t kMaxUnreadBytes = 64 * 1024;

constexpr std::string_view kCompressionField = "connect-content-encoding";

// What is left to say to who writes after the end.
absl::Status Over(const absl::Status& end) {
  return end.ok() ? absl::CancelledError("the call is over") : end;
}

// What a server does against the protocol.
absl::Status Malformed(std::string_view what) {
  return absl::InternalError(absl::StrCat("the server's response ", AbslView(what)));
}

// Why a server has refused a bidi stream.
absl::Status NotFullDuplex(const absl::Status& refusal) {
  absl::Status explained(
      refusal.code(),
      absl::StrCat(refusal.message(),
                   " (over HTTP/1.1 a bidi stream is half-duplex at best: responses come when all "
                   "requests have been sent. Both directions at once need Route::kSession, and "
                   "so a Runnel server)"));
  refusal.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    explained.SetPayload(type, payload);
  });
  return explained;
}

}  // namespace

// Gives the connection what has been written since it last asked.
class EnvelopeExchange::Body final : public HttpBody {
 public:
  explicit Body(std::shared_ptr<EnvelopeExchange> exchange) : exchange_(std::move(exchange)) {}
  ~Body() override {
    exchange_->refused_ = true;
    exchange_->changed_.Notify();
  }

  Awaitable<Received> Read() override {
    while (exchange_->out_.empty()) {
      if (exchange_->request_complete_) co_return std::nullopt;
      absl::Status waited = co_await exchange_->written_.Wait();
      if (!waited.ok()) co_return waited;
    }
    sending_.clear();
    sending_.swap(exchange_->out_);
    exchange_->changed_.Notify();
    co_return std::optional<std::string_view>(sending_);
  }

  bool ended() const override { return exchange_->request_complete_ && exchange_->out_.empty(); }

 private:
  const std::shared_ptr<EnvelopeExchange> exchange_;
  std::string sending_;
};

EnvelopeExchange::EnvelopeExchange(const DirectOptions& direct)
    : limits_(direct.limits),
      codec_(direct.codec),
      compression_(direct.compression),
      compress_min_bytes_(direct.compress_min_bytes),
      parser_(MaxReceivedBytes(direct.compression, direct.limits), "Limits::max_message_bytes") {}

std::string EnvelopeExchange::MediaType() const {
  return absl::StrCat("application/connect+", AbslView(CodecName(codec_)));
}

// --- the request ---

void EnvelopeExchange::Write(std::string_view message) {
  if (compression_ == Compression::kGzip && message.size() >= compress_min_bytes_) {
    std::string compressed;
    AppendGzip(message, compressed);
    AppendEnvelope(kCompressedEnvelope, compressed, out_);
  } else {
    AppendEnvelope(0, message, out_);
  }
  written_.Notify();
}

void EnvelopeExchange::CompleteRequest() {
  request_complete_ = true;
  written_.Notify();
}

Awaitable<absl::Status> EnvelopeExchange::AwaitRoom() {
  while (!end_) {
    // The end is behind messages, which whoever reads gets first, and so learns of it.
    if (last_) co_return Over(*last_);
    const bool refused = refused_ && !(request_complete_ && out_.empty());
    if (!refused && out_.size() < kMaxPendingBytes) co_return absl::OkStatus();
    // Why will be in the response, which may wait to be read.
    if (refused && !unread_.empty()) {
      co_return absl::UnavailableError("the server takes no more requests of this call");
    }
    RUNNEL_CO_RETURN_IF_ERROR(co_await changed_.Wait());
  }
  co_return Over(*end_);
}

void EnvelopeExchange::FinishRequest(HttpRequest& request) {
  request.headers.Add("content-type", MediaType());
  if (compression_ == Compression::kGzip) {
    request.headers.Add(kCompressionField, "gzip");
    request.headers.Add("connect-accept-encoding", "gzip");
  }
  if (request_complete_) {
    // All there: its length can be said, and it can be sent again.
    request.body = StringBody(std::exchange(out_, {}));
  } else {
    request.body = std::make_unique<Body>(shared_from_this());
  }
}

// --- the response ---

Awaitable<void> EnvelopeExchange::Run(std::shared_ptr<EnvelopeExchange> self,
                                      std::shared_ptr<HttpClient> http, HttpRequest request,
                                      CallKind kind) {
  DirectExpectation expected;
  expected.media_type = self->MediaType();
  expected.compression_field = kCompressionField;
  expected.compression = self->compression_;
  absl::Status status = co_await ExchangeDirect(http, std::move(request), std::move(expected),
                                                self->limits_, self->response_);
  if (status.ok()) status = co_await self->ReadMessages();
  if (self->response_.http_status == 505 && kind == CallKind::kBidi) {
    status = NotFullDuplex(status);
  }
  if (!self->end_) self->last_ = status;
  if (self->unread_.empty()) self->End(std::move(status));
  self->changed_.Notify();
  // The connection serves others when the body has been read to its end.
  if (self->complete_ && !self->response_.body->ended()) {
    const Received rest = co_await self->response_.body->Read();
    rest.status().IgnoreError();
  }
  self->response_.body.reset();
}

Awaitable<absl::Status> EnvelopeExchange::ReadMessages() {
  if (response_.body == nullptr) co_return Malformed("has no end of the stream");
  for (;;) {
    Received piece = co_await response_.body->Read();
    if (!piece.ok()) co_return std::move(piece).status();
    if (!*piece) {
      co_return Malformed(parser_.pending() > 0 ? "ends in the middle of an envelope"
                                                : "has no end of the stream");
    }
    parser_.Feed(**piece);
    RUNNEL_CO_RETURN_IF_ERROR(TakeMessages());
    if (complete_) co_return end_of_stream_;
    changed_.Notify();
    while (unread_bytes_ >= kMaxUnreadBytes) {
      RUNNEL_CO_RETURN_IF_ERROR(co_await changed_.Wait());
    }
  }
}

absl::Status EnvelopeExchange::TakeMessages() {
  for (;;) {
    absl::StatusOr<std::optional<Envelope>> envelope = parser_.Next();
    if (absl::IsInvalidArgument(envelope.status())) {
      return Malformed(StdView(envelope.status().message()));
    }
    if (!envelope.ok()) return envelope.status();
    if (!*envelope) return absl::OkStatus();
    RUNNEL_RETURN_IF_ERROR(TakeMessage(**envelope));
  }
}

absl::Status EnvelopeExchange::TakeMessage(const Envelope& envelope) {
  if (complete_) return Malformed("goes on behind the end of the stream");
  if (envelope.compressed() && response_.compression == Compression::kIdentity) {
    return Malformed("has a compressed envelope, but Connect-Content-Encoding does not say how");
  }
  if (!envelope.end_stream()) {
    unread_bytes_ += sizeof(Message) + envelope.payload.size();
    unread_.push_back({envelope.compressed(), std::string(envelope.payload)});
    return absl::OkStatus();
  }
  std::string json(envelope.payload);
  if (envelope.compressed()) {
    RUNNEL_ASSIGN_OR_RETURN(json, Decompressed(envelope.payload, limits_));
  }
  absl::StatusOr<EndOfStream> parsed = ParseEndOfStream(json, limits_);
  if (!parsed.ok()) {
    return Malformed(
        absl::StrCat("has a malformed end of the stream: ", parsed.status().message()));
  }
  complete_ = true;
  end_of_stream_ = std::move(parsed->status);
  response_.trailing = std::move(parsed->trailers);
  return absl::OkStatus();
}

absl::StatusOr<std::string> EnvelopeExchange::NextUnread() {
  Message message = std::move(unread_.front());
  unread_.pop_front();
  unread_bytes_ -= sizeof(Message) + message.bytes.size();
  changed_.Notify();
  if (message.compressed) return Decompressed(message.bytes, limits_);
  return std::move(message.bytes);
}

Awaitable<absl::StatusOr<bool>> EnvelopeExchange::Read(std::string& message) {
  while (!end_) {
    if (!unread_.empty()) {
      RUNNEL_CO_ASSIGN_OR_RETURN(message, NextUnread());
      co_return true;
    }
    if (last_) {
      End(*last_);
    } else {
      RUNNEL_CO_RETURN_IF_ERROR(co_await changed_.Wait());
    }
  }
  co_return false;
}

void EnvelopeExchange::End(absl::Status status) {
  if (end_) return;
  last_ = status;
  end_ = std::move(status);
  changed_.Notify();
}

}  // namespace runnel
