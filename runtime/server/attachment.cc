#include "runtime/server/attachment.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_details.h"
#include "runtime/session/session_secret.h"

namespace runnel {

Attachment::Attachment(Clock& clock, Executor executor, const SessionTimes& times,
                       Listener& listener)
    : clock_(clock),
      executor_(std::move(executor)),
      times_(times),
      listener_(listener),
      random_(RandomSeed()),
      heard_(clock.Now()),
      changed_at_(heard_) {}

absl::StatusOr<uint64_t> Attachment::Begin(uint64_t attempt, absl::Duration max) {
  // A repeated Open is not counted: what it evicts is the stream of the Open before it.
  const bool late = attempt == 0 ? opened_ : attempt <= attempt_;
  if (late) {
    return WithErrorInfo(
        absl::AbortedError(absl::StrCat("attempt ", attempt, " to attach comes after attempt ",
                                        attempt_, ", which holds the session")),
        {.reason = "SUPERSEDED", .domain = "runnel", .metadata = {}});
  }
  attempt_ = attempt;
  const bool was_attached = std::exchange(attached_, true);
  ++stream_;
  bounded_ = max > absl::ZeroDuration();
  // Streams that began together shall not end together.
  const double spread = std::uniform_real_distribution<double>(0.8, 1.2)(random_);
  ends_at_ = clock_.Now() + (bounded_ ? max : times_.rotation * spread);
  opened_ = opened_ || attempt > 0;
  heard_ = clock_.Now();
  changed_at_ = heard_;
  pinged_ = false;
  Arm();
  listener_.OnStreamChange();
  if (!was_attached) listener_.OnAttached(true);
  return stream_;
}

void Attachment::End(uint64_t stream) {
  if (IsCurrent(stream)) Leave();
}

void Attachment::Leave() {
  attached_ = false;
  changed_at_ = clock_.Now();
  timer_ = clock_.CallAfter(executor_, times_.resume_window, [this] {
    listener_.OnAway(absl::StrCat("its client stayed away longer than ",
                                  absl::FormatDuration(times_.resume_window)));
  });
  listener_.OnStreamChange();
  listener_.OnAttached(false);
}

void Attachment::Heard() {
  opened_ = true;
  heard_ = clock_.Now();
  if (std::exchange(pinged_, false) && attached_) Arm();
}

void Attachment::Arm() {
  const absl::Time due = heard_ + (pinged_ ? times_.lease : times_.ping);
  timer_ = clock_.CallAt(executor_, due, [this] { Check(); });
}

void Attachment::Check() {
  const absl::Time now = clock_.Now();
  if (now >= heard_ + times_.lease) {
    listener_.OnLeaseExpired();
    return Leave();
  }
  if (!pinged_ && now >= heard_ + times_.ping) {
    pinged_ = true;
    listener_.OnPingDue();
  }
  Arm();
}

void Attachment::Stop() { timer_.reset(); }

}  // namespace runnel
