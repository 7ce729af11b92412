#include "runtime/client/stream_watch.h"

#include <algorithm>
#include <utility>

namespace runnel {
namespace {

// How long a response may take to begin.
constexpr absl::Duration kFirstByte = absl::Seconds(10);

// Bytes that come so long after the first were not all in one buffer.
constexpr absl::Duration kApart = absl::Seconds(1);

}  // namespace

StreamWatch::StreamWatch(Clock& clock, Executor executor, Listener& listener)
    : clock_(clock), executor_(std::move(executor)), listener_(listener) {}

void StreamWatch::Begin(Kind kind) {
  kind_ = kind;
  began_ = last_bytes_ = clock_.Now();
  has_bytes_ = flows_ = pinged_ = false;
  answered_ = absl::InfiniteFuture();
  ArmAt(kind == Kind::kBounded ? DeadAt() : began_ + kPatience);
}

void StreamWatch::OnBytes() {
  last_bytes_ = clock_.Now();
  flows_ = flows_ || (kind_ != Kind::kBounded && has_bytes_ && last_bytes_ >= began_ + kApart);
  has_bytes_ = true;
}

void StreamWatch::OnPingAnswered() {
  if (timer_ == nullptr || !pinged_ || answered_ != absl::InfiniteFuture()) return;
  answered_ = clock_.Now();
  ArmAt(answered_ + kPatience);
}

absl::Time StreamWatch::DeadAt() const {
  if (kind_ == Kind::kBounded) return began_ + kBoundedTime + kFirstByte;
  return has_bytes_ ? last_bytes_ + 2.5 * heartbeat_ : began_ + kFirstByte;
}

void StreamWatch::Check() {
  const absl::Time now = clock_.Now();
  if (now >= DeadAt()) return listener_.OnStreamDead();
  if (kind_ == Kind::kBounded) return ArmAt(DeadAt());
  if (kind_ == Kind::kOpen && !has_bytes_) return listener_.OnStreamHeldBack();
  if (flows_) return ArmAt(DeadAt());
  const absl::Time silent_at = last_bytes_ + kPatience;
  if (now < silent_at) return ArmAt(silent_at);
  if (!pinged_) {
    pinged_ = true;
    listener_.OnPingWanted();
    return ArmAt(DeadAt());
  }
  // A reply by another connection says that the server is there.
  if (now >= answered_ + kPatience && last_bytes_ <= answered_) {
    return listener_.OnStreamHeldBack();
  }
  ArmAt(DeadAt());
}

void StreamWatch::ArmAt(absl::Time due) {
  timer_ = clock_.CallAt(executor_, due, [this] { Check(); });
}

}  // namespace runnel
