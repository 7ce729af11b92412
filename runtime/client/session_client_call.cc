#include "runtime/client/session_client_call.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"

namespace runnel {

SessionClientCall::SessionClientCall(std::shared_ptr<ClientSession> session,
                                     const MethodInfo& method, CallOptions options, Clock& clock)
    : session_(std::move(session)),
      method_(method),
      options_(std::move(options)),
      clock_(clock),
      deadline_(clock.Now() + options_.timeout) {
  if (options_.timeout == absl::InfiniteDuration()) return;
  timer_ = clock.CallAt(session_->executor(), deadline_, [this] {
    Abandon(absl::DeadlineExceededError(
        absl::StrCat("no answer within ", absl::FormatDuration(options_.timeout))));
  });
}

SessionClientCall::~SessionClientCall() { Abandon(absl::CancelledError("the call was given up")); }

absl::Status SessionClientCall::Open(std::optional<std::string> message, bool half_close) {
  RUNNEL_RETURN_IF_ERROR(session_->over());
  RUNNEL_RETURN_IF_ERROR(options_.metadata.Validate());
  OpenFrame open;
  open.method = std::string(method_.path);
  open.metadata = options_.metadata;
  if (timer_ != nullptr) {
    // At least 1: 0 means none.
    open.timeout_ms = static_cast<uint64_t>(
        std::max<int64_t>(absl::ToInt64Milliseconds(deadline_ - clock_.Now()), 1));
  }
  size_t charge = 0;
  if (message) {
    charge = CallStream::WindowCharge(message->size());
    open.message = CallStream::WholeMessage(*std::move(message));
  }
  open.half_close = half_close;
  half_closed_ = half_close;
  id_ = session_->OpenCall(*this, std::move(open), charge);
  stream_.emplace(*session_, id_, session_->call_send_window(),
                  session_->limits().call_window_bytes);
  if (charge > 0) stream_->ChargeMessage(charge);
  return absl::OkStatus();
}

Awaitable<absl::Status> SessionClientCall::Write(const google::protobuf::Message& message,
                                                 const WriteOptions& options) {
  if (end_) co_return end_->ok() ? absl::CancelledError("the call is over") : *end_;
  if (half_closed_) co_return absl::FailedPreconditionError("Write after WritesDone");
  std::string payload;
  if (absl::Status encoded = EncodeMessage(session_->codec(), message, payload); !encoded.ok()) {
    Abandon(encoded);
    co_return encoded;
  }
  absl::Status opened = absl::OkStatus();
  if (!this->opened()) {
    if (CallStream::FitsOneFrame(payload.size())) {
      opened = Open(std::move(payload), options.last);
      if (!opened.ok()) End(opened);
      co_return opened;
    }
    opened = Open(std::nullopt, false);
  }
  if (!opened.ok()) {
    End(opened);
    co_return opened;
  }
  RUNNEL_CO_RETURN_IF_ERROR(co_await stream_->WaitToSend());
  stream_->SendMessage(std::move(payload));
  if (options.last) co_return co_await WritesDone();
  co_return absl::OkStatus();
}

Awaitable<absl::Status> SessionClientCall::WritesDone() {
  if (end_ || std::exchange(half_closed_, true)) co_return absl::OkStatus();
  if (opened()) {
    session_->Send(Frame{id_, HalfCloseFrame()}, 0);
    co_return absl::OkStatus();
  }
  absl::Status opened = Open(std::nullopt, true);
  if (!opened.ok()) End(opened);
  co_return opened;
}

Awaitable<absl::StatusOr<bool>> SessionClientCall::Read(google::protobuf::Message& message) {
  if (!end_ && !opened()) {
    if (absl::Status opened = Open(std::nullopt, false); !opened.ok()) End(opened);
  }
  if (opened()) {
    absl::StatusOr<std::optional<std::string>> received = co_await stream_->Receive();
    if (received.ok() && *received) {
      absl::Status decoded =
          DecodeMessage(session_->codec(), **received, session_->limits(), message);
      if (decoded.ok()) co_return true;
      Abandon(decoded);
      co_return decoded;
    }
    if (!end_ && !received.ok()) co_return std::move(received).status();  // this Read was cancelled
  }
  if (end_ && !end_->ok()) co_return *end_;
  co_return false;
}

void SessionClientCall::OnFrame(Frame frame) {
  if (auto* message = std::get_if<MessageFrame>(&frame.kind)) {
    absl::Status taken = stream_->OnMessage(std::move(*message));
    if (!taken.ok()) Abandon(std::move(taken));
  } else if (auto* header = std::get_if<HeaderFrame>(&frame.kind)) {
    initial_metadata_ = std::move(header->metadata);
  } else if (auto* credit = std::get_if<CreditFrame>(&frame.kind)) {
    stream_->OnCredit(credit->bytes);
  } else if (auto* end = std::get_if<EndFrame>(&frame.kind)) {
    if (end->message) {
      absl::Status taken = stream_->OnMessage(*std::move(end->message));
      if (!taken.ok()) end->status = std::move(taken);
    }
    trailing_metadata_ = std::move(end->trailers);
    End(std::move(end->status));
  }
}

void SessionClientCall::Cancel() { Abandon(absl::CancelledError("the call was cancelled here")); }

void SessionClientCall::Abandon(absl::Status status) {
  if (end_) return;
  if (opened()) session_->Send(Frame{id_, CancelFrame()}, 0);
  End(std::move(status));
}

void SessionClientCall::End(absl::Status status) {
  if (end_) return;
  end_ = status;
  timer_.reset();
  if (!opened()) return;
  session_->ForgetCall(id_);
  // What arrived before the end is still there to be read.
  stream_->Fail(status.ok() ? absl::CancelledError("the call is over") : std::move(status),
                /*keep_received=*/true);
}

}  // namespace runnel
