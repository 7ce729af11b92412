#include "runtime/http/http_connection.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace runnel {
namespace {

constexpr size_t kHeadBufferBytes = 4 * 1024;
constexpr size_t kBodyBufferBytes = 64 * 1024;
constexpr size_t kLeastReadBytes = 1024;

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

HttpConnection::HttpConnection(std::shared_ptr<ConnectionContext> context,
                               std::shared_ptr<ByteStream> stream)
    : context_(std::move(context)),
      stream_(std::move(stream)),
      number_(++context_->last_number),
      opened_(context_->clock.Now()),
      parser_(MessageParser::Kind::kRequest, context_->limits),
      writer_(context_->executor, stream_),
      tasks_(context_->executor) {
  context_->connections.emplace_hint(context_->connections.end(), number_, this);
}

HttpConnection::~HttpConnection() {
  stream_->CloseNow(ByteStream::Close::kOrderly);
  context_->connections.erase(number_);
  if (refusing_) --context_->refusals;
  context_->connection_ended.Notify();
}

void HttpConnection::Start(ConnectionBudget::Place place) {
  place_.emplace(std::move(place));
  if (stream_->needs_handshake()) return static_cast<void>(tasks_.Spawn(Open(shared_from_this())));
  if (NextHead() == Head::kNone) return Cut();
  Watch();
}

void HttpConnection::StartRefusing(std::string message) {
  refusing_ = true;
  ++context_->refusals;
  serving_ = true;
  tasks_.Spawn(Refuse(shared_from_this(), std::move(message)));
}

Awaitable<void> HttpConnection::Open(std::shared_ptr<HttpConnection> self) {
  const bool ready = co_await self->Handshake();
  if (!ready) co_return self->Cut();
  // A server that was stopped meanwhile takes no request.
  if (self->NextHead() == Head::kNone) co_return self->Cut();
  self->Watch();
}

Awaitable<void> HttpConnection::Refuse(std::shared_ptr<HttpConnection> self, std::string message) {
  const bool ready = co_await self->Handshake();
  if (!ready) co_return self->Cut();
  co_await self->RespondError(503, std::move(message));
  co_await self->Linger();
  self->Cut();
}

Awaitable<bool> HttpConnection::Handshake() {
  if (!stream_->needs_handshake()) co_return true;
  SetDeadline(context_->clock.Now() + context_->limits.header_timeout);
  const absl::Status ready = co_await stream_->Handshake();
  deadline_ = absl::InfiniteFuture();
  co_return !cut_ && ready.ok();
}

LiveConnection HttpConnection::Describe() const {
  LiveConnection live;
  live.number = number_;
  live.peer = stream_->peer();
  live.age = context_->clock.Now() - opened_;
  live.requests = requests_;
  live.serving = serving_ && phase_ != Phase::kHead;
  live.responding = live.serving && response_started_;
  live.input_bytes = input_.size();
  return live;
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

void HttpConnection::CutSoon() {
  asio::post(context_->executor, [self = shared_from_this()] { self->Cut(); });
}

bool HttpConnection::WantsInput() const {
  if (input_ended_ || cut_) return false;
  if (phase_ == Phase::kBody) return body_wanted_;
  return input_.size() <= context_->limits.max_header_bytes;
}

void HttpConnection::Watch() {
  if (watching_ || receiving_ || !WantsInput()) return;
  watching_ = true;
  if (input_.empty()) input_.Release();
  stream_->WhenReadable([self = shared_from_this()] { self->OnReadable(); });
}

bool HttpConnection::Receive() {
  const bool head = phase_ == Phase::kHead || phase_ == Phase::kAnswer;
  const size_t expected = phase_ == Phase::kBody
                              ? static_cast<size_t>(std::min<uint64_t>(
                                    parser_.remaining().value_or(0), kBodyBufferBytes / 2))
                              : 0;
  const asio::mutable_buffer space = input_.Prepare(std::max(expected, kLeastReadBytes),
                                                    head ? kHeadBufferBytes : kBodyBufferBytes);
  const std::optional<absl::StatusOr<size_t>> received = stream_->TryRead(space);
  if (!received.has_value()) return false;
  if (received->ok() && **received > 0) {
    input_.Commit(**received);
  } else {
    input_ended_ = true;
  }
  return true;
}

void HttpConnection::OnReadable() {
  watching_ = false;
  if (!WantsInput() || !Receive()) return Watch();
  receiving_ = true;
  if (serving_) {
    if (input_ended_) {
      OnInputEnd();
    } else {
      arrived_.NotifyNow();
    }
  } else if (const Head head = TakeHead(); head != Head::kArriving) {
    serving_ = true;
    tasks_.Spawn(Serve(shared_from_this(), head));
  }
  receiving_ = false;
  Watch();
}

void HttpConnection::OnInputEnd() {
  arrived_.Notify();
  // The peer is gone. A handler that is at work for it need not go on.
  if (!timed_out_ && (phase_ == Phase::kBody || phase_ == Phase::kAnswer)) Cut();
}

HttpConnection::Head HttpConnection::NextHead() {
  parser_.Reset();
  body_error_ = absl::OkStatus();
  response_started_ = false;
  head_started_ = false;
  if (closing_ || cut_ || context_->stopping) return Head::kNone;
  SetDeadline(context_->clock.Now() + context_->limits.keep_alive_timeout);
  return TakeHead();
}

HttpConnection::Head HttpConnection::TakeHead() {
  if (!input_.empty()) {
    input_.Consume(parser_.ParseHead(input_.view()));
    if (parser_.error().has_value()) {
      refusal_ = *parser_.error();
      return Head::kRefused;
    }
    if (parser_.head_done()) {
      deadline_ = absl::InfiniteFuture();
      return Head::kComplete;
    }
    if (!head_started_ && (parser_.started() || !input_.empty())) {
      head_started_ = true;
      SetDeadline(context_->clock.Now() + context_->limits.header_timeout);
    }
  }
  if (!input_ended_) return Head::kArriving;
  if (!timed_out_ || !head_started_) return Head::kNone;
  refusal_ = MessageError{408, absl::StrCat("the request's head took longer than ",
                                            absl::FormatDuration(context_->limits.header_timeout),
                                            "; limit is header_timeout")};
  return Head::kRefused;
}

void HttpConnection::SetPhase(Phase phase) {
  phase_ = phase;
  Watch();
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
  if (context_->clock.Now() < deadline_) return ArmTimer();
  timed_out_ = true;
  stream_->StopReading();
}

}  // namespace runnel
