#include "runtime/client/client_session.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_memory.h"
#include "runtime/core/string_view.h"
#include "runtime/http/not_sent.h"
#include "runtime/session/frame_limits.h"
#include "runtime/session/session_secret.h"
#include "runtime/wire/base64.h"
#include "runtime/wire/connect_error.h"
#include "runtime/wire/event_parser.h"

namespace runnel {
namespace {

// Well under what a default nginx takes in one body.
constexpr size_t kMaxPostBytes = 512 * 1024;
// The servers' own events are not much larger.
constexpr size_t kKeptEventBytes = 128 * 1024;
// What carries the frames of a POST, at most.
constexpr size_t kPostOverhead = 1024;
constexpr absl::Duration kAckDelay = absl::Seconds(1);
// How long a POST may take. Servers answer at once.
constexpr absl::Duration kReplyTime = absl::Seconds(15);
// A stream that ends after so long has not failed.
constexpr absl::Duration kLasted = absl::Seconds(1);

absl::Status Lost(std::string_view why) {
  return WithErrorInfo(absl::UnavailableError(absl::StrCat("session lost: ", AbslView(why))),
                       {.reason = "SESSION_LOST", .domain = "runnel", .metadata = {}});
}

// Of an answer that is a proxy's.
bool MayPass(int http_status) {
  return http_status >= 500 || http_status == 408 || http_status == 429;
}

}  // namespace

ClientSession::ClientSession(Options options)
    : options_(std::move(options)),
      frame_limits_(FrameLimits(options_.limits)),
      clock_(*options_.clock),
      secret_(NewSessionSecret()),
      watch_(clock_, options_.executor, *this),
      queue_(options_.codec),
      session_send_window_(options_.limits.session_window_bytes),
      max_post_bytes_(kMaxPostBytes),
      ack_after_(options_.limits.session_window_bytes / 4),
      tasks_(options_.executor) {}

uint64_t ClientSession::OpenCall(SessionCallListener& listener, OpenFrame open, bool repeatable) {
  const uint64_t id = ++last_call_;
  if (!repeatable) open_last_ = std::min(open_last_, queue_.last_appended());
  calls_.emplace(id, Call{&listener, queue_.last_appended() + 1});
  Send(Frame{id, std::move(open)});
  if (!std::exchange(started_, true)) tasks_.Spawn(Run(shared_from_this()));
  return id;
}

Awaitable<void> ClientSession::Run(Self self) {
  // Who opens the first call is not ready yet for an answer, which may be there at once.
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  self->tasks_.Spawn(RunDown(self));
  self->tasks_.Spawn(RunUp(self));
}

void ClientSession::ForgetCall(uint64_t call) {
  calls_.erase(call);
  if (draining_ && calls_.empty()) Close();
}

void ClientSession::Send(const Frame& frame) {
  if (!over_.ok()) return;
  queue_.Append(frame);
  up_changed_.Notify();
}

void ClientSession::TakeTurns(PartSource& source) {
  turns_.Add(source);
  turns_.Run([this] { return queue_.unposted_bytes(); });
}

void ClientSession::Close() {
  if (!over_.ok()) return;
  if (!name_.empty()) {
    absl::StatusOr<HttpRequest> request =
        MakeRequest("Close", options_.codec == Codec::kJson ? "{}" : "");
    if (request.ok()) {
      // The server is told by a task that nobody waits for: it outlives this session.
      TaskGroup farewell(options_.executor);
      farewell.Spawn(SayClose(options_.http, *std::move(request)));
      farewell.Release();
    }
  }
  SetState(ChannelState::kIdle);
  End(absl::CancelledError("the channel was closed"));
}

Awaitable<void> ClientSession::SayClose(std::shared_ptr<HttpClient> http, HttpRequest request) {
  absl::StatusOr<HttpResponse> response = co_await http->Send(std::move(request));
  response.status().IgnoreError();  // a server that does not hear it notices by itself
}

void ClientSession::End(absl::Status status, bool never_ran) {
  if (!over_.ok()) return;
  Self self = shared_from_this();
  over_ = std::move(status);
  watch_.End();
  const std::map<uint64_t, Call> calls = std::exchange(calls_, {});
  for (const auto& [id, call] : calls) {
    call.listener->OnSessionEnd(over_, never_ran || call.open_seq > queue_.last_posted());
  }
  if (status_.state != ChannelState::kIdle) SetState(ChannelState::kLost, over_);
  tasks_.Cancel();
}

void ClientSession::SetState(ChannelState state, absl::Status reason) {
  const bool polling = polling_.on();
  if (state == status_.state && polling == status_.polling) return;
  if (state == ChannelState::kResuming) {
    resuming_since_ = std::min(resuming_since_, clock_.Now());
  } else {
    resuming_since_ = absl::InfiniteFuture();
  }
  status_.state = state;
  status_.polling = polling;
  status_.reason = std::move(reason);
  if (options_.on_status) options_.on_status(status_);
}

absl::StatusOr<HttpRequest> ClientSession::MakeRequest(std::string_view method,
                                                       std::string body) const {
  HttpRequest request;
  request.target = absl::StrCat("/runnel.v1.Channel/", AbslView(method));
  if (options_.credentials) {
    RUNNEL_ASSIGN_OR_RETURN(const Metadata credentials, options_.credentials());
    for (const auto& [key, value] : credentials) request.headers.Add(key, value);
  }
  request.headers.Add("content-type",
                      absl::StrCat("application/", AbslView(CodecName(options_.codec))));
  if (!name_.empty()) request.headers.Add("runnel-session", name_);
  // Numbers make all of them safe to repeat. Open alone says when it does: a server that has
  // started anew meanwhile must not take it for a first one.
  request.idempotent = method != "Open";
  request.body = StringBody(std::move(body));
  return request;
}

absl::Status ClientSession::TakeRefusal(ResponseError error) {
  const bool opening = name_.empty();
  const std::string reason = error.from_server ? ReasonOf(error.status) : "";
  // A late copy of our own came first; the next attempt comes after it.
  if (reason == "SUPERSEDED") return error.status;
  const bool may_pass = opening ? MayPass(error.http_status) : true;
  if (!error.from_server && may_pass) return error.status;
  if (error.from_server && absl::IsUnavailable(error.status) && reason.empty()) {
    return error.status;
  }
  if (opening && reason == "SESSION_UNKNOWN") {
    // The Open that is repeated never came, or came to a server that is no more. It carried nothing
    // that may not be repeated: begin anew.
    secret_ = NewSessionSecret();
    open_may_have_arrived_ = false;
  } else if (opening) {
    End(error.status, /*never_ran=*/!error.from_server || reason == "DRAINING");
  } else {
    End(reason == "SESSION_LOST" ? error.status : Lost(StdView(error.status.message())));
  }
  return error.status;
}

void ClientSession::CheckContact(const absl::Status& failure) {
  if (!over_.ok() || clock_.Now() - last_contact_ <= resume_window_) return;
  End(Lost(absl::StrCat("no contact with the server for ", absl::FormatDuration(resume_window_),
                        "; the last attempt: ", failure.message())));
}

// --- down ---

Awaitable<void> ClientSession::RunDown(Self self) {
  self->last_contact_ = self->clock_.Now();
  self->SetState(ChannelState::kConnecting);
  while (self->over_.ok()) {
    self->progress_ = false;
    self->down_broken_ = absl::OkStatus();
    const absl::Time began = self->clock_.Now();
    absl::Status ended = co_await self->down_.Await(self->RunStream());
    self->watch_.End();
    if (!self->over_.ok()) co_return;
    if (!self->down_broken_.ok()) ended = self->down_broken_;
    if (!ended.ok() && !self->name_.empty()) self->SetState(ChannelState::kResuming, ended);
    const bool lasted = ended.ok() && self->clock_.Now() - began >= kLasted;
    if (self->progress_ || lasted) {
      self->down_backoff_.Reset();
      continue;
    }
    self->CheckContact(ended);
    if (!self->over_.ok()) co_return;
    // The server is there, if not for long.
    if (self->watch_.has_bytes()) self->down_backoff_.Reset();
    absl::Status slept = co_await SleepFor(self->clock_, self->down_backoff_.Next());
    if (!slept.ok()) co_return;
  }
}

absl::StatusOr<HttpRequest> ClientSession::StreamRequest() {
  const bool bounded = polling_.bounded(clock_.Now());
  const uint64_t max_ms = bounded ? absl::ToInt64Milliseconds(StreamWatch::kBoundedTime) : 0;
  std::string body;
  HttpRequest request;
  if (name_.empty()) {
    FrameQueue::Batch batch = queue_.Unacknowledged(max_post_bytes_ / 2, open_last_);
    OpenRequest open;
    open.secret = secret_;
    open.retry = open_may_have_arrived_;
    open.max_ms = max_ms;
    open.call_window_bytes = options_.limits.call_window_bytes;
    open.session_window_bytes = options_.limits.max_session_window_bytes;
    EncodeOpenRequest(options_.codec, open, batch.frames, body);
    RUNNEL_ASSIGN_OR_RETURN(request, MakeRequest("Open", std::move(body)));
    queue_.MarkPosted(batch.last);
    turns_.Run([this] { return queue_.unposted_bytes(); });
  } else {
    AttachRequest attach;
    attach.after = received_;
    attach.attempt = ++attempt_;
    attach.max_ms = max_ms;
    EncodeAttachRequest(options_.codec, attach, body);
    RUNNEL_ASSIGN_OR_RETURN(request, MakeRequest("Attach", std::move(body)));
    request.headers.Add("last-event-id", absl::StrCat(epoch_, "-", received_));
  }
  request.headers.Add("accept", "text/event-stream");
  watch_.Begin(bounded         ? StreamWatch::Kind::kBounded
               : name_.empty() ? StreamWatch::Kind::kOpen
                               : StreamWatch::Kind::kAttach);
  return request;
}

Awaitable<absl::Status> ClientSession::RunStream() {
  absl::StatusOr<HttpRequest> request = StreamRequest();
  if (!request.ok()) {
    End(request.status());
    co_return request.status();
  }
  const size_t body_bytes = request->body->size().value_or(0);
  const bool opening = name_.empty();
  const bool before = std::exchange(open_may_have_arrived_, true);
  absl::StatusOr<HttpResponse> response = co_await options_.http->Send(*std::move(request));
  if (!response.ok()) {
    absl::Status failure = std::move(response).status();
    const bool not_sent = TakeNotSent(failure);
    // A server that does not accept our certificate has read nothing else.
    if (opening && (not_sent || absl::IsUnauthenticated(failure))) {
      open_may_have_arrived_ = before;
      // Nobody is there: whoever made the calls may ask another server.
      End(failure, /*never_ran=*/true);
    }
    co_return failure;
  }
  if (response->status != 200) {
    ResponseError error = co_await ErrorOf(*std::move(response), options_.limits);
    if (!over_.ok()) co_return error.status;
    const bool too_large = error.http_status == 413 || ReasonOf(error.status) == "FRAME_TOO_LARGE";
    if (opening && too_large && ShrinkPosts(body_bytes)) {
      open_may_have_arrived_ = before;
      progress_ = true;
      co_return absl::OkStatus();
    }
    co_return TakeRefusal(std::move(error));
  }
  if (response->body == nullptr) co_return absl::UnavailableError("the stream has no body");
  co_return co_await ReadEvents(*response->body);
}

Awaitable<absl::Status> ClientSession::ReadEvents(HttpBody& body) {
  EventParser parser(2 * options_.limits.max_message_bytes + 128 * 1024);
  while (over_.ok()) {
    absl::StatusOr<std::optional<std::string_view>> piece = co_await body.Read();
    if (!piece.ok()) co_return piece.status();
    if (!*piece) co_return absl::OkStatus();
    last_contact_ = clock_.Now();
    watch_.OnBytes();
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
    // What waits long for the next piece does not hold on to it.
    if (event_bytes_.capacity() > kKeptEventBytes) FreeMemory(event_bytes_);
    if (polling_.on() && watch_.flows()) polling_.End();
    if (over_.ok() && !name_.empty()) SetState(ChannelState::kConnected);
  }
  co_return absl::OkStatus();
}

absl::Status ClientSession::TakeEvent(const EventView& event) {
  if (event.type == "end") {
    RUNNEL_ASSIGN_OR_RETURN(EndOfStream end, ParseEndOfStream(event.data, options_.limits));
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
  std::string_view bytes = event.data;
  if (options_.codec == Codec::kProto) {
    RUNNEL_RETURN_IF_ERROR(DecodeBase64(event.data, event_bytes_));
    bytes = event_bytes_;
  }
  RUNNEL_ASSIGN_OR_RETURN(FrameBatch batch, DecodeFrameBatch(options_.codec, bytes, frame_limits_));
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
    progress_ = true;
    Dispatch(std::move(frame));
    if (!over_.ok()) return absl::OkStatus();
  }
  if (ack_due_ == absl::InfiniteFuture()) ack_due_ = clock_.Now() + kAckDelay;
  up_changed_.Notify();
  return absl::OkStatus();
}

void ClientSession::Establish(const FrameBatch::SessionInfo& info) {
  if (!name_.empty()) return;
  progress_ = true;
  name_ = absl::StrCat(info.id, ".", secret_);
  epoch_ = info.epoch;
  const Limits& limits = options_.limits;
  if (info.resume_ms > 0) resume_window_ = absl::Milliseconds(info.resume_ms);
  if (info.heartbeat_ms > 0) watch_.set_heartbeat(absl::Milliseconds(info.heartbeat_ms));
  if (info.session_window_bytes > 0) {
    session_send_window_ = std::min<uint64_t>(session_send_window_, info.session_window_bytes);
    ack_after_ = std::min<uint64_t>(limits.session_window_bytes, info.session_window_bytes) / 4;
  }
  if (info.max_send_bytes > 2 * kPostOverhead) {
    max_post_bytes_ = std::min<uint64_t>(max_post_bytes_, info.max_send_bytes - kPostOverhead);
  }
  const size_t before = call_send_window_;
  call_send_window_ =
      info.call_window_bytes > 0 ? info.call_window_bytes : Limits().call_window_bytes;
  for (const auto& [id, call] : std::map(calls_)) {
    call.listener->OnWindow(call_send_window_ - std::min(before, call_send_window_));
  }
  queue_.Acknowledge(std::min(info.ack, queue_.last_posted()));
  WakeNext();
  up_changed_.Notify();
}

void ClientSession::Dispatch(Frame&& frame) {
  if (std::holds_alternative<PingFrame>(frame.kind)) {
    Send(Frame{0, PongFrame()});
    return;
  }
  if (auto* go_away = std::get_if<GoAwayFrame>(&frame.kind)) {
    OnGoAway(*go_away);
    return;
  }
  // A frame of a call that was cancelled here crossed the cancellation on the way.
  auto found = calls_.find(frame.call);
  if (found != calls_.end()) found->second.listener->OnFrame(std::move(frame));
}

void ClientSession::OnGoAway(const GoAwayFrame& go_away) {
  draining_ = true;
  retry_at_ = clock_.Now() + absl::Milliseconds(go_away.retry_ms);
  std::vector<SessionCallListener*> refused;
  for (auto call = calls_.upper_bound(go_away.last_call); call != calls_.end();) {
    refused.push_back(call->second.listener);
    call = calls_.erase(call);
  }
  const absl::Status status = absl::UnavailableError(go_away.reason);
  for (SessionCallListener* listener : refused) listener->OnSessionEnd(status, true);
  if (calls_.empty()) Close();
}

void ClientSession::OnPingWanted() {
  if (name_.empty() || ping_seq_ > 0) return;
  Send(Frame{0, PingFrame()});
  ping_seq_ = queue_.last_appended();
}

void ClientSession::OnStreamDead() {
  down_broken_ = absl::UnavailableError("the down-stream has been silent for too long");
  down_.Interrupt();
}

void ClientSession::OnStreamHeldBack() {
  down_broken_ = absl::UnavailableError(
      "a proxy on the way holds the down-stream back; it is asked for in pieces now");
  polling_.Begin(clock_.Now());
  progress_ = true;  // no reason to wait
  down_.Interrupt();
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
    absl::Status posted = co_await self->PostFramesInTime();
    if (!self->over_.ok()) co_return;
    absl::Duration pause = std::exchange(self->post_delay_, absl::ZeroDuration());
    if (posted.ok()) {
      self->up_backoff_.Reset();
      if (pause == absl::ZeroDuration()) continue;
    } else {
      self->CheckContact(posted);
      if (!self->over_.ok()) co_return;
      pause = self->up_backoff_.Next();
    }
    absl::Status slept = co_await SleepFor(self->clock_, pause);
    if (!slept.ok()) co_return;
  }
}

Awaitable<absl::Status> ClientSession::PostFramesInTime() {
  post_timed_out_ = false;
  const std::unique_ptr<Timer> timer = clock_.CallAfter(options_.executor, kReplyTime, [this] {
    post_timed_out_ = true;
    up_.Interrupt();
  });
  absl::Status posted = co_await up_.Await(PostFrames());
  if (!post_timed_out_) co_return posted;
  // Perhaps the way up is slow.
  max_post_bytes_ = std::max(max_post_bytes_ / 2, kMaxPostBytes / 16);
  co_return absl::UnavailableError(
      absl::StrCat("no reply to a POST within ", absl::FormatDuration(kReplyTime)));
}

bool ClientSession::ShrinkPosts(size_t body_bytes) {
  // A frame that is refused by itself cannot be made smaller.
  if (body_bytes < 2 * kPostOverhead) return false;
  max_post_bytes_ = std::min(max_post_bytes_, body_bytes) / 2;
  return true;
}

Awaitable<absl::Status> ClientSession::PostFrames() {
  FrameQueue::Batch batch = queue_.Unacknowledged(max_post_bytes_);
  queue_.MarkPosted(batch.last);
  turns_.Run([this] { return queue_.unposted_bytes(); });
  SendRequest send;
  send.seq = batch.first;
  send.ack = received_;
  const size_t acknowledged_bytes = unacknowledged_bytes_;
  std::string body;
  EncodeSendRequest(options_.codec, send, batch.frames, body);
  const size_t body_bytes = body.size();
  absl::StatusOr<HttpRequest> request = MakeRequest("Send", std::move(body));
  if (!request.ok()) {
    End(request.status());
    co_return request.status();
  }
  RUNNEL_CO_ASSIGN_OR_RETURN(HttpResponse response,
                             co_await options_.http->Send(*std::move(request)));
  if (response.status != 200) {
    ResponseError error = co_await ErrorOf(std::move(response), options_.limits);
    if (!over_.ok()) co_return error.status;
    const bool too_large = error.http_status == 413 || ReasonOf(error.status) == "FRAME_TOO_LARGE";
    if (!too_large) co_return TakeRefusal(std::move(error));
    if (batch.count > 1 && ShrinkPosts(body_bytes)) co_return absl::OkStatus();
    End(Lost(absl::StrCat(
        "a request of ", body_bytes,
        " bytes was refused as too large, and cannot be made smaller: ", error.status.message())));
    co_return error.status;
  }
  RUNNEL_CO_ASSIGN_OR_RETURN(
      std::string reply,
      co_await ReadAll(response.body.get(), kMaxErrorBytes, "the length of a reply to Send"));
  RUNNEL_CO_ASSIGN_OR_RETURN(SendResponse sent,
                             DecodeSendResponse(options_.codec, reply, options_.limits));
  if (sent.ack > queue_.last_posted()) {
    co_return absl::InvalidArgumentError(absl::StrCat(
        "the server has frame ", sent.ack, ", but the last one sent is ", queue_.last_posted()));
  }
  last_contact_ = clock_.Now();
  acknowledged_ = send.ack;
  unacknowledged_bytes_ -= acknowledged_bytes;
  ack_due_ = received_ > acknowledged_ ? clock_.Now() + kAckDelay : absl::InfiniteFuture();
  queue_.Acknowledge(sent.ack);
  WakeNext();
  if (ping_seq_ > 0 && sent.ack >= ping_seq_) {
    ping_seq_ = 0;
    watch_.OnPingAnswered();
  }
  if (sent.ack < batch.last) {
    post_delay_ = absl::Milliseconds(std::clamp<uint64_t>(sent.retry_ms, 10, 10'000));
  }
  co_return absl::OkStatus();
}

}  // namespace runnel
