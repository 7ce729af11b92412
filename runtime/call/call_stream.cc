#include "runtime/call/call_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_details.h"

namespace runnel {
namespace {

// The largest piece of a message in one frame, so that calls take turns.
constexpr size_t kMaxPartBytes = 64 * 1024;

// The least that a message takes from a window.
constexpr size_t kMinCharge = 32;

absl::Status WindowViolation(uint64_t call) {
  return WithErrorInfo(absl::FailedPreconditionError(absl::StrCat(
                           "call ", call, ": a message was sent into a window that is used up")),
                       {.reason = "WINDOW_VIOLATION", .domain = "runnel", .metadata = {}});
}

}  // namespace

CallStream::CallStream(FrameSink& sink, uint64_t call, size_t send_window, size_t receive_window)
    : sink_(sink),
      call_(call),
      send_window_(send_window),
      receive_window_(receive_window, sink.limits().max_call_window_bytes) {}

CallStream::~CallStream() {
  StopSending();
  Unhold(held_bytes_);
}

size_t CallStream::WindowCharge(size_t bytes) { return std::max(bytes, kMinCharge); }

bool CallStream::FitsOneFrame(size_t bytes) { return bytes <= kMaxPartBytes; }

Awaitable<absl::Status> CallStream::WaitToSend() {
  while (true) {
    if (!failed_.ok()) co_return failed_;
    absl::Status waited;
    if (outgoing_) {
      waited = co_await may_send_.Wait();
    } else if (!send_window_.open()) {
      waited = co_await send_window_.opened().Wait();
    } else if (!sink_.HasRoom()) {
      sink_.room().Add(in_line_);
      waited = co_await may_send_.Wait();
      in_line_.Leave();
      sink_.WakeNext();
    } else {
      co_return absl::OkStatus();
    }
    if (!waited.ok()) co_return failed_.ok() ? waited : failed_;
  }
}

bool CallStream::MaySend() const {
  return failed_.ok() && !outgoing_ && send_window_.open() && sink_.HasRoom();
}

void CallStream::ChargeMessage(size_t bytes) { send_window_.Charge(WindowCharge(bytes)); }

MessageFrame CallStream::WholeMessage(std::string payload) {
  MessageFrame message;
  message.size = payload.size();
  message.payload = std::move(payload);
  return message;
}

void CallStream::SendMessage(std::string& payload) {
  const size_t size = payload.size();
  ChargeMessage(size);
  if (FitsOneFrame(size)) {
    Frame frame{call_, WholeMessage(std::move(payload))};
    sink_.Send(frame);
    payload = std::move(std::get<MessageFrame>(frame.kind).payload);
    return;
  }
  outgoing_.emplace();
  outgoing_->payload = std::move(payload);
  sink_.TakeTurns(*this);
}

bool CallStream::SendPart() {
  const size_t size = outgoing_->payload.size();
  MessageFrame part;
  part.part = true;
  part.size = outgoing_->sent == 0 ? size : 0;
  part.payload = outgoing_->payload.substr(outgoing_->sent, kMaxPartBytes);
  outgoing_->sent += part.payload.size();
  part.more = outgoing_->sent < size;
  const bool more = part.more;
  sink_.Send(Frame{call_, std::move(part)});
  if (more) return true;
  std::optional<Frame> last = std::move(outgoing_->last);
  outgoing_.reset();
  may_send_.Notify();
  // The end of a call may be the end of this stream: nothing is touched after it.
  if (last) sink_.Send(*last);
  return false;
}

void CallStream::SendLast(Frame frame) {
  if (outgoing_) {
    outgoing_->last = std::move(frame);
  } else {
    sink_.Send(frame);
  }
}

void CallStream::StopSending() {
  if (!outgoing_) return;
  outgoing_.reset();
  sink_.LeaveTurns(*this);
}

void CallStream::Hold(size_t bytes) {
  held_bytes_ += bytes;
  sink_.OnHeld(static_cast<int64_t>(bytes));
}

void CallStream::Unhold(size_t bytes) {
  if (bytes == 0) return;
  held_bytes_ -= bytes;
  sink_.OnHeld(-static_cast<int64_t>(bytes));
}

absl::Status CallStream::OnMessage(MessageFrame message) {
  if (!failed_.ok()) return absl::OkStatus();
  if (half_closed_) {
    return absl::InvalidArgumentError(
        absl::StrCat("call ", call_, ": a message came after the half-close"));
  }
  const bool continues = partial_size_ > 0;
  if (continues != (message.part && message.size == 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("call ", call_, ": the parts of a message are out of order"));
  }
  if (!continues) {
    if (message.size > sink_.limits().max_message_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("message of ", message.size, " bytes; limit is ",
                       sink_.limits().max_message_bytes, " (Limits::max_message_bytes)"));
    }
    if (unread_bytes_ + ungranted_bytes_ >= receive_window_.bytes()) return WindowViolation(call_);
    unread_bytes_ += WindowCharge(message.size);
  }
  if (!message.part) {
    if (message.payload.size() > message.size) {
      return absl::InvalidArgumentError(absl::StrCat("call ", call_, ": a message of ",
                                                     message.payload.size(), " bytes says it has ",
                                                     message.size));
    }
    Hold(WindowCharge(message.payload.size()));
    received_.push_back(std::move(message.payload));
    // Credit is given for what was stated; keep both numbers the same.
    const size_t extra = WindowCharge(message.size) - WindowCharge(received_.back().size());
    unread_bytes_ -= extra;
    ungranted_bytes_ += extra;
    arrived_.Notify();
    return absl::OkStatus();
  }
  if (!continues) {
    partial_size_ = message.size;
    partial_.clear();
  }
  Hold(message.payload.size());
  partial_ += message.payload;
  if (partial_.size() > partial_size_ || (!message.more && partial_.size() != partial_size_)) {
    return absl::InvalidArgumentError(absl::StrCat("call ", call_, ": the parts of a message of ",
                                                   partial_size_, " bytes add up to ",
                                                   partial_.size()));
  }
  if (message.more) return absl::OkStatus();
  partial_size_ = 0;
  Hold(WindowCharge(partial_.size()) - partial_.size());
  received_.push_back(std::exchange(partial_, std::string()));
  arrived_.Notify();
  return absl::OkStatus();
}

void CallStream::OnHalfClose() {
  half_closed_ = true;
  arrived_.Notify();
}

void CallStream::OnCredit(uint64_t bytes) {
  // No window grows beyond what any receiver would give, so that the count cannot overflow.
  constexpr int64_t kMaxWindow = int64_t{1} << 40;
  if (send_window_.available() < kMaxWindow) {
    send_window_.Refund(static_cast<size_t>(std::min<uint64_t>(bytes, kMaxWindow)));
  }
}

void CallStream::Fail(absl::Status status, bool keep_received) {
  if (!failed_.ok()) return;
  failed_ = std::move(status);
  StopSending();
  Unhold(partial_.size());
  partial_.clear();
  if (!keep_received) {
    received_.clear();
    Unhold(held_bytes_);
  }
  arrived_.Notify();
  may_send_.Notify();
  send_window_.opened().Notify();
}

Awaitable<absl::StatusOr<std::optional<std::string>>> CallStream::Receive() {
  while (received_.empty()) {
    if (!failed_.ok()) co_return failed_;
    if (half_closed_) co_return std::nullopt;
    absl::Status waited = co_await arrived_.Wait();
    if (!waited.ok() && received_.empty()) co_return failed_.ok() ? waited : failed_;
  }
  co_return TryReceive();
}

std::optional<std::string> CallStream::TryReceive() {
  if (received_.empty()) return std::nullopt;
  std::optional<std::string> message = std::move(received_.front());
  received_.pop_front();
  Unhold(WindowCharge(message->size()));
  GrantCredit(WindowCharge(message->size()));
  return message;
}

void CallStream::GrantCredit(size_t charge) {
  unread_bytes_ -= charge;
  ungranted_bytes_ += charge;
  if (half_closed_ || !failed_.ok()) return;  // nobody will use it
  const size_t before = receive_window_.bytes();
  if (ungranted_bytes_ * 2 < before) return;
  receive_window_.OnTaken(ungranted_bytes_, sink_.clock().Now());
  // More than what was taken where the window grows. It shrinks by no more than its half.
  CreditFrame credit;
  credit.bytes = std::exchange(ungranted_bytes_, 0) + receive_window_.bytes() - before;
  if (credit.bytes == 0) return;
  sink_.Send(Frame{call_, credit});
}

}  // namespace runnel
