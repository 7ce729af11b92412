#include "runtime/server/session_call.h"

#include <utility>

#include "runtime/call/shared_message.h"
#include "runtime/core/status_macros.h"

namespace runnel {
namespace {

// Where a message is encoded before it goes into a frame. One for all calls of the loop: memory
// that need not be allocated for each message, and that no idle call holds.
std::string& Scratch() {
  thread_local std::string scratch;
  scratch.clear();
  return scratch;
}

}  // namespace

SessionCall::SessionCall(ServerContext::Call call, std::shared_ptr<ServerSession> session,
                         uint64_t id)
    : ServerCall(std::move(call)),
      session_(std::move(session)),
      id_(id),
      stream_(*session_, id, session_->options().client_call_window,
              session_->limits().call_window_bytes) {}

void SessionCall::OnMessage(MessageFrame message) {
  absl::Status taken = stream_.OnMessage(std::move(message));
  if (!taken.ok()) Cancel(std::move(taken));
}

Awaitable<absl::StatusOr<bool>> SessionCall::Read(google::protobuf::Message& message) {
  if (context().IsCancelled()) co_return context().cancel_status();
  if (!undecodable_.ok()) co_return std::exchange(undecodable_, absl::OkStatus());
  absl::StatusOr<std::optional<std::string>> received = co_await stream_.Receive();
  if (!received.ok()) co_return std::move(received).status();
  if (!*received) co_return false;
  CountReceived((*received)->size());
  RUNNEL_CO_RETURN_IF_ERROR(
      DecodeMessage(session_->codec(), **received, session_->limits(), message));
  co_return true;
}

bool SessionCall::TryRead(google::protobuf::Message& message) {
  if (!undecodable_.ok() || context().IsCancelled()) return false;
  const std::optional<std::string> received = stream_.TryReceive();
  if (!received) return false;
  CountReceived(received->size());
  undecodable_ = DecodeMessage(session_->codec(), *received, session_->limits(), message);
  return undecodable_.ok();
}

Awaitable<absl::Status> SessionCall::Write(const google::protobuf::Message& message,
                                           const WriteOptions& options) {
  RUNNEL_CO_RETURN_IF_ERROR(co_await stream_.WaitToSend());
  co_return Send(message, options);
}

bool SessionCall::TryWrite(const google::protobuf::Message& message, const WriteOptions& options) {
  // What cannot be encoded says why when it is tried again.
  return stream_.MaySend() && Send(message, options).ok();
}

absl::Status SessionCall::Send(const google::protobuf::Message& message,
                               const WriteOptions& options) {
  std::string& payload = Scratch();
  RUNNEL_RETURN_IF_ERROR(EncodeMessage(session_->codec(), message, payload));
  CountSent(payload.size());
  SendHeaderOnce();
  if (options.last && CallStream::FitsOneFrame(payload.size())) {
    last_message_ = std::move(payload);
  } else {
    stream_.SendMessage(payload);
  }
  return absl::OkStatus();
}

// Sessions have ids of their own.
Awaitable<absl::Status> SessionCall::WriteShared(SharedMessages messages, SharedMessage::Id) {
  for (const SharedMessagePtr& message : messages) {
    if (!stream_.MaySend()) RUNNEL_CO_RETURN_IF_ERROR(co_await stream_.WaitToSend());
    RUNNEL_CO_ASSIGN_OR_RETURN(const std::string_view payload, message->Encoded(session_->codec()));
    CountSent(payload.size());
    SendHeaderOnce();
    stream_.SendMessage(Scratch().assign(payload));
  }
  co_return absl::OkStatus();
}

void SessionCall::SendHeaderOnce() {
  if (std::exchange(header_sent_, true) || context().initial_metadata().empty()) return;
  HeaderFrame header;
  header.metadata = context().initial_metadata();
  session_->Send(Frame{id_, std::move(header)});
}

LiveCall SessionCall::Describe() const {
  LiveCall live = ServerCall::Describe();
  live.session_call = id_;
  live.send_window = stream_.send_window();
  live.receive_window = stream_.receive_window();
  live.unread_bytes = stream_.held_bytes();
  live.unsent_bytes = stream_.unsent_bytes();
  return live;
}

void SessionCall::OnEnd(const absl::Status& status) {
  SendHeaderOnce();
  EndFrame end;
  end.status = status;
  end.trailers = context().trailing_metadata();
  if (last_message_ && status.ok()) {
    stream_.ChargeMessage(last_message_->size());
    end.message = CallStream::WholeMessage(*std::move(last_message_));
  }
  if (stream_.sending() && !context().IsCancelled()) {
    // The handler has returned, and the session keeps the call until its last message has left.
    stream_.SendLast(Frame{id_, std::move(end)});
    return;
  }
  stream_.Fail(status.ok() ? absl::CancelledError("the call is over") : status);
  session_->ForgetCall(id_);
  session_->Send(Frame{id_, std::move(end)});
}

void SessionCall::OnCancel() {
  const absl::Status cancelled = absl::CancelledError("the client has cancelled the call");
  if (!ended()) return Cancel(cancelled);
  // Its handler is done, but not all it wrote has left.
  stream_.Fail(cancelled);
  EndFrame end;
  end.status = cancelled;
  session_->Send(Frame{id_, std::move(end)});
}

}  // namespace runnel
