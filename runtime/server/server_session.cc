#include "runtime/server/server_session.h"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
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

// What frames other than messages may hold: more than any client that acknowledges needs.
constexpr size_t kControlBytes = 64 * 1024;
// When a client is to send again what there was no room for.
constexpr uint64_t kRetryMs = 100;

absl::Status Lost(std::string_view why) {
  return WithErrorInfo(absl::UnavailableError(absl::StrCat("session lost: ", AbslView(why))),
                       {.reason = "SESSION_LOST", .domain = "runnel", .metadata = {}});
}

// 0, which means none, for a time without end.
uint64_t Milliseconds(absl::Duration duration) {
  return duration == absl::InfiniteDuration()
             ? 0
             : static_cast<uint64_t>(absl::ToInt64Milliseconds(duration));
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

std::shared_ptr<ServerSession> ServerSession::Create(Options options) {
  const Executor home = options.executor;
  return std::shared_ptr<ServerSession>(
      new ServerSession(std::move(options)), [home](ServerSession* session) {
        // Held by the handler, it is destroyed even if the loop never comes to it.
        const auto destroy = [](ServerSession* last) { delete last; };
        asio::dispatch(
            home, [last = std::unique_ptr<ServerSession, decltype(destroy)>(session, destroy)] {});
      });
}

ServerSession::ServerSession(Options options)
    : options_(std::move(options)),
      epoch_("1"),
      created_(options_.clock->Now()),
      sent_(options_.codec, epoch_),
      window_(std::min(options_.client_session_window, options_.limits.session_window_bytes),
              std::min(options_.client_session_window, options_.limits.max_session_window_bytes)),
      attachment_(*options_.clock, options_.executor, options_.times, *this) {}

ServerSession::~ServerSession() {
  options_.budget->RemoveDetached(*this);
  options_.budget->Add(-static_cast<int64_t>(accounted_bytes_));
}

std::string ServerSession::SessionInfoEvent() const {
  FrameBatch::SessionInfo info;
  info.id = options_.id;
  info.epoch = epoch_;
  info.lease_ms = Milliseconds(options_.times.lease);
  info.ping_ms = Milliseconds(options_.times.ping);
  info.resume_ms = Milliseconds(options_.times.resume_window);
  info.heartbeat_ms = Milliseconds(options_.times.heartbeat);
  info.call_window_bytes = options_.limits.call_window_bytes;
  info.session_window_bytes = options_.limits.session_window_bytes;
  info.max_send_bytes = options_.limits.max_send_bytes;
  info.max_message_bytes = options_.limits.max_message_bytes;
  info.ack = received_;
  info.upload_idle_ms = Milliseconds(options_.limits.body_progress_timeout / 2);
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

absl::StatusOr<uint64_t> ServerSession::Attach(const AttachOptions& attach) {
  if (ended_) return Lost("it is over");
  if (attach.epoch && *attach.epoch != epoch_) {
    return Lost(absl::StrCat("the client has events of epoch \"", *attach.epoch, "\", this is \"",
                             epoch_, "\""));
  }
  RUNNEL_ASSIGN_OR_RETURN(uint64_t stream, attachment_.Begin(attach.attempt, attach.max));
  stream_has_sent_ = attach.opened;
  const uint64_t replayed_before = sent_.replayed_events();
  if (absl::Status rewound = sent_.Rewind(attach.after); !rewound.ok()) {
    const absl::Status lost = Lost(StdView(rewound.message()));
    End(absl::StrCat("it cannot go on where its client is: ", rewound.message()),
        SessionEnd::kUnresumable);
    return lost;
  }
  RUNNEL_RETURN_IF_ERROR(Acknowledge(attach.after));
  SessionEvent event = EventOf(attach.opened ? SessionChange::kAttached : SessionChange::kResumed);
  event.replayed_events = sent_.replayed_events() - replayed_before;
  telemetry().replayed_events.Add(event.replayed_events);
  telemetry().SessionChanged(event);
  return stream;
}

absl::Status ServerSession::Acknowledge(uint64_t seq) {
  const size_t before = sent_.message_bytes();
  RUNNEL_RETURN_IF_ERROR(sent_.Acknowledge(seq));
  window_.OnTaken(before - sent_.message_bytes(), options_.clock->Now());
  Account();
  WakeNext();
  acknowledged_.Notify();
  return absl::OkStatus();
}

void ServerSession::Account() {
  const size_t now = held_bytes();
  const size_t before = std::exchange(accounted_bytes_, now);
  if (now != before) {
    options_.budget->Add(static_cast<int64_t>(now) - static_cast<int64_t>(before));
  }
}

Awaitable<absl::StatusOr<std::optional<std::shared_ptr<const std::string>>>>
ServerSession::NextEvent(uint64_t stream) {
  std::shared_ptr<ServerSession> self = shared_from_this();
  const absl::Time heartbeat_due = options_.clock->Now() + options_.times.heartbeat;
  while (true) {
    if (!attachment_.IsCurrent(stream)) co_return std::nullopt;
    // A session that is over has more to say than that its stream is.
    const bool over = !ended_ && options_.clock->Now() >= attachment_.ends_at();
    if (over && (!attachment_.bounded() || sent_.AllSent())) co_return std::nullopt;
    if (std::shared_ptr<const std::string> event = sent_.NextToSend()) {
      stream_has_sent_ = true;
      turns_.Run([this] { return sent_.unsent_bytes(); });
      co_return event;
    }
    if (ended_) {
      std::shared_ptr<const std::string> end = std::exchange(end_event_, nullptr);
      if (end == nullptr) co_return std::nullopt;
      co_return end;
    }
    if (attachment_.bounded() && stream_has_sent_) co_return std::nullopt;
    const absl::Time until = std::min(heartbeat_due, attachment_.ends_at());
    absl::Status waited = co_await changed_.WaitUntil(*options_.clock, until);
    if (absl::IsDeadlineExceeded(waited)) {
      if (until == heartbeat_due) {
        co_return std::optional<std::shared_ptr<const std::string>>(nullptr);
      }
      continue;
    }
    if (!waited.ok()) co_return waited;
  }
}

void ServerSession::Detach(uint64_t stream) {
  if (!ended_) attachment_.End(stream);
}

void ServerSession::OnAttached(bool attached) {
  if (attached) {
    options_.budget->RemoveDetached(*this);
    telemetry().attached.Add();
  } else {
    options_.budget->AddDetached(*this);
    telemetry().attached.Subtract();
    Report(SessionChange::kDetached);
  }
}

void ServerSession::GiveUp(const std::string& why) {
  asio::post(options_.executor, [session = weak_from_this(), why] {
    if (auto self = session.lock()) self->End(why, SessionEnd::kBufferLimit);
  });
}

bool ServerSession::HasRoom() const {
  return sent_.message_bytes() < window_.bytes() && options_.budget->open();
}

RoomQueue& ServerSession::room() {
  return sent_.message_bytes() < window_.bytes() ? options_.budget->room() : room_;
}

void ServerSession::WakeNext() {
  if (options_.budget->open()) options_.budget->room().WakeFirst();
  // Where the budget is used up, those of this queue go over to the other.
  if (sent_.message_bytes() < window_.bytes()) room_.WakeFirst();
}

void ServerSession::TakeTurns(PartSource& source) {
  turns_.Add(source);
  turns_.Run([this] { return sent_.unsent_bytes(); });
}

void ServerSession::OnHeld(int64_t bytes) {
  unread_bytes_ += bytes;
  Account();
}

std::optional<Refusal> ServerSession::NoRoomFor(const Frame& frame) const {
  if (sent_.control_bytes() >= kControlBytes) return Refusal::kControlBytes;
  if (!CarriesMessage(frame)) return std::nullopt;
  if (unread_bytes_ >= options_.limits.max_unread_bytes) return Refusal::kMaxUnreadBytes;
  if (!options_.budget->open()) return Refusal::kMaxBufferedBytes;
  return std::nullopt;
}

absl::StatusOr<SendResponse> ServerSession::Receive(uint64_t seq, uint64_t ack,
                                                    std::vector<Frame> frames) {
  if (ended_) return Lost("it is over");
  attachment_.Heard();
  RUNNEL_RETURN_IF_ERROR(Acknowledge(ack));
  return Take(seq, std::move(frames));
}

absl::StatusOr<SendResponse> ServerSession::Take(uint64_t seq, std::vector<Frame> frames) {
  if (ended_) return Lost("it is over");
  SendResponse reply;
  reply.ack = received_;
  if (frames.empty()) return reply;
  if (seq == 0) return absl::InvalidArgumentError("frames are numbered from 1");
  if (seq > received_ + 1) {
    return WithErrorInfo(absl::FailedPreconditionError(absl::StrCat(
                             "frame ", seq, " came where frame ", received_ + 1, " is expected")),
                         {.reason = "SEQUENCE_GAP",
                          .domain = "runnel",
                          .metadata = {{"expected", absl::StrCat(received_ + 1)}}});
  }
  for (size_t i = 0; i < frames.size(); ++i) {
    if (seq + i <= received_) {
      telemetry().duplicate_frames.Add();
      continue;
    }
    if (const std::optional<Refusal> full = NoRoomFor(frames[i])) {
      telemetry().Refused(*full, options_.peer);
      reply.retry_ms = kRetryMs;
      break;
    }
    received_ = seq + i;
    if (absl::Status taken = Dispatch(std::move(frames[i])); !taken.ok()) {
      End(absl::StrCat("the client broke the protocol: ", taken.message()),
          SessionEnd::kProtocolError);
      return taken;
    }
    if (ended_) return Lost("it is over");
  }
  reply.ack = received_;
  return reply;
}

absl::Status ServerSession::Dispatch(Frame&& frame) {
  if (auto* open = std::get_if<OpenFrame>(&frame.kind)) {
    return OpenCall(frame.call, std::move(*open));
  }
  if (std::holds_alternative<PingFrame>(frame.kind)) {
    Send(Frame{0, PongFrame()});
    return absl::OkStatus();
  }
  if (std::holds_alternative<PongFrame>(frame.kind)) return absl::OkStatus();
  // A frame of a call that is over crossed its end on the way.
  auto found = calls_.find(frame.call);
  if (found == calls_.end()) {
    if (frame.call <= last_call_ || draining_) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("call ", frame.call, " was never opened"));
  }
  std::shared_ptr<SessionCall> call = found->second;
  if (auto* message = std::get_if<MessageFrame>(&frame.kind)) {
    call->OnMessage(std::move(*message));
  } else if (std::holds_alternative<HalfCloseFrame>(frame.kind)) {
    call->OnHalfClose();
  } else if (std::holds_alternative<CancelFrame>(frame.kind)) {
    call->OnCancel();
  } else if (auto* credit = std::get_if<CreditFrame>(&frame.kind)) {
    call->OnCredit(credit->bytes);
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("call ", frame.call, ": a frame of a kind that only servers send"));
  }
  return absl::OkStatus();
}

absl::Status ServerSession::OpenCall(uint64_t id, OpenFrame open) {
  // The client hears that this one never ran, and will not here.
  if (draining_) return absl::OkStatus();
  if (id <= last_call_) {
    return absl::InvalidArgumentError(
        absl::StrCat("call ", id, " is opened after call ", last_call_, "; ids increase"));
  }
  last_call_ = id;
  const ServerMethod* method = options_.methods->Find(open.method);
  if (method == nullptr) {
    Refuse(id, Refusal::kUnknownMethod,
           absl::UnimplementedError(absl::StrCat("there is no method ", open.method)));
    return absl::OkStatus();
  }
  if (calls_.size() >= options_.limits.max_calls_per_session) {
    Refuse(id, Refusal::kMaxCallsPerSession,
           WithErrorInfo(absl::ResourceExhaustedError(
                             absl::StrCat("the session has ", calls_.size(),
                                          " calls; limit is Limits::max_calls_per_session")),
                         {.reason = "TOO_MANY_CALLS", .domain = "runnel", .metadata = {}}));
    return absl::OkStatus();
  }
  if (options_.calls->full()) {
    Refuse(id, Refusal::kMaxCalls, options_.calls->TooMany());
    return absl::OkStatus();
  }
  if (absl::Status valid = open.metadata.Validate(); !valid.ok()) {
    Refuse(id, std::move(valid));
    return absl::OkStatus();
  }
  ServerContext::Call context;
  context.method = method->info;
  context.metadata = std::move(open.metadata);
  context.peer = options_.peer;
  context.principal = options_.principal;
  context.clock = options_.clock;
  context.executor = options_.executor;
  context.blocking_executor = options_.blocking_executor;
  if (open.timeout_ms > 0) {
    context.deadline = options_.clock->Now() + absl::Milliseconds(open.timeout_ms);
  }
  auto call = std::make_shared<SessionCall>(std::move(context), shared_from_this(), id);
  calls_.emplace(id, call);
  ++total_calls_;
  call->Start(*options_.calls, *method);
  if (open.message) call->OnMessage(*std::move(open.message));
  if (open.half_close) call->OnHalfClose();
  return absl::OkStatus();
}

void ServerSession::Refuse(uint64_t call, Refusal reason, absl::Status status) {
  telemetry().Refused(reason, options_.peer);
  Refuse(call, std::move(status));
}

void ServerSession::Refuse(uint64_t call, absl::Status status) {
  EndFrame end;
  end.status = std::move(status);
  Send(Frame{call, std::move(end)});
}

void ServerSession::Send(const Frame& frame) {
  if (ended_) return;
  sent_.Append(frame);
  Account();
  changed_.Notify();
  if (!std::holds_alternative<EndFrame>(frame.kind) || !calls_.contains(frame.call)) return;
  // It came behind the parts of a message, from within the call: that goes later.
  asio::post(options_.executor,
             [self = shared_from_this(), call = frame.call] { self->ForgetCall(call); });
}

void ServerSession::Drain(absl::Time deadline) {
  if (ended_ || std::exchange(draining_, true)) return;
  GoAwayFrame go_away;
  go_away.last_call = last_call_;
  go_away.reason = "the server is shutting down";
  go_away.retry_ms = 1000;
  const absl::Duration left = deadline - options_.clock->Now();
  go_away.deadline_ms = Milliseconds(std::max(left, absl::Milliseconds(1)));
  Send(Frame{0, std::move(go_away)});
  Report(SessionChange::kDraining);
}

Awaitable<void> ServerSession::WaitUntilAcknowledged(absl::Time deadline) {
  std::shared_ptr<ServerSession> self = shared_from_this();
  while (!ended_ && sent_.last_acknowledged() < sent_.last_appended()) {
    absl::Status waited = co_await acknowledged_.WaitUntil(*options_.clock, deadline);
    if (!waited.ok()) co_return;
  }
}

void ServerSession::ForgetCall(uint64_t call) { calls_.erase(call); }

SessionEvent ServerSession::EventOf(SessionChange change) const {
  SessionEvent event;
  event.change = change;
  event.id = options_.id;
  event.peer = options_.peer;
  event.principal = options_.principal;
  event.codec = options_.codec;
  event.time = options_.clock->Now();
  event.age = event.time - created_;
  event.calls = calls_.size();
  event.held_bytes = held_bytes();
  event.bounded = attachment_.bounded();
  return event;
}

void ServerSession::Report(SessionChange change) { telemetry().SessionChanged(EventOf(change)); }

LiveSession ServerSession::Describe() const {
  const absl::Time now = options_.clock->Now();
  LiveSession live;
  live.id = options_.id;
  live.peer = options_.peer;
  live.principal = options_.principal;
  live.codec = options_.codec;
  live.age = now - created_;
  live.silent = now - attachment_.heard_at();
  live.attached = attachment_.attached();
  live.bounded = live.attached && attachment_.bounded();
  live.stream_age = now - attachment_.changed_at();
  live.streams = attachment_.streams();
  live.replayed_events = sent_.replayed_events();
  live.draining = draining_;
  live.calls = calls_.size();
  live.total_calls = total_calls_;
  live.last_sent = sent_.last_appended();
  live.last_acknowledged = sent_.last_acknowledged();
  live.last_received = received_;
  live.unacknowledged_bytes = sent_.bytes();
  live.unsent_bytes = sent_.unsent_bytes();
  live.unread_bytes = unread_bytes_;
  live.window_bytes = window_.bytes();
  return live;
}

void ServerSession::End(const std::string& why, SessionEnd cause) {
  if (ended_) return;
  std::shared_ptr<ServerSession> self = shared_from_this();
  SessionEvent event = EventOf(SessionChange::kEnded);
  event.end = cause;
  event.why = why;
  const std::map<uint64_t, std::shared_ptr<SessionCall>> calls = calls_;
  for (const auto& [id, call] : calls) call->Cancel(Lost(why));
  ended_ = true;
  calls_.clear();
  end_event_ = std::make_shared<std::string>(EndEvent(Lost(why)));
  if (attachment_.attached()) telemetry().attached.Subtract();
  attachment_.Stop();
  telemetry().SessionChanged(event);
  options_.budget->RemoveDetached(*this);
  changed_.Notify();
  acknowledged_.Notify();
  if (options_.on_end) options_.on_end(options_.id);
}

}  // namespace runnel
