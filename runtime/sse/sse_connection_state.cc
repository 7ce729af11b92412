#include "runtime/sse/sse_connection_state.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "runtime/session/session_secret.h"

namespace runnel {
namespace {

// What goes into one piece of a stream, about.
constexpr size_t kPieceBytes = 64 * 1024;
constexpr size_t kEpochBytes = 6;
// Of a frame, beside its text.
constexpr size_t kFrameBytes = 64;

constexpr char kCloseEvent[] = "event: control\ndata: close\n\n";

size_t SizeOf(const NumberedText& text) { return text.ok() ? text->size() : 0; }

absl::Status Missing(const MessageOrder& order) {
  return absl::DataLossError(absl::StrCat("message ", order.next(), " of the client is lost; ",
                                          order.early(), " that it sent later are there"));
}

}  // namespace

SseShared::SseShared(Executor e, SseHandlerOptions o)
    : executor(std::move(e)),
      options(std::move(o)),
      clock(options.clock != nullptr ? *options.clock : Clock::Real()),
      buffered(options.limits.max_buffered_bytes, "SseLimits::max_buffered_bytes") {}

SseConnectionState::SseConnectionState(std::shared_ptr<SseShared> shared, SseClientInfo client)
    : shared_(std::move(shared)),
      client_(std::move(client)),
      log_(RandomHex(kEpochBytes), shared_->options.limits.max_kept_bytes),
      lease_(&shared_->buffered) {
  ++shared_->open;
}

SseConnectionState::~SseConnectionState() { End(); }

void SseConnectionState::TakeOver(SseConnectionState& earlier) {
  earlier.moved_ = true;
  earlier.successor_ = weak_from_this();
  earlier.End();
  earlier.EndReading(absl::OkStatus());
  earlier.stream_ = 0;
  earlier.attached_ = false;
  earlier.changed_.Notify();
  earlier.room_.Notify();
  order_ = std::exchange(earlier.order_, MessageOrder());
  std::swap(log_, earlier.log_);
  heard_ = earlier.heard_;
  earlier.Count();
  Count();
  Deliver();
}

uint64_t SseConnectionState::BeginStream(std::optional<std::string_view> last_event_id) {
  const bool first = stream_ == 0;
  bool kept = true;
  if (last_event_id && !last_event_id->empty()) {
    heard_ = true;
    kept = log_.GoOnBehind(*last_event_id);
  } else if (heard_) {
    // It had a stream, and with it an id: this client keeps none.
    log_.GoOn();
  } else {
    kept = log_.GoOnAtStart();
  }
  ++stream_;
  position_told_ = false;
  told_ = false;
  attached_ = true;
  away_timer_.reset();
  changed_.Notify();
  // What a first stream misses is of a connection before this one, which is over.
  if (!kept && !first) {
    Fail(absl::DataLossError(
        absl::StrCat("messages to the client are lost: it came back when they were no longer kept; "
                     "limit is SseLimits::max_kept_bytes = ",
                     shared_->options.limits.max_kept_bytes)));
  }
  return stream_;
}

void SseConnectionState::EndStream(uint64_t stream) {
  if (stream != stream_ || !attached_) return;
  attached_ = false;
  if (!open_) return;
  const absl::Duration keep_alive = shared_->options.keep_alive;
  const bool away = keep_alive > absl::ZeroDuration();
  if (!away) End();
  const absl::Duration wait = away ? keep_alive : shared_->options.late_messages;
  away_timer_ = shared_->clock.CallAfter(shared_->executor, wait, [this] {
    End();
    EndReading(order_.early() == 0 ? absl::OkStatus() : Missing(order_));
  });
}

Awaitable<absl::StatusOr<std::optional<std::string>>> SseConnectionState::NextPiece(
    uint64_t stream) {
  while (stream == stream_ && !cut_) {
    std::string piece;
    if (!std::exchange(position_told_, true)) {
      if (const auto retry = shared_->options.retry) {
        absl::StrAppend(&piece, "retry: ", absl::ToInt64Milliseconds(*retry), "\n");
      }
      piece += log_.Position();
    }
    log_.Take(kPieceBytes, piece);
    Count();
    sent_.Notify();
    if (tell_to_close_ && !told_ && log_.untaken() == 0) {
      told_ = true;
      piece += kCloseEvent;
    }
    if (!piece.empty()) co_return std::optional<std::string>(std::move(piece));
    if (!open_) break;
    const absl::Time heartbeat = shared_->clock.Now() + shared_->options.heartbeat;
    const absl::Status waited = co_await changed_.WaitUntil(shared_->clock, heartbeat);
    if (absl::IsCancelled(waited)) co_return waited;
    // One line end: to some readers a blank line is an event.
    if (!waited.ok() && stream == stream_) co_return std::optional<std::string>(":\n");
  }
  co_return std::optional<std::string>();
}

Awaitable<SseConnectionState::Admission> SseConnectionState::Admit(uint64_t number, size_t bytes) {
  const SseLimits& limits = shared_->options.limits;
  heard_ = true;
  while (true) {
    if (moved_) co_return Admission::kMoved;
    if (tell_to_close_ || cut_ || order_.IsKnown(number)) co_return Admission::kIgnore;
    if (number - order_.next() > limits.max_early_messages) {
      Fail(absl::ResourceExhaustedError(absl::StrCat(
          "message ", number, " came, and ", order_.next(),
          " has not; limit is SseLimits::max_early_messages = ", limits.max_early_messages)));
      co_return Admission::kRefuse;
    }
    if (read_end_) {
      // The next connection of this client shall not wait for it.
      order_.Add(number, std::string());
      while (order_.TakeNext()) {
      }
      co_return Admission::kIgnore;
    }
    // The one that others wait for has room, unless the program could make some.
    const bool next = number == order_.next() && !coming_.contains(number) &&
                      unread_bytes_ < limits.max_unread_bytes;
    if (next || unread_and_coming() + bytes <= limits.max_unread_bytes) break;
    const absl::Status waited = co_await room_.Wait();
    if (!waited.ok()) co_return Admission::kIgnore;
  }
  coming_.insert(number);
  coming_bytes_ += bytes;
  Count();
  if (!tell_to_close_) co_return Admission::kRead;
  Abandon(number, bytes);
  co_return Admission::kRefuse;
}

void SseConnectionState::Abandon(uint64_t number, size_t admitted_bytes) {
  coming_.erase(number);
  coming_bytes_ -= admitted_bytes;
  Count();
  room_.Notify();
}

void SseConnectionState::Receive(uint64_t number, size_t admitted_bytes, NumberedText text) {
  const auto home = moved_ ? successor_.lock() : shared_from_this();
  if (home != nullptr) {
    home->order_.Add(number, std::move(text));
    home->Deliver();
  }
  Abandon(number, admitted_bytes);
  if (home != nullptr) home->Count();
}

void SseConnectionState::Deliver() {
  while (std::optional<NumberedText> text = order_.TakeNext()) {
    if (read_end_) continue;
    unread_bytes_ += SizeOf(*text);
    unread_.push_back(*std::move(text));
  }
  arrived_.Notify();
  WatchGap();
}

void SseConnectionState::WatchGap() {
  if (order_.early() == 0 || read_end_) {
    gap_timer_.reset();
  } else if (gap_timer_ == nullptr || gap_ != order_.next()) {
    gap_ = order_.next();
    gap_timer_ = shared_->clock.CallAfter(shared_->executor, shared_->options.gap_timeout,
                                          [this] { OnGap(); });
  }
}

void SseConnectionState::OnGap() {
  gap_timer_.reset();
  if (coming_.contains(gap_)) return WatchGap();  // large, or slow
  Fail(Missing(order_));
}

Awaitable<absl::StatusOr<std::optional<std::string>>> SseConnectionState::Read() {
  if (reading_) co_return absl::FailedPreconditionError("the connection is being read already");
  reading_ = true;
  absl::Status waited;
  while (waited.ok() && unread_.empty() && !read_end_) waited = co_await arrived_.Wait();
  reading_ = false;
  if (!unread_.empty()) {
    NumberedText text = std::move(unread_.front());
    unread_.pop_front();
    unread_bytes_ -= SizeOf(text);
    Count();
    room_.Notify();
    if (!text.ok()) co_return text.status();
    co_return std::optional<std::string>(*std::move(text));
  }
  if (!read_end_) co_return waited;
  if (!read_end_->ok()) co_return *read_end_;
  co_return std::optional<std::string>();
}

Awaitable<absl::Status> SseConnectionState::Send(std::string text) {
  const SseLimits& limits = shared_->options.limits;
  while (open_ && log_.untaken_bytes() >= limits.max_unsent_bytes) {
    const absl::Status waited = co_await sent_.Wait();
    if (absl::IsCancelled(waited) && open_) co_return waited;
  }
  if (!open_) {
    if (read_end_ && !read_end_->ok()) co_return *read_end_;
    co_return absl::UnavailableError("the connection is closed");
  }
  if (!lease_.Resize(log_.bytes() + text.size() + kFrameBytes + unread_and_coming()).ok()) {
    co_return absl::ResourceExhaustedError(
        absl::StrCat("the messages of all clients have more bytes than "
                     "SseLimits::max_buffered_bytes = ",
                     limits.max_buffered_bytes));
  }
  log_.Append(text);
  Count();
  changed_.Notify();
  co_return absl::OkStatus();
}

void SseConnectionState::Count() {
  const absl::Status held = lease_.Resize(log_.bytes() + unread_and_coming());
  if (held.ok() || !open_) return;
  Fail(
      absl::ResourceExhaustedError(absl::StrCat("the messages of all clients have more bytes than "
                                                "SseLimits::max_buffered_bytes = ",
                                                shared_->options.limits.max_buffered_bytes)));
}

Awaitable<absl::Status> SseConnectionState::WaitUntilClosed() {
  while (open_) {
    const absl::Status waited = co_await ended_.Wait();
    if (!waited.ok()) co_return waited;
  }
  co_return absl::OkStatus();
}

void SseConnectionState::End() {
  if (!open_.exchange(false)) return;
  --shared_->open;
  ended_.Notify();
  sent_.Notify();
  changed_.Notify();
  if (shared_->on_end) shared_->on_end(*this);
}

void SseConnectionState::EndReading(absl::Status why) {
  if (read_end_) return;
  read_end_ = std::move(why);
  away_timer_.reset();
  gap_timer_.reset();
  arrived_.Notify();
  room_.Notify();
}

void SseConnectionState::Close() {
  if (!open_) return Disconnect();
  tell_to_close_ = true;
  Disconnect();
}

void SseConnectionState::Disconnect() {
  End();
  unread_.clear();
  unread_bytes_ = 0;
  EndReading(absl::OkStatus());
  Count();
}

void SseConnectionState::Cut() {
  cut_ = true;
  End();
  EndReading(absl::OkStatus());
  changed_.Notify();
}

void SseConnectionState::Fail(absl::Status why) {
  if (read_end_) return;
  tell_to_close_ = true;
  End();
  EndReading(std::move(why));
}

bool SseConnectionState::TellAgain() { return !told_ || told_again_++ == 0; }

}  // namespace runnel
