#include "runtime/client/envelope_attempt.h"

#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/async/signal.h"
#include "runtime/client/direct_exchange.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/connect_error.h"
#include "runtime/wire/envelope.h"
#include "runtime/wire/gzip.h"

namespace runnel {
namespace {

using Received = absl::StatusOr<std::optional<std::string_view>>;

// Whoever sends waits while so much is on its way: one large write of the connection.
constexpr size_t kMaxPendingBytes = 64 * 1024;
// The response is not read further while so much of it has not been received by the caller.
constexpr size_t kMaxUnreadBytes = 64 * 1024;

// What is left to say to who sends after the end.
absl::Status Over(const absl::Status& end) {
  return end.ok() ? absl::CancelledError("the call is over") : end;
}

// What a server does wrong against the protocol.
absl::Status Malformed(std::string_view what) {
  return absl::InternalError(absl::StrCat("the server's response ", AbslView(what)));
}

}  // namespace

// What the attempt shares with the task that runs its exchange and with the request's body, both of
// which may end after it.
class EnvelopeAttempt::Exchange {
 public:
  explicit Exchange(const DirectOptions& direct)
      : limits_(direct.limits),
        codec_(direct.codec),
        compression_(direct.compression),
        parser_(MaxReceivedBytes(direct.compression, direct.limits), "Limits::max_message_bytes") {}

  // The exchange, from its request to the end of its response.
  static Awaitable<void> Run(std::shared_ptr<Exchange> self, std::shared_ptr<HttpClient> http,
                             HttpRequest request, CallKind kind);
  // Ends it here, unless it has ended.
  void End(absl::Status status);

  // The request.
  std::string out;            // envelopes on their way
  bool out_complete = false;  // no more will come
  bool refused = false;       // nobody takes them any more
  Signal written;             // of what is above

  // The response.
  struct Message {
    bool compressed = false;
    std::string bytes;
  };
  DirectResponse response;
  std::deque<Message> unread;
  std::optional<absl::Status> last;  // what it says behind the messages
  std::optional<absl::Status> end;   // the same when they have been read, or an end that came here
  Signal changed;                    // of any of that, or room in `out`

  // The first unread message, or the end.
  std::optional<Message> Take();

 private:
  Awaitable<absl::Status> ReadMessages();
  absl::Status TakeMessages();
  absl::Status TakeMessage(const Envelope& envelope);

  const Limits limits_;
  const Codec codec_;
  const Compression compression_;
  EnvelopeParser parser_;
  size_t unread_bytes_ = 0;
  bool complete_ = false;  // the end of the stream has come, with this status
  absl::Status end_of_stream_;
};

// Gives the connection what has been written since it last asked.
class EnvelopeAttempt::RequestBody final : public HttpBody {
 public:
  explicit RequestBody(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~RequestBody() override {
    exchange_->refused = true;
    exchange_->changed.Notify();
  }

  Awaitable<Received> Read() override {
    while (exchange_->out.empty()) {
      if (exchange_->out_complete) co_return std::nullopt;
      absl::Status waited = co_await exchange_->written.Wait();
      if (!waited.ok()) co_return waited;
    }
    sending_.clear();
    sending_.swap(exchange_->out);
    exchange_->changed.Notify();
    co_return std::optional<std::string_view>(sending_);
  }

  bool ended() const override { return exchange_->out_complete && exchange_->out.empty(); }

 private:
  const std::shared_ptr<Exchange> exchange_;
  std::string sending_;
};

// --- the exchange ---

void EnvelopeAttempt::Exchange::End(absl::Status status) {
  if (end) return;
  last = status;
  end = std::move(status);
  changed.Notify();
}

Awaitable<void> EnvelopeAttempt::Exchange::Run(std::shared_ptr<Exchange> self,
                                               std::shared_ptr<HttpClient> http,
                                               HttpRequest request, CallKind kind) {
  DirectExpectation expected;
  expected.media_type = absl::StrCat("application/connect+", AbslView(CodecName(self->codec_)));
  expected.compression_field = "connect-content-encoding";
  expected.compression = self->compression_;
  absl::Status status = co_await ExchangeDirect(http, std::move(request), std::move(expected),
                                                self->limits_, self->response);
  if (status.ok()) status = co_await self->ReadMessages();
  if (self->response.http_status == 505 && kind == CallKind::kBidi) {
    status = absl::Status(status.code(),
                          absl::StrCat(status.message(),
                                       " (over HTTP/1.1 a bidi stream is half-duplex at best: "
                                       "responses come when all requests have been sent. Both "
                                       "directions at once need Route::kSession)"));
  }
  if (!self->end) self->last = status;
  if (self->unread.empty()) self->End(std::move(status));
  self->changed.Notify();
  // The connection serves others when the body has been read to its end.
  if (self->complete_ && !self->response.body->ended()) {
    const Received rest = co_await self->response.body->Read();
    rest.status().IgnoreError();
  }
  self->response.body.reset();
}

Awaitable<absl::Status> EnvelopeAttempt::Exchange::ReadMessages() {
  if (response.body == nullptr) co_return Malformed("has no end of the stream");
  for (;;) {
    Received piece = co_await response.body->Read();
    if (!piece.ok()) co_return std::move(piece).status();
    if (!*piece) {
      co_return Malformed(parser_.pending() > 0 ? "ends in the middle of an envelope"
                                                : "has no end of the stream");
    }
    parser_.Feed(**piece);
    RUNNEL_CO_RETURN_IF_ERROR(TakeMessages());
    if (complete_) co_return end_of_stream_;
    changed.Notify();
    while (unread_bytes_ >= kMaxUnreadBytes) {
      absl::Status waited = co_await changed.Wait();
      if (!waited.ok()) co_return waited;
    }
  }
}

absl::Status EnvelopeAttempt::Exchange::TakeMessages() {
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

absl::Status EnvelopeAttempt::Exchange::TakeMessage(const Envelope& envelope) {
  if (complete_) return Malformed("goes on behind the end of the stream");
  if (envelope.compressed() && response.compression == Compression::kIdentity) {
    return Malformed("has a compressed envelope, but Connect-Content-Encoding does not say how");
  }
  if (!envelope.end_stream()) {
    unread_bytes_ += sizeof(Message) + envelope.payload.size();
    unread.push_back({envelope.compressed(), std::string(envelope.payload)});
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
  response.trailing = std::move(parsed->trailers);
  return absl::OkStatus();
}

std::optional<EnvelopeAttempt::Exchange::Message> EnvelopeAttempt::Exchange::Take() {
  if (unread.empty()) return std::nullopt;
  Message message = std::move(unread.front());
  unread.pop_front();
  unread_bytes_ -= sizeof(Message) + message.bytes.size();
  changed.Notify();
  return message;
}

// --- the attempt ---

EnvelopeAttempt::EnvelopeAttempt(Executor executor, std::shared_ptr<HttpClient> http,
                                 const MethodInfo& method, AttemptOptions options,
                                 HttpHeaders headers, const DirectOptions& direct)
    : http_(std::move(http)),
      method_(method),
      options_(std::move(options)),
      direct_(direct),
      headers_(std::move(headers)),
      exchange_(std::make_shared<Exchange>(direct)),
      tasks_(std::move(executor)) {}

EnvelopeAttempt::~EnvelopeAttempt() { Abandon(absl::CancelledError("the call was given up")); }

const Metadata& EnvelopeAttempt::initial_metadata() const { return exchange_->response.initial; }

const Metadata& EnvelopeAttempt::trailing_metadata() const { return exchange_->response.trailing; }

const std::optional<absl::Status>& EnvelopeAttempt::end() const { return exchange_->end; }

bool EnvelopeAttempt::accepted() const { return exchange_->response.accepted(); }

bool EnvelopeAttempt::never_ran() const { return exchange_->response.never_ran; }

void EnvelopeAttempt::Abandon(absl::Status status) {
  exchange_->End(std::move(status));
  tasks_.Cancel();
}

void EnvelopeAttempt::Begin() {
  exchange_->written.Notify();
  if (std::exchange(begun_, true)) return;
  HttpRequest request = NewDirectRequest(method_, options_, std::move(headers_), *direct_.clock);
  request.headers.Add("content-type",
                      absl::StrCat("application/connect+", AbslView(CodecName(direct_.codec))));
  if (direct_.compression == Compression::kGzip) {
    request.headers.Add("connect-content-encoding", "gzip");
    request.headers.Add("connect-accept-encoding", "gzip");
  }
  if (exchange_->out_complete) {
    // All there: its length can be said, and it can be sent again.
    request.body = StringBody(std::exchange(exchange_->out, {}));
  } else {
    request.body = std::make_unique<RequestBody>(exchange_);
  }
  tasks_.Spawn(Exchange::Run(exchange_, http_, std::move(request), method_.kind));
}

Awaitable<absl::Status> EnvelopeAttempt::Send(std::string message, bool last) {
  const std::shared_ptr<Exchange> exchange = exchange_;
  if (exchange->end) co_return Over(*exchange->end);
  if (direct_.compression == Compression::kGzip && message.size() >= direct_.compress_min_bytes) {
    std::string compressed;
    AppendGzip(message, compressed);
    AppendEnvelope(kCompressedEnvelope, compressed, exchange->out);
  } else {
    AppendEnvelope(0, message, exchange->out);
  }
  exchange->out_complete = last;
  Begin();
  while (!exchange->end) {
    // The end is behind messages that the caller receives first, and so knows that there is one.
    if (exchange->last) co_return Over(*exchange->last);
    const bool refused = exchange->refused && !(exchange->out_complete && exchange->out.empty());
    if (!refused && exchange->out.size() < kMaxPendingBytes) co_return absl::OkStatus();
    // Why will be seen in the end of the response, which may wait to be received.
    if (refused && !exchange->unread.empty()) {
      co_return absl::UnavailableError("the server takes no more requests of this call");
    }
    RUNNEL_CO_RETURN_IF_ERROR(co_await exchange->changed.Wait());
  }
  co_return Over(*exchange->end);
}

Awaitable<absl::Status> EnvelopeAttempt::HalfClose() {
  if (exchange_->end) co_return Over(*exchange_->end);
  exchange_->out_complete = true;
  Begin();
  co_return absl::OkStatus();
}

Awaitable<Received> EnvelopeAttempt::Receive() {
  const std::shared_ptr<Exchange> exchange = exchange_;
  if (!exchange->end) Begin();
  while (!exchange->end) {
    std::optional<Exchange::Message> next = exchange->Take();
    if (next) {
      message_ = std::move(next->bytes);
      if (!next->compressed) co_return std::string_view(message_);
      absl::StatusOr<std::string> bytes = Decompressed(message_, direct_.limits);
      if (bytes.ok()) {
        message_ = *std::move(bytes);
        co_return std::string_view(message_);
      }
      Abandon(bytes.status());
    } else if (exchange->last) {
      exchange->End(*exchange->last);
    } else {
      RUNNEL_CO_RETURN_IF_ERROR(co_await exchange->changed.Wait());
    }
  }
  if (!exchange->end->ok()) co_return *exchange->end;
  co_return std::nullopt;
}

}  // namespace runnel
