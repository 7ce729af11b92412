#include "runtime/client/session_attempt.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"

namespace runnel {
namespace {

// What is left to say to who sends after the end.
absl::Status Over(const absl::Status& end) {
  return end.ok() ? absl::CancelledError("the call is over") : end;
}

}  // namespace

SessionAttempt::SessionAttempt(std::shared_ptr<ClientSession> session, const MethodInfo& method,
                               AttemptOptions options, Clock& clock)
    : session_(std::move(session)), method_(method), options_(std::move(options)), clock_(clock) {}

SessionAttempt::~SessionAttempt() { Abandon(absl::CancelledError("the call was given up")); }

absl::Status SessionAttempt::Open(std::optional<std::string> message, bool half_close) {
  if (!session_->over().ok()) {
    never_ran_ = true;
    return session_->over();
  }
  OpenFrame open;
  open.method = std::string(method_.path);
  open.metadata = options_.metadata;
  if (options_.deadline != absl::InfiniteFuture()) {
    // At least 1: 0 means none.
    open.timeout_ms = static_cast<uint64_t>(
        std::max<int64_t>(absl::ToInt64Milliseconds(options_.deadline - clock_.Now()), 1));
  }
  const size_t size = message ? message->size() : 0;
  const bool has_message = message.has_value();
  if (message) open.message = CallStream::WholeMessage(*std::move(message));
  open.half_close = half_close;
  id_ = session_->OpenCall(*this, std::move(open), method_.idempotency != Idempotency::kUnknown);
  stream_.emplace(*session_, id_, session_->call_send_window(),
                  session_->limits().call_window_bytes);
  if (has_message) stream_->ChargeMessage(size);
  return absl::OkStatus();
}

Awaitable<absl::Status> SessionAttempt::Send(std::string message, bool last) {
  if (end_) co_return Over(*end_);
  if (!opened()) {
    const bool whole = CallStream::FitsOneFrame(message.size());
    std::optional<std::string> first;
    if (whole) first = std::move(message);
    const absl::Status opened = Open(std::move(first), whole && last);
    if (!opened.ok()) End(opened);
    if (!opened.ok() || whole) co_return opened;
  }
  RUNNEL_CO_RETURN_IF_ERROR(co_await stream_->WaitToSend());
  SendNow(std::move(message), last);
  co_return absl::OkStatus();
}

void SessionAttempt::SendNow(std::string message, bool last) {
  stream_->SendMessage(message);
  if (last) stream_->SendLast(Frame{id_, HalfCloseFrame()});
}

Awaitable<absl::Status> SessionAttempt::HalfClose() {
  if (end_) co_return Over(*end_);
  if (opened()) {
    stream_->SendLast(Frame{id_, HalfCloseFrame()});
    co_return absl::OkStatus();
  }
  absl::Status opened = Open(std::nullopt, true);
  if (!opened.ok()) End(opened);
  co_return opened;
}

Awaitable<absl::StatusOr<std::optional<std::string_view>>> SessionAttempt::Receive() {
  if (!end_ && !opened()) {
    if (absl::Status opened = Open(std::nullopt, false); !opened.ok()) End(opened);
  }
  if (opened()) {
    absl::StatusOr<std::optional<std::string>> received = co_await stream_->Receive();
    if (received.ok() && *received) {
      message_ = **std::move(received);
      co_return std::string_view(message_);
    }
    if (!end_ && !received.ok()) co_return std::move(received).status();  // this was cancelled
  }
  if (end_ && !end_->ok()) co_return *end_;
  co_return std::nullopt;
}

std::optional<std::string_view> SessionAttempt::TryReceive() {
  if (!opened()) return std::nullopt;
  std::optional<std::string> received = stream_->TryReceive();
  if (!received) return std::nullopt;
  message_ = *std::move(received);
  return message_;
}

void SessionAttempt::OnFrame(Frame&& frame) {
  accepted_ = true;
  if (auto* credit = std::get_if<CreditFrame>(&frame.kind)) {
    stream_->OnCredit(credit->bytes);
  } else if (auto* message = std::get_if<MessageFrame>(&frame.kind)) {
    absl::Status taken = stream_->OnMessage(std::move(*message));
    if (!taken.ok()) Abandon(std::move(taken));
  } else if (auto* header = std::get_if<HeaderFrame>(&frame.kind)) {
    initial_metadata_ = std::move(header->metadata);
    absl::Status valid = initial_metadata_.Validate();
    if (!valid.ok()) Abandon(absl::InternalError(absl::StrCat("the server's ", valid.message())));
  } else if (auto* end = std::get_if<EndFrame>(&frame.kind)) {
    if (end->message) {
      absl::Status taken = stream_->OnMessage(*std::move(end->message));
      if (!taken.ok()) end->status = std::move(taken);
    }
    trailing_metadata_ = std::move(end->trailers);
    absl::Status valid = trailing_metadata_.Validate();
    if (!valid.ok()) {
      end->status = absl::InternalError(absl::StrCat("the server's ", valid.message()));
    }
    End(std::move(end->status));
  }
}

void SessionAttempt::OnSessionEnd(const absl::Status& status, bool never_ran) {
  never_ran_ = never_ran && !accepted_;
  End(status);
}

void SessionAttempt::Abandon(absl::Status status) {
  if (end_) return;
  const bool tell = opened();
  if (tell) stream_->Fail(status, /*keep_received=*/true);
  if (tell) session_->Send(Frame{id_, CancelFrame()});
  End(std::move(status));
}

void SessionAttempt::End(absl::Status status) {
  if (end_) return;
  end_ = status;
  if (!opened()) return;
  // What arrived before the end is still there to be read.
  stream_->Fail(status.ok() ? absl::CancelledError("the call is over") : std::move(status),
                /*keep_received=*/true);
  session_->ForgetCall(id_);
}

}  // namespace runnel
