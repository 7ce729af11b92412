#include "runtime/http/http_connection.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "runtime/core/string_view.h"
#include "runtime/http/http_status.h"

namespace runnel {
namespace {

constexpr size_t kIdleBufferBytes = 4 * 1024;
constexpr size_t kBodyBufferBytes = 64 * 1024;
constexpr size_t kLeastReadBytes = 1024;
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

const std::string& ConnectionContext::Date() {
  const absl::Time now = clock.Now();
  const int64_t second = absl::ToUnixSeconds(now);
  if (second != date_second_) {
    date_second_ = second;
    date_ = absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now, absl::UTCTimeZone());
  }
  return date_;
}

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

  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
    pin_.reset();
    std::shared_ptr<HttpConnection> connection = connection_.lock();
    if (connection == nullptr) co_return absl::UnavailableError("the connection has ended");
    co_return co_await connection->ReadBody(this);
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

HttpConnection::HttpConnection(std::shared_ptr<ConnectionContext> context,
                               std::shared_ptr<ByteStream> stream)
    : context_(std::move(context)),
      stream_(std::move(stream)),
      parser_(MessageParser::Kind::kRequest, context_->limits),
      writer_(context_->executor, stream_),
      tasks_(context_->executor) {
  context_->connections.insert(this);
}

HttpConnection::~HttpConnection() {
  stream_->CloseNow(ByteStream::Close::kOrderly);
  context_->connections.erase(this);
  if (refusing_) --context_->refusals;
  context_->connection_ended.Notify();
}

namespace {

// Keeps a connection for as long as one of its tasks runs.
Awaitable<void> Holding(std::shared_ptr<HttpConnection> connection, Awaitable<void> task) {
  co_await std::move(task);
  connection.reset();
}

}  // namespace

void HttpConnection::StartTask(Awaitable<void> task) {
  tasks_.Spawn(Holding(shared_from_this(), std::move(task)));
}

void HttpConnection::Start(ConnectionBudget::Place place) {
  place_.emplace(std::move(place));
  StartTask(Serve());
}

void HttpConnection::StartRefusing(std::string message) {
  refusing_ = true;
  ++context_->refusals;
  StartTask(Refuse(std::move(message)));
}

void HttpConnection::CloseIfIdle() {
  if (phase_ != Phase::kHead || parser_.started() || !input_.empty()) return;
  closing_ = true;
  stream_->StopReading();
}

void HttpConnection::Cut() {
  if (std::exchange(cut_, true)) return;
  timer_.reset();
  stream_->CloseNow(ByteStream::Close::kOrderly);
  arrived_.Notify();  // for reads of a body in tasks that are not ours
  tasks_.Cancel();
}

bool HttpConnection::WantsInput() const {
  if (phase_ == Phase::kBody) return body_wanted_;
  return input_.size() <= context_->limits.max_header_bytes;
}

void HttpConnection::SetPhase(Phase phase) {
  phase_ = phase;
  room_.Notify();
}

void HttpConnection::SetDeadline(absl::Time deadline) {
  deadline_ = deadline;
  if (deadline_ < timer_due_) ArmTimer();
}

void HttpConnection::ArmTimer() {
  timer_due_ = deadline_;
  timer_ = context_->clock.CallAt(context_->executor, timer_due_, [this] { OnTimer(); });
}

void HttpConnection::OnTimer() {
  timer_due_ = absl::InfiniteFuture();
  if (deadline_ == absl::InfiniteFuture()) return;
  if (context_->clock.Now() < deadline_) {
    return ArmTimer();
  }
  timed_out_ = true;
  stream_->StopReading();
}

Awaitable<void> HttpConnection::Receive() {
  while (!input_ended_ && !cut_) {
    if (!WantsInput()) {
      const absl::Status waited = co_await room_.Wait();
      if (!waited.ok()) co_return;
      continue;
    }
    const size_t capacity =
        phase_ == Phase::kBody || phase_ == Phase::kDiscard ? kBodyBufferBytes : kIdleBufferBytes;
    const size_t expected = phase_ == Phase::kBody
                                ? static_cast<size_t>(std::min<uint64_t>(
                                      parser_.remaining().value_or(0), kBodyBufferBytes / 2))
                                : 0;
    const asio::mutable_buffer space =
        input_.Prepare(std::max(expected, kLeastReadBytes), capacity);
    const absl::StatusOr<size_t> received = co_await stream_->ReadSome(space);
    if (received.ok() && *received > 0) {
      input_.Commit(*received);
    } else {
      input_ended_ = true;
    }
    arrived_.Notify();
  }
  if (cut_ || timed_out_) co_return;
  // The peer is gone. A handler that is at work for it need not go on.
  if (phase_ == Phase::kBody || phase_ == Phase::kAnswer) Cut();
}

Awaitable<void> HttpConnection::CutSoon() {
  Cut();
  co_return;
}

Awaitable<bool> HttpConnection::Open() {
  if (stream_->needs_handshake()) {
    SetDeadline(context_->clock.Now() + context_->limits.header_timeout);
    const absl::Status ready = co_await stream_->Handshake();
    if (cut_ || !ready.ok()) co_return false;
    deadline_ = absl::InfiniteFuture();
  }
  StartTask(Receive());
  co_return true;
}

Awaitable<void> HttpConnection::Serve() {
  const bool open = co_await Open();
  if (!open) co_return Cut();
  // No co_await beside && or ||: g++ 12 gets that wrong.
  for (bool more = true; more;) more = co_await ServeOne();
  if (!cut_) co_await Linger();
  Cut();
}

Awaitable<void> HttpConnection::Refuse(std::string message) {
  const bool open = co_await Open();
  if (!open) co_return Cut();
  co_await RespondError(503, std::move(message));
  co_await Linger();
  Cut();
}

Awaitable<bool> HttpConnection::ReceiveHead() {
  SetDeadline(context_->clock.Now() + context_->limits.keep_alive_timeout);
  bool started = false;
  for (;;) {
    if (!input_.empty()) {
      input_.Consume(parser_.ParseHead(input_.view()));
      if (parser_.error().has_value()) {
        co_await RespondError(parser_.error()->status, parser_.error()->message);
        co_return false;
      }
      if (parser_.head_done()) break;
      room_.Notify();
      if (!started && (parser_.started() || !input_.empty())) {
        started = true;
        SetDeadline(context_->clock.Now() + context_->limits.header_timeout);
      }
    }
    if (input_ended_) {
      if (timed_out_ && started) {
        co_await RespondError(408,
                              absl::StrCat("the request's head took longer than ",
                                           absl::FormatDuration(context_->limits.header_timeout),
                                           "; limit is header_timeout"));
      }
      co_return false;
    }
    const absl::Status waited = co_await arrived_.Wait();
    if (!waited.ok()) co_return false;
  }
  deadline_ = absl::InfiniteFuture();
  co_return true;
}

Awaitable<bool> HttpConnection::ServeOne() {
  parser_.Reset();
  body_error_ = absl::OkStatus();
  response_started_ = false;
  if (closing_ || cut_ || context_->stopping) co_return false;
  const bool received = co_await ReceiveHead();
  if (!received) co_return false;

  const MessageHead& head = parser_.head();
  continue_expected_ = head.expect_continue && !parser_.done();
  closing_ = closing_ || !head.keep_alive;
  HttpRequest request;
  request.method = head.method;
  request.target = head.target;
  request.version = head.version;
  request.headers = std::move(parser_.head().headers);
  request.peer = stream_->peer();
  request.peer_certificate = stream_->peer_certificate();
  if (!parser_.done()) {
    auto body = std::make_unique<RequestBody>(weak_from_this(), head.content_length);
    body_ = body.get();
    request.body = std::move(body);
  }
  SetPhase(parser_.done() ? Phase::kAnswer : Phase::kBody);
  // A peer that has left already, or only closed its sending half, gets what can be answered
  // without waiting.
  if (input_ended_ && !timed_out_) StartTask(CutSoon());

  HttpResponse response = co_await Handle(std::move(request));
  if (cut_) co_return false;
  if (!parser_.done()) LeaveBody(response);
  bool reusable = co_await Respond(std::move(response));
  if (std::exchange(body_, nullptr) != nullptr) arrived_.Notify();
  if (!body_error_.ok()) reusable = false;
  if (reusable && !parser_.done()) reusable = co_await Drain();
  if (!reusable && (!parser_.done() || !input_.empty())) lingers_ = true;
  SetPhase(Phase::kHead);
  co_return reusable && !cut_;
}

Awaitable<HttpResponse> HttpConnection::Handle(HttpRequest request) {
  try {
    co_return co_await context_->handler.Handle(std::move(request));
  } catch (...) {
    // What it says may be none of the peer's business.
  }
  closing_ = true;
  co_return TextResponse(500, "the handler of this request threw an exception");
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

Awaitable<absl::StatusOr<std::optional<std::string_view>>> HttpConnection::ReadBody(
    RequestBody* body) {
  for (;;) {
    if (body_ != body) co_return absl::UnavailableError("the exchange has ended");
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    const bool cancelled = cancellation.cancelled() != asio::cancellation_type::none;
    if (!body_error_.ok()) co_return body_error_;
    if (cancelled && !input_ended_) {
      co_return absl::CancelledError("cancelled while waiting for the request's body");
    }
    std::string_view piece;
    if (!parser_.done() && !input_.empty()) {
      continue_expected_ = false;  // it did not wait
      input_.Consume(parser_.ParseBody(input_.view(), &piece));
      if (!piece.empty()) body->pin_ = input_.pin();
      if (parser_.error().has_value()) {
        closing_ = true;
        body_error_ = absl::InvalidArgumentError(parser_.error()->message);
        co_return body_error_;
      }
    }
    if (parser_.done()) {
      body->ended_ = true;
      if (phase_ == Phase::kBody) {
        SetPhase(Phase::kAnswer);
        if (input_ended_ && !timed_out_) StartTask(CutSoon());
      }
    }
    if (!piece.empty()) co_return piece;
    if (parser_.done()) co_return std::nullopt;
    if (input_ended_) {
      closing_ = true;
      body_error_ =
          timed_out_
              ? absl::DeadlineExceededError(
                    absl::StrCat("nothing arrived of the request's body for ",
                                 absl::FormatDuration(context_->limits.body_progress_timeout),
                                 "; limit is body_progress_timeout"))
              : absl::UnavailableError("the client left before the end of the request's body");
      co_return body_error_;
    }
    if (continue_expected_ && !response_started_) {
      continue_expected_ = false;
      const absl::Status written = co_await writer_.WriteBytes("HTTP/1.1 100 Continue\r\n\r\n");
      if (!written.ok()) co_return written;
      continue;
    }
    body_wanted_ = true;
    room_.Notify();
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
    room_.Notify();
    const absl::Status waited = co_await arrived_.Wait();
    if (!waited.ok()) co_return;
  }
}

}  // namespace runnel
