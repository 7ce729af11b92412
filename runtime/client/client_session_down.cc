#include <algorithm>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/client/client_session.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_memory.h"
#include "runtime/core/string_view.h"
#include "runtime/http/not_sent.h"
#include "runtime/wire/base64.h"
#include "runtime/wire/connect_error.h"
#include "runtime/wire/event_parser.h"

namespace runnel {
namespace {

// The servers' own events are not much larger.
constexpr size_t kKeptEventBytes = 128 * 1024;
// A stream that ends after so long has not failed.
constexpr absl::Duration kLasted = absl::Seconds(1);

}  // namespace

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
  upload_idle_ = absl::Milliseconds(info.upload_idle_ms);
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

}  // namespace runnel
