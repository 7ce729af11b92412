#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "runtime/core/string_view.h"
#include "runtime/http/http_connection.h"
#include "runtime/http/http_status.h"

namespace runnel {
namespace {

// What the peer sends of a body that nobody wants costs a little patience, not much.
constexpr uint64_t kMaxDrainedBytes = 256 * 1024;
// Many clients send all of a request before they look for a response.
constexpr uint64_t kMaxLingerBytes = 16 * 1024 * 1024;
constexpr absl::Duration kLingerTime = absl::Seconds(2);

HttpResponse TextResponse(int status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.headers.Add("Content-Type", "text/plain; charset=utf-8");
  text += '\n';
  response.body = StringBody(std::move(text));
  return response;
}

bool AsksToClose(const HttpHeaders& headers) {
  const std::optional<std::string_view> connection = headers.Get("connection");
  return connection.has_value() && EqualsIgnoreCase(*connection, "close");
}

}  // namespace

// Views that it gives out point into the connection's buffer, and pin it.
class HttpConnection::RequestBody : public HttpBody {
 public:
  RequestBody(std::weak_ptr<HttpConnection> connection, std::optional<uint64_t> size)
      : connection_(std::move(connection)), size_(size) {}

  ~RequestBody() override {
    if (auto connection = connection_.lock(); connection != nullptr && connection->body_ == this) {
      connection->body_ = nullptr;
    }
  }

  Awaitable<Piece> Read() override {
    pin_.reset();
    std::shared_ptr<HttpConnection> connection = connection_.lock();
    if (connection == nullptr) co_return absl::UnavailableError("the connection has ended");
    co_return co_await connection->ReadBody(this);
  }

  std::optional<Piece> TryRead() override {
    pin_.reset();
    const std::shared_ptr<HttpConnection> connection = connection_.lock();
    if (connection == nullptr) return Piece(absl::UnavailableError("the connection has ended"));
    return connection->TryReadBody(this);
  }

  std::optional<std::string_view> TryReadAll(uint64_t max_bytes) override {
    const std::shared_ptr<HttpConnection> connection = connection_.lock();
    if (connection == nullptr || connection->body_ != this || !size_ || *size_ > max_bytes ||
        !connection->body_error_.ok()) {
      return std::nullopt;
    }
    const bool here = connection->parser_.remaining() == size_ && !connection->parser_.done() &&
                      connection->input_.size() >= *size_;
    if (!here) return std::nullopt;
    const std::optional<Piece> piece = connection->TryReadBody(this);
    return **piece;
  }

  std::optional<uint64_t> size() const override { return size_; }
  bool ended() const override { return ended_; }

 private:
  friend class HttpConnection;

  const std::weak_ptr<HttpConnection> connection_;
  const std::optional<uint64_t> size_;
  std::shared_ptr<const char[]> pin_;
  bool ended_ = false;
};

Awaitable<void> HttpConnection::Serve(std::shared_ptr<HttpConnection> self, Head head) {
  HttpConnection& c = *self;
  while (head == Head::kComplete) {
    HttpRequest request = c.TakeRequest();
    c.SetPhase(c.parser_.done() ? Phase::kAnswer : Phase::kBody);
    // A peer that has left already, or only closed its sending half, gets what can be answered
    // without waiting.
    if (c.input_ended_ && !c.timed_out_) c.CutSoon();
    HttpResponse response;
    try {
      response = co_await c.context_->handler.Handle(std::move(request));
    } catch (...) {
      // What it says may be none of the peer's business.
      c.closing_ = true;
      response = TextResponse(500, "the handler of this request threw an exception");
    }
    if (c.cut_) co_return;
    if (!c.parser_.done()) c.LeaveBody(response);
    bool reusable = co_await c.Respond(std::move(response));
    if (std::exchange(c.body_, nullptr) != nullptr) c.arrived_.Notify();
    if (!c.body_error_.ok()) reusable = false;
    if (reusable && !c.parser_.done()) reusable = co_await c.Drain();
    if (!reusable && (!c.parser_.done() || !c.input_.empty())) c.lingers_ = true;
    c.phase_ = Phase::kHead;
    head = reusable ? c.NextHead() : Head::kNone;
  }
  if (head == Head::kArriving) {
    c.serving_ = false;
    co_return c.Watch();
  }
  if (head == Head::kRefused) {
    co_await c.RespondError(c.refusal_->status, c.refusal_->message);
  }
  if (!c.cut_) co_await c.Linger();
  c.Cut();
}

HttpRequest HttpConnection::TakeRequest() {
  MessageHead& head = parser_.head();
  continue_expected_ = head.expect_continue && !parser_.done();
  closing_ = closing_ || !head.keep_alive;
  ++requests_;
  HttpRequest request;
  request.method = head.method;
  request.target = head.target;
  request.version = head.version;
  request.headers = std::move(head.headers);
  request.peer = stream_->peer();
  request.peer_certificate = stream_->peer_certificate();
  if (!parser_.done()) {
    auto body = std::make_unique<RequestBody>(weak_from_this(), head.content_length);
    body_ = body.get();
    request.body = std::move(body);
  }
  return request;
}

Awaitable<void> HttpConnection::RespondError(int status, std::string message) {
  closing_ = true;
  lingers_ = true;
  SetPhase(Phase::kDiscard);
  co_await Respond(TextResponse(status, std::move(message)));
}

Awaitable<bool> HttpConnection::Respond(HttpResponse response) {
  response_started_ = true;
  const MessageHead& request = parser_.head();
  const bool understood = !parser_.error().has_value() && parser_.head_done();
  const bool http10 = understood && request.version < 11;
  if (AsksToClose(response.headers) || context_->stopping || continue_expected_) closing_ = true;

  const int status = response.status;
  const bool bodiless = status < 200 || status == 204 || status == 304;
  const std::optional<uint64_t> size =
      response.body == nullptr ? std::optional<uint64_t>(0) : response.body->size();
  BodyFraming framing = size.has_value() ? BodyFraming::kLength
                        : http10         ? BodyFraming::kUntilClose
                                         : BodyFraming::kChunked;
  if (framing == BodyFraming::kUntilClose) closing_ = true;

  std::string head;
  head.reserve(256);
  absl::StrAppend(&head, "HTTP/1.1 ", status, " ", AbslView(HttpReason(status)), "\r\n");
  if (!response.headers.Contains("date")) {
    absl::StrAppend(&head, "Date: ", context_->Date(), "\r\n");
  }
  if (!bodiless) {
    if (size.has_value()) {
      absl::StrAppend(&head, "Content-Length: ", *size, "\r\n");
    } else if (framing == BodyFraming::kChunked) {
      head += "Transfer-Encoding: chunked\r\n";
    }
  }
  if (closing_) {
    head += "Connection: close\r\n";
  } else if (http10) {
    head += "Connection: keep-alive\r\n";
  }
  const size_t fields_begin = head.size();
  if (absl::Status valid = AppendHeaders(response.headers, &head); !valid.ok()) {
    // `what` is the handler's mistake: the peer cannot mend it, the developer can.
    HttpResponse substitute = TextResponse(500, std::string(StdView(valid.message())));
    head.resize(fields_begin);
    co_return co_await Respond(std::move(substitute));
  }
  response.headers = HttpHeaders();  // streams last
  if (bodiless || (understood && request.method == "HEAD") || size == uint64_t{0}) {
    framing = BodyFraming::kNone;
    response.body.reset();
  }
  const HttpMessageWriter::Result result =
      co_await writer_.Write(std::move(head), response.body.get(), framing);
  response.body.reset();
  if (!result.status.ok()) {
    // Only a reset tells the reader of a body without length that it has not got it all.
    if (!cut_ && framing == BodyFraming::kUntilClose) {
      stream_->CloseNow(ByteStream::Close::kReset);
    }
    Cut();
    co_return false;
  }
  co_return !closing_;
}

std::optional<HttpBody::Piece> HttpConnection::TryReadBody(RequestBody* body) {
  if (body_ != body) return HttpBody::Piece(absl::UnavailableError("the exchange has ended"));
  if (!body_error_.ok()) return HttpBody::Piece(body_error_);
  std::string_view piece;
  if (!parser_.done() && !input_.empty()) {
    continue_expected_ = false;  // it did not wait
    input_.Consume(parser_.ParseBody(input_.view(), &piece));
    if (!piece.empty()) body->pin_ = input_.pin();
    if (parser_.error().has_value()) {
      closing_ = true;
      body_error_ = absl::InvalidArgumentError(parser_.error()->message);
      return HttpBody::Piece(body_error_);
    }
  }
  if (parser_.done()) {
    body->ended_ = true;
    if (phase_ == Phase::kBody) {
      SetPhase(Phase::kAnswer);
      if (input_ended_ && !timed_out_) CutSoon();
    }
  }
  if (!piece.empty()) return HttpBody::Piece(piece);
  if (parser_.done()) return HttpBody::Piece(std::nullopt);
  if (!input_ended_) return std::nullopt;
  closing_ = true;
  body_error_ =
      timed_out_ ? absl::DeadlineExceededError(
                       absl::StrCat("nothing arrived of the request's body for ",
                                    absl::FormatDuration(context_->limits.body_progress_timeout),
                                    "; limit is body_progress_timeout"))
                 : absl::UnavailableError("the client left before the end of the request's body");
  return HttpBody::Piece(body_error_);
}

Awaitable<HttpBody::Piece> HttpConnection::ReadBody(RequestBody* body) {
  for (;;) {
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    const bool cancelled = cancellation.cancelled() != asio::cancellation_type::none;
    if (cancelled && !input_ended_ && body_ == body && body_error_.ok()) {
      co_return absl::CancelledError("cancelled while waiting for the request's body");
    }
    std::optional<HttpBody::Piece> piece = TryReadBody(body);
    if (piece.has_value()) co_return *std::move(piece);
    if (continue_expected_ && !response_started_) {
      continue_expected_ = false;
      const absl::Status written = co_await writer_.WriteBytes("HTTP/1.1 100 Continue\r\n\r\n");
      if (!written.ok()) co_return written;
      continue;
    }
    body_wanted_ = true;
    if (WantsInput() && Receive()) {
      body_wanted_ = false;
      if (input_ended_) OnInputEnd();
      continue;
    }
    Watch();
    SetDeadline(context_->clock.Now() + context_->limits.body_progress_timeout);
    const absl::Status waited = co_await arrived_.Wait();
    waited.IgnoreError();  // the loop looks for itself
    if (body_ != body) continue;
    deadline_ = absl::InfiniteFuture();
    body_wanted_ = false;
  }
}

void HttpConnection::LeaveBody(const HttpResponse& response) {
  const bool complete = body_ == nullptr || response.body == nullptr || response.body->whole();
  if (!complete) {
    // Its handler may go on reading.
    if (parser_.remaining().value_or(0) > kMaxDrainedBytes) closing_ = true;
    return;
  }
  if (std::exchange(body_, nullptr) != nullptr) arrived_.Notify();
  while (!parser_.done() && !parser_.error().has_value() && !input_.empty()) {
    std::string_view piece;
    const size_t taken = parser_.ParseBody(input_.view(), &piece);
    if (taken == 0) break;
    input_.Consume(taken);
  }
  if (!parser_.done() && parser_.remaining().value_or(kMaxDrainedBytes + 1) > kMaxDrainedBytes) {
    closing_ = true;
  }
}

Awaitable<bool> HttpConnection::Drain() {
  if (parser_.remaining().value_or(0) > kMaxDrainedBytes) co_return false;
  RequestBody rest(weak_from_this(), std::nullopt);
  body_ = &rest;
  for (uint64_t drained = 0; drained <= kMaxDrainedBytes;) {
    const absl::StatusOr<std::optional<std::string_view>> piece = co_await rest.Read();
    if (!piece.ok()) co_return false;
    if (!piece->has_value()) co_return true;
    drained += (*piece)->size();
  }
  co_return false;
}

Awaitable<void> HttpConnection::Linger() {
  co_await stream_->FinishWriting();
  if (!lingers_) co_return;
  // Closing with unread input would reset the connection, and the peer might lose the
  // response that tells it why.
  SetPhase(Phase::kDiscard);
  SetDeadline(context_->clock.Now() + kLingerTime);
  for (uint64_t discarded = 0; !input_ended_ && discarded <= kMaxLingerBytes;) {
    discarded += input_.size();
    input_.Consume(input_.size());
    Watch();
    const absl::Status waited = co_await arrived_.Wait();
    if (!waited.ok()) co_return;
  }
}

}  // namespace runnel
