#include "runtime/client/client_session.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/client/error_response.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/session/frame_limits.h"
#include "runtime/session/session_secret.h"
#include "runtime/wire/base64.h"
#include "runtime/wire/connect_error.h"
#include "runtime/wire/event_parser.h"

namespace runnel {
namespace {

// Well under what a default nginx takes in one body.
constexpr size_t kMaxPostBytes = 512 * 1024;
constexpr absl::Duration kAckDelay = absl::Seconds(1);

absl::Status Lost(std::string_view why) {
  return WithErrorInfo(absl::UnavailableError(absl::StrCat("session lost: ", AbslView(why))),
                       {.reason = "SESSION_LOST", .domain = "runnel", .metadata = {}});
}

}  // namespace

ClientSession::ClientSession(Executor executor, std::shared_ptr<HttpClient> http, Codec codec,
                             const Limits& limits, Clock& clock)
    : executor_(executor),
      http_(std::move(http)),
      codec_(codec),
      limits_(limits),
      frame_limits_(FrameLimits(limits)),
      clock_(clock),
      secret_(NewSessionSecret()),
      queue_(codec),
      send_window_(limits.session_window_bytes),
      ack_after_(limits.session_window_bytes / 4),
      tasks_(std::move(executor)) {}

uint64_t ClientSession::OpenCall(SessionCallListener& listener, OpenFrame open, size_t charge) {
  const uint64_t id = ++last_call_;
  calls_.emplace(id, &listener);
  Send(Frame{id, std::move(open)}, charge);
  if (!std::exchange(started_, true)) {
    tasks_.Spawn(RunDown(shared_from_this()));
    tasks_.Spawn(RunUp(shared_from_this()));
  }
  return id;
}

void ClientSession::ForgetCall(uint64_t call) { calls_.erase(call); }

void ClientSession::Send(const Frame& frame, size_t charge) {
  if (!over_.ok()) return;
  queue_.Append(frame, charge);
  up_changed_.Notify();
}

void ClientSession::Close() {
  if (!over_.ok()) return;
  if (!name_.empty()) {
    // The server is told by a task that nobody waits for: it outlives this session.
    TaskGroup farewell(executor_);
    farewell.Spawn(SayClose(http_, MakeRequest("Close", codec_ == Codec::kJson ? "{}" : "")));
    farewell.Release();
  }
  End(absl::CancelledError("the channel was closed"));
}

Awaitable<void> ClientSession::SayClose(std::shared_ptr<HttpClient> http, HttpRequest request) {
  absl::StatusOr<HttpResponse> response = co_await http->Send(std::move(request));
  response.status().IgnoreError();  // a server that does not hear it notices by itself
}

void ClientSession::End(absl::Status status) {
  if (!over_.ok()) return;
  Self self = shared_from_this();
  over_ = std::move(status);
  const std::map<uint64_t, SessionCallListener*> calls = std::exchange(calls_, {});
  for (const auto& [id, listener] : calls) listener->OnSessionEnd(over_);
  tasks_.Cancel();
}

HttpRequest ClientSession::MakeRequest(std::string_view method, std::string body) const {
  HttpRequest request;
  request.target = absl::StrCat("/runnel.v1.Channel/", AbslView(method));
  request.headers.Add("content-type", absl::StrCat("application/", AbslView(CodecName(codec_))));
  if (!name_.empty()) request.headers.Add("runnel-session", name_);
  // Numbers make all of them safe to repeat. Open alone says when it does: a server that has
  // started anew meanwhile must not take it for a first one.
  request.idempotent = method != "Open";
  request.body = StringBody(std::move(body));
  return request;
}

bool ClientSession::MayRetry(const absl::Status& status) {
  if (!over_.ok()) return false;
  // The server's own words are final; a proxy's, or the network's, are not.
  if (!absl::IsUnavailable(status) || !ReasonOf(status).empty()) {
    End(absl::IsUnavailable(status) ? status : Lost(StdView(status.message())));
    return false;
  }
  if (clock_.Now() - last_contact_ > resume_window_) {
    End(Lost(absl::StrCat("no contact with the server for ", absl::FormatDuration(resume_window_),
                          "; the last attempt: ", status.message())));
    return false;
  }
  return true;
}

// --- down ---

Awaitable<void> ClientSession::RunDown(Self self) {
  self->last_contact_ = self->clock_.Now();
  while (self->over_.ok()) {
    absl::Status ended = co_await self->RunStream();
    if (!self->over_.ok()) co_return;
    if (!ended.ok()) {
      if (self->name_.empty()) {
        // Nobody knows whether a server that cannot be asked has run what Open carried.
        self->End(ended);
        co_return;
      }
      if (!self->MayRetry(ended)) co_return;
    }
    absl::Status slept = co_await SleepFor(self->clock_, self->down_backoff_.Next());
    if (!slept.ok()) co_return;
  }
}

// OK: the stream ended and may be attached again.
Awaitable<absl::Status> ClientSession::RunStream() {
  std::string body;
  HttpRequest request;
  if (name_.empty()) {
    FrameQueue::Batch batch = queue_.Unacknowledged(kMaxPostBytes / 2);
    OpenRequest open;
    open.secret = secret_;
    open.retry = std::exchange(open_sent_, true);
    open.call_window_bytes = limits_.call_window_bytes;
    open.session_window_bytes = limits_.session_window_bytes;
    open_last_ = batch.last;
    EncodeOpenRequest(codec_, open, batch.frames, body);
    request = MakeRequest("Open", std::move(body));
  } else {
    AttachRequest attach;
    attach.after = received_;
    attach.attempt = ++attempt_;
    EncodeAttachRequest(codec_, attach, body);
    request = MakeRequest("Attach", std::move(body));
    request.headers.Add("last-event-id", absl::StrCat(epoch_, "-", received_));
  }
  request.headers.Add("accept", "text/event-stream");
  RUNNEL_CO_ASSIGN_OR_RETURN(HttpResponse response, co_await http_->Send(std::move(request)));
  if (response.status != 200) co_return co_await ErrorOf(std::move(response), limits_);
  if (response.body == nullptr) co_return absl::UnavailableError("the stream has no body");
  co_return co_await ReadEvents(*response.body);
}

Awaitable<absl::Status> ClientSession::ReadEvents(HttpBody& body) {
  EventParser parser(2 * limits_.max_message_bytes + 128 * 1024);
  while (over_.ok()) {
    absl::StatusOr<std::optional<std::string_view>> piece = co_await body.Read();
    // However a stream ends, the session goes on with the next.
    if (!piece.ok() || !*piece) co_return absl::OkStatus();
    last_contact_ = clock_.Now();
    down_backoff_.Reset();
    parser.Feed(**piece);
    while (over_.ok()) {
      absl::StatusOr<std::optional<EventView>> event = parser.Next();
      absl::Status taken = event.status();
      if (event.ok() && !*event) break;
      if (event.ok()) taken = TakeEvent(**event);
      if (!taken.ok()) {
        // The server's own words say it all.
        End(ReasonOf(taken) == "SESSION_LOST" ? taken : Lost(StdView(taken.message())));
        co_return taken;
      }
    }
  }
  co_return absl::OkStatus();
}

absl::Status ClientSession::TakeEvent(const EventView& event) {
  if (event.type == "end") {
    RUNNEL_ASSIGN_OR_RETURN(EndOfStream end, ParseEndOfStream(event.data, limits_));
    return end.status.ok() ? absl::UnavailableError("the server has ended it") : end.status;
  }
  if (event.type != "message") return absl::OkStatus();  // a later version's
  const size_t dash = event.id.rfind('-');
  uint64_t seq = 0;
  const char* const end = event.id.data() + event.id.size();
  if (dash == event.id.npos || std::from_chars(event.id.data() + dash + 1, end, seq).ptr != end) {
    return absl::InvalidArgumentError(
        absl::StrCat("the server sent an event with the id \"", AbslView(event.id), "\""));
  }
  unacknowledged_bytes_ += event.data.size();
  if (codec_ == Codec::kJson) {
    RUNNEL_ASSIGN_OR_RETURN(FrameBatch batch, DecodeFrameBatch(codec_, event.data, frame_limits_));
    return TakeBatch(seq, std::move(batch));
  }
  std::string bytes;
  RUNNEL_RETURN_IF_ERROR(DecodeBase64(event.data, bytes));
  RUNNEL_ASSIGN_OR_RETURN(FrameBatch batch, DecodeFrameBatch(codec_, bytes, frame_limits_));
  return TakeBatch(seq, std::move(batch));
}

absl::Status ClientSession::TakeBatch(uint64_t last, FrameBatch batch) {
  if (batch.session) Establish(*batch.session);
  if (name_.empty()) return absl::InvalidArgumentError("the server's first event names no session");
  if (batch.frames.empty()) return absl::OkStatus();
  if (last < batch.frames.size() || last - batch.frames.size() > received_) {
    return absl::DataLossError(absl::StrCat("frame ", last, " ends a batch of ",
                                            batch.frames.size(), ", but the last one before is ",
                                            received_));
  }
  uint64_t seq = last - batch.frames.size();
  for (Frame& frame : batch.frames) {
    if (++seq <= received_) continue;
    received_ = seq;
    Dispatch(std::move(frame));
    if (!over_.ok()) return absl::OkStatus();
  }
  if (ack_due_ == absl::InfiniteFuture()) ack_due_ = clock_.Now() + kAckDelay;
  up_changed_.Notify();
  return absl::OkStatus();
}

void ClientSession::Establish(const FrameBatch::SessionInfo& info) {
  if (!name_.empty()) return;
  name_ = absl::StrCat(info.id, ".", secret_);
  epoch_ = info.epoch;
  if (info.resume_ms > 0) resume_window_ = absl::Milliseconds(info.resume_ms);
  if (info.session_window_bytes > 0) {
    ack_after_ = std::min<uint64_t>(limits_.session_window_bytes, info.session_window_bytes) / 4;
  }
  const size_t before = call_send_window_;
  call_send_window_ =
      info.call_window_bytes > 0 ? info.call_window_bytes : Limits().call_window_bytes;
  for (const auto& [id, listener] : std::map(calls_)) {
    CreditFrame rest;
    rest.bytes = call_send_window_ - std::min(before, call_send_window_);
    listener->OnFrame(Frame{id, rest});
  }
  send_window_.Refund(queue_.Acknowledge(open_last_));
  up_changed_.Notify();
}

void ClientSession::Dispatch(Frame frame) {
  if (std::holds_alternative<PingFrame>(frame.kind)) {
    Send(Frame{0, PongFrame()}, 0);
    return;
  }
  // A frame of a call that was cancelled here crossed the cancellation on the way.
  auto found = calls_.find(frame.call);
  if (found != calls_.end()) found->second->OnFrame(std::move(frame));
}

// --- up ---

bool ClientSession::AckDue() const {
  return received_ > acknowledged_ &&
         (unacknowledged_bytes_ >= ack_after_ || clock_.Now() >= ack_due_);
}

Awaitable<void> ClientSession::RunUp(Self self) {
  while (self->over_.ok()) {
    const bool work = !self->queue_.empty() || self->AckDue();
    if (self->name_.empty() || !work) {
      absl::Status waited = co_await self->up_changed_.WaitUntil(
          self->clock_, self->name_.empty() ? absl::InfiniteFuture() : self->ack_due_);
      if (absl::IsCancelled(waited)) co_return;
      continue;
    }
    absl::Status posted = co_await self->PostFrames();
    if (!self->over_.ok()) co_return;
    if (posted.ok()) {
      self->up_backoff_.Reset();
      continue;
    }
    if (!self->MayRetry(posted)) co_return;
    absl::Status slept = co_await SleepFor(self->clock_, self->up_backoff_.Next());
    if (!slept.ok()) co_return;
  }
}

Awaitable<absl::Status> ClientSession::PostFrames() {
  FrameQueue::Batch batch = queue_.Unacknowledged(kMaxPostBytes);
  SendRequest send;
  send.seq = batch.first;
  send.ack = received_;
  const size_t acknowledged_bytes = unacknowledged_bytes_;
  std::string body;
  EncodeSendRequest(codec_, send, batch.frames, body);
  RUNNEL_CO_ASSIGN_OR_RETURN(HttpResponse response,
                             co_await http_->Send(MakeRequest("Send", std::move(body))));
  if (response.status != 200) co_return co_await ErrorOf(std::move(response), limits_);
  RUNNEL_CO_ASSIGN_OR_RETURN(
      std::string reply,
      co_await ReadAll(response.body.get(), kMaxErrorBytes, "the length of a reply to Send"));
  RUNNEL_CO_ASSIGN_OR_RETURN(SendResponse sent, DecodeSendResponse(codec_, reply, limits_));
  last_contact_ = clock_.Now();
  acknowledged_ = send.ack;
  unacknowledged_bytes_ -= acknowledged_bytes;
  ack_due_ = received_ > acknowledged_ ? clock_.Now() + kAckDelay : absl::InfiniteFuture();
  if (sent.ack > batch.last) {
    co_return absl::InvalidArgumentError(
        absl::StrCat("the server has frame ", sent.ack, ", but the last one sent is ", batch.last));
  }
  send_window_.Refund(queue_.Acknowledge(sent.ack));
  co_return absl::OkStatus();
}

}  // namespace runnel
