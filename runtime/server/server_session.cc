#include "runtime/server/server_session.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/server/session_call.h"
#include "runtime/wire/connect_error.h"
#include "runtime/wire/event_writer.h"

namespace runnel {
namespace {

absl::Status Lost(std::string_view why) {
  return WithErrorInfo(absl::UnavailableError(absl::StrCat("session lost: ", AbslView(why))),
                       {.reason = "SESSION_LOST", .domain = "runnel", .metadata = {}});
}

std::string EndEvent(const absl::Status& status) {
  EndOfStream end;
  end.status = status;
  EventFields fields;
  fields.type = "end";
  fields.id = "end";
  std::string event;
  AppendEvent(fields, EndOfStreamJson(end), event);
  return event;
}

}  // namespace

ServerSession::ServerSession(Options options)
    : options_(std::move(options)),
      epoch_("1"),
      sent_(options_.codec, epoch_),
      send_window_(options_.client_session_window) {}

std::string ServerSession::SessionInfoEvent() const {
  FrameBatch::SessionInfo info;
  info.id = options_.id;
  info.epoch = epoch_;
  info.resume_ms = absl::ToInt64Milliseconds(options_.resume_window);
  info.call_window_bytes = options_.limits.call_window_bytes;
  info.session_window_bytes = options_.limits.session_window_bytes;
  info.max_send_bytes = options_.limits.max_send_bytes;
  info.max_message_bytes = options_.limits.max_message_bytes;
  std::string batch;
  EncodeFrameBatch(options_.codec, info, "", batch);
  const std::string id = absl::StrCat(epoch_, "-0");
  EventFields fields;
  fields.id = id;
  std::string event;
  if (options_.codec == Codec::kJson) {
    AppendEvent(fields, batch, event);
  } else {
    AppendBase64Event(fields, batch, event);
  }
  return event;
}

absl::StatusOr<uint64_t> ServerSession::Attach(uint64_t after) {
  if (ended_) return Lost("it is over");
  if (absl::Status rewound = sent_.Rewind(after); !rewound.ok())
    return Lost(StdView(rewound.message()));
  RUNNEL_ASSIGN_OR_RETURN(size_t freed, sent_.Acknowledge(after));
  send_window_.Refund(freed);
  resume_timer_.reset();
  attached_ = true;
  ++stream_;
  changed_.Notify();  // the stream that was there ends
  return stream_;
}

Awaitable<absl::StatusOr<std::optional<std::shared_ptr<const std::string>>>>
ServerSession::NextEvent(uint64_t stream) {
  std::shared_ptr<ServerSession> self = shared_from_this();
  const absl::Time heartbeat_due = options_.clock->Now() + options_.heartbeat;
  while (true) {
    if (stream != stream_) co_return std::nullopt;
    if (std::shared_ptr<const std::string> event = sent_.NextToSend()) co_return event;
    if (ended_) {
      std::shared_ptr<const std::string> end = std::exchange(end_event_, nullptr);
      if (end == nullptr) co_return std::nullopt;
      co_return end;
    }
    absl::Status waited = co_await changed_.WaitUntil(*options_.clock, heartbeat_due);
    if (absl::IsDeadlineExceeded(waited)) {
      co_return std::optional<std::shared_ptr<const std::string>>(nullptr);
    }
    if (!waited.ok()) co_return waited;
  }
}

void ServerSession::Detach(uint64_t stream) {
  if (stream != stream_ || ended_ || !attached_) return;
  attached_ = false;
  resume_timer_ = options_.clock->CallAfter(options_.executor, options_.resume_window, [this] {
    End(absl::StrCat("its client stayed away longer than ",
                     absl::FormatDuration(options_.resume_window)));
  });
}

absl::StatusOr<uint64_t> ServerSession::Receive(uint64_t seq, uint64_t ack,
                                                std::vector<Frame> frames) {
  if (ended_) return Lost("it is over");
  RUNNEL_ASSIGN_OR_RETURN(size_t freed, sent_.Acknowledge(ack));
  send_window_.Refund(freed);
  if (frames.empty()) return received_;
  if (seq == 0) return absl::InvalidArgumentError("frames are numbered from 1");
  if (seq > received_ + 1) {
    return WithErrorInfo(absl::FailedPreconditionError(absl::StrCat(
                             "frame ", seq, " came where frame ", received_ + 1, " is expected")),
                         {.reason = "SEQUENCE_GAP",
                          .domain = "runnel",
                          .metadata = {{"expected", absl::StrCat(received_ + 1)}}});
  }
  for (size_t i = 0; i < frames.size(); ++i) {
    if (seq + i <= received_) continue;
    received_ = seq + i;
    if (absl::Status taken = Dispatch(std::move(frames[i])); !taken.ok()) {
      End(absl::StrCat("the client broke the protocol: ", taken.message()));
      return taken;
    }
    if (ended_) return Lost("it is over");
  }
  return received_;
}

absl::Status ServerSession::Dispatch(Frame frame) {
  if (auto* open = std::get_if<OpenFrame>(&frame.kind)) {
    return OpenCall(frame.call, std::move(*open));
  }
  if (std::holds_alternative<PingFrame>(frame.kind)) {
    Send(Frame{0, PongFrame()}, 0);
    return absl::OkStatus();
  }
  if (std::holds_alternative<PongFrame>(frame.kind)) return absl::OkStatus();
  // A frame of a call that is over crossed its end on the way.
  auto found = calls_.find(frame.call);
  if (found == calls_.end()) {
    if (frame.call <= last_call_) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("call ", frame.call, " was never opened"));
  }
  std::shared_ptr<SessionCall> call = found->second;
  if (auto* message = std::get_if<MessageFrame>(&frame.kind)) {
    call->OnMessage(std::move(*message));
  } else if (std::holds_alternative<HalfCloseFrame>(frame.kind)) {
    call->OnHalfClose();
  } else if (std::holds_alternative<CancelFrame>(frame.kind)) {
    call->Cancel(absl::CancelledError("the client has cancelled the call"));
  } else if (auto* credit = std::get_if<CreditFrame>(&frame.kind)) {
    call->OnCredit(credit->bytes);
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("call ", frame.call, ": a frame of a kind that only servers send"));
  }
  return absl::OkStatus();
}

absl::Status ServerSession::OpenCall(uint64_t id, OpenFrame open) {
  if (id <= last_call_) {
    return absl::InvalidArgumentError(
        absl::StrCat("call ", id, " is opened after call ", last_call_, "; ids increase"));
  }
  last_call_ = id;
  const ServerMethod* method = options_.methods->Find(open.method);
  if (method == nullptr) {
    Refuse(id, absl::UnimplementedError(absl::StrCat("there is no method ", open.method)));
    return absl::OkStatus();
  }
  if (options_.calls->closed()) {
    Refuse(id, CallGroup::Refusal());
    return absl::OkStatus();
  }
  if (calls_.size() >= options_.limits.max_calls_per_session) {
    Refuse(id, WithErrorInfo(absl::ResourceExhaustedError(
                                 absl::StrCat("the session has ", calls_.size(),
                                              " calls; limit is Limits::max_calls_per_session")),
                             {.reason = "TOO_MANY_CALLS", .domain = "runnel", .metadata = {}}));
    return absl::OkStatus();
  }
  ServerContext::Call context;
  context.method = method->info;
  context.metadata = std::move(open.metadata);
  context.peer = options_.peer;
  context.clock = options_.clock;
  context.executor = options_.executor;
  context.blocking_executor = options_.blocking_executor;
  if (open.timeout_ms > 0) {
    context.deadline = options_.clock->Now() + absl::Milliseconds(open.timeout_ms);
  }
  auto call = std::make_shared<SessionCall>(std::move(context), shared_from_this(), id);
  calls_.emplace(id, call);
  call->Start(*options_.calls, method->handler);
  if (open.message) call->OnMessage(*std::move(open.message));
  if (open.half_close) call->OnHalfClose();
  return absl::OkStatus();
}

void ServerSession::Refuse(uint64_t call, absl::Status status) {
  EndFrame end;
  end.status = std::move(status);
  Send(Frame{call, std::move(end)}, 0);
}

void ServerSession::Send(const Frame& frame, size_t charge) {
  if (ended_) return;
  sent_.Append(frame, charge);
  changed_.Notify();
}

void ServerSession::ForgetCall(uint64_t call) { calls_.erase(call); }

void ServerSession::End(const std::string& why) {
  if (ended_) return;
  std::shared_ptr<ServerSession> self = shared_from_this();
  const std::map<uint64_t, std::shared_ptr<SessionCall>> calls = calls_;
  for (const auto& [id, call] : calls) call->Cancel(Lost(why));
  ended_ = true;
  end_event_ = std::make_shared<std::string>(EndEvent(Lost(why)));
  resume_timer_.reset();
  changed_.Notify();
  if (options_.on_end) options_.on_end(options_.id);
}

}  // namespace runnel
