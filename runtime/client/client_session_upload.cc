#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/client/client_session.h"
#include "runtime/core/status_macros.h"
#include "runtime/wire/envelope.h"

namespace runnel {
namespace {

// So many POSTs, of which each follows the last one within this time, are worth a connection.
constexpr int kManyPosts = 16;
constexpr absl::Duration kSoon = absl::Milliseconds(100);
// How long the first reply may take: a proxy may wait for the end of the request.
constexpr absl::Duration kTrialTime = absl::Seconds(3);
constexpr absl::Duration kMaxUploadPause = absl::Minutes(10);

}  // namespace

// The request: an envelope to see whether it gets through, then whatever there is to send.
class ClientSession::UploadBody final : public HttpBody {
 public:
  explicit UploadBody(Self session)
      : session_(std::move(session)),
        number_(++session_->uploads_),
        idle_at_(Now() + session_->upload_idle_) {}

  Awaitable<Piece> Read() override {
    ClientSession& session = *session_;
    if (!std::exchange(tried_, true)) {
      FrameQueue::Batch nothing;
      nothing.first = session.queue_.last_acknowledged() + 1;
      co_return Encoded(nothing);
    }
    // The body of one that was given up may be asked for more for a while.
    while (session.over_.ok() && session.uploads_ == number_) {
      const bool active = session.upload_state_ == UploadState::kActive;
      const bool frames = session.upload_sent_ < session.queue_.last_appended();
      if (active && (frames || session.AckDue())) co_return Encoded(Next());
      if (Now() >= idle_at_) break;
      const absl::Time until = active ? std::min(idle_at_, session.ack_due_) : idle_at_;
      absl::Status waited = co_await session.up_changed_.WaitUntil(session.clock_, until);
      if (absl::IsCancelled(waited)) co_return waited;
    }
    if (session.uploads_ != number_) co_return std::nullopt;
    session.upload_closing_ = true;
    co_return std::nullopt;
  }

 private:
  absl::Time Now() const { return session_->clock_.Now(); }

  FrameQueue::Batch Next() {
    FrameQueue& queue = session_->queue_;
    FrameQueue::Batch batch = queue.After(session_->upload_sent_, session_->max_post_bytes_);
    if (batch.count == 0) return batch;
    session_->upload_sent_ = batch.last;
    queue.MarkPosted(batch.last);
    session_->turns_.Run([&queue] { return queue.unposted_bytes(); });
    idle_at_ = Now() + session_->upload_idle_;
    return batch;
  }

  Piece Encoded(const FrameQueue::Batch& batch) {
    SendRequest send;
    send.seq = batch.first;
    send.ack = session_->acknowledged_ = session_->received_;
    session_->unacknowledged_bytes_ = 0;
    session_->ack_due_ = absl::InfiniteFuture();
    payload_.clear();
    EncodeSendRequest(session_->codec(), send, batch.frames, payload_);
    envelope_.clear();
    AppendEnvelope(0, payload_, envelope_);
    return std::optional<std::string_view>(envelope_);
  }

  const Self session_;
  const uint64_t number_;
  absl::Time idle_at_;
  bool tried_ = false;
  std::string payload_;
  std::string envelope_;
};

void ClientSession::ConsiderUpload() {
  const absl::Time now = clock_.Now();
  quick_posts_ = now - last_post_ <= kSoon ? quick_posts_ + 1 : 0;
  last_post_ = now;
  const bool wanted = quick_posts_ >= kManyPosts && now >= upload_at_ && !draining_;
  if (!wanted || upload_idle_ == absl::ZeroDuration() || upload_state_ != UploadState::kNone) {
    return;
  }
  upload_state_ = UploadState::kTrying;
  tasks_.Spawn(RunUpload(shared_from_this()));
}

Awaitable<void> ClientSession::RunUpload(Self self) {
  self->upload_closing_ = false;
  self->upload_heard_ = self->clock_.Now();
  self->WatchUpload();
  const absl::Status ended = co_await self->upload_.Await(self->Upload());
  self->upload_timer_.reset();
  const bool got_through = self->upload_state_ != UploadState::kTrying;
  if (got_through) self->upload_pause_ = kUploadPause;
  if (!got_through || !ended.ok()) self->upload_at_ = self->clock_.Now() + self->upload_pause_;
  if (!got_through) self->upload_pause_ = std::min(2 * self->upload_pause_, kMaxUploadPause);
  ++self->uploads_;
  self->quick_posts_ = 0;
  self->upload_state_ = UploadState::kNone;
  if (self->received_ > 0) {
    // Nobody knows which of the acknowledgements have come.
    self->acknowledged_ = 0;
    self->ack_due_ = self->clock_.Now() + kAckDelay;
  }
  self->upload_over_.Notify();
}

Awaitable<absl::Status> ClientSession::Upload() {
  RUNNEL_CO_ASSIGN_OR_RETURN(HttpRequest request, MakeRequest("Upload", ""));
  request.idempotent = false;  // its body is made once
  request.body = std::make_unique<UploadBody>(shared_from_this());
  RUNNEL_CO_ASSIGN_OR_RETURN(HttpResponse response,
                             co_await options_.http->Send(std::move(request)));
  // What there is to say of a refusal the next POST hears too.
  if (response.status != 200 || response.body == nullptr) {
    co_return absl::UnavailableError(absl::StrCat("Upload was answered by ", response.status));
  }
  EnvelopeParser replies(kMaxErrorBytes, "the length of a reply to Upload");
  for (;;) {
    absl::StatusOr<std::optional<std::string_view>> piece = co_await response.body->Read();
    if (!piece.ok()) co_return std::move(piece).status();
    if (!*piece) co_return absl::OkStatus();
    replies.Feed(**piece);
    for (;;) {
      RUNNEL_CO_ASSIGN_OR_RETURN(std::optional<Envelope> envelope, replies.Next());
      if (!envelope) break;
      RUNNEL_CO_ASSIGN_OR_RETURN(
          SendResponse reply,
          DecodeSendResponse(options_.codec, envelope->payload, options_.limits));
      RUNNEL_CO_RETURN_IF_ERROR(TakeUploadReply(reply));
    }
  }
}

absl::Status ClientSession::TakeUploadReply(const SendResponse& reply) {
  RUNNEL_RETURN_IF_ERROR(TakeReply(reply));
  if (upload_state_ == UploadState::kTrying) {
    upload_state_ = UploadState::kReady;
    up_changed_.Notify();
  }
  return absl::OkStatus();
}

void ClientSession::WatchUpload() {
  const bool trying = upload_state_ == UploadState::kTrying;
  // What waits to be sent counts as well: perhaps nothing gets into the connection any more.
  const bool owed = trying || upload_closing_ || !queue_.empty();
  const uint64_t acknowledged = queue_.last_acknowledged();
  const bool heard = std::exchange(upload_acknowledged_, acknowledged) != acknowledged;
  const absl::Duration patience = trying ? kTrialTime : kReplyTime;
  if (!owed || (heard && !trying)) {
    upload_heard_ = clock_.Now();
  } else if (clock_.Now() - upload_heard_ >= patience) {
    return upload_.Interrupt();
  }
  upload_timer_ = clock_.CallAfter(options_.executor, patience / 3 + absl::Milliseconds(1),
                                   [this] { WatchUpload(); });
}

}  // namespace runnel
