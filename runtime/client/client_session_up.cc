#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/client/client_session.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"

namespace runnel {

bool ClientSession::AckDue() const {
  return received_ > acknowledged_ &&
         (unacknowledged_bytes_ >= ack_after_ || clock_.Now() >= ack_due_);
}

Awaitable<void> ClientSession::RunUp(Self self) {
  while (self->over_.ok()) {
    if (self->upload_state_ == UploadState::kReady) {
      self->upload_state_ = UploadState::kActive;
      self->upload_sent_ = self->queue_.last_acknowledged();
      self->up_changed_.Notify();
    }
    if (self->upload_state_ == UploadState::kActive) {
      absl::Status waited = co_await self->upload_over_.Wait();
      if (!waited.ok()) co_return;
      continue;
    }
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
      self->ConsiderUpload();
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

absl::Status ClientSession::TakeReply(const SendResponse& reply) {
  if (reply.ack > queue_.last_posted()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the server has frame ", reply.ack, ", but the last one sent is ", queue_.last_posted()));
  }
  last_contact_ = clock_.Now();
  queue_.Acknowledge(reply.ack);
  WakeNext();
  if (ping_seq_ > 0 && reply.ack >= ping_seq_) {
    ping_seq_ = 0;
    watch_.OnPingAnswered();
  }
  return absl::OkStatus();
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
  RUNNEL_CO_RETURN_IF_ERROR(TakeReply(sent));
  acknowledged_ = send.ack;
  unacknowledged_bytes_ -= acknowledged_bytes;
  ack_due_ = received_ > acknowledged_ ? clock_.Now() + kAckDelay : absl::InfiniteFuture();
  if (sent.ack < batch.last) {
    post_delay_ = absl::Milliseconds(std::clamp<uint64_t>(sent.retry_ms, 10, 10'000));
  }
  co_return absl::OkStatus();
}

}  // namespace runnel
