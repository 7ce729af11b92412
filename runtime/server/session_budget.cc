#include "runtime/server/session_budget.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace runnel {

void SessionBudget::Add(int64_t bytes) {
  const bool was_open = open();
  held_ += bytes;
  if (telemetry_ != nullptr) telemetry_->buffered_bytes.Set(static_cast<uint64_t>(held_));
  if (!was_open && open()) room_.WakeFirst();
  if (bytes > 0 && !open()) GiveUpOldest();
}

void SessionBudget::AddDetached(Holder& holder) {
  if (holder.place_) return;
  holder.place_ = detached_.insert(detached_.end(), &holder);
  if (!open()) GiveUpOldest();
}

void SessionBudget::RemoveDetached(Holder& holder) {
  if (giving_up_ == &holder) giving_up_ = nullptr;
  const auto place = std::exchange(holder.place_, std::nullopt);
  if (place) detached_.erase(*place);
}

void SessionBudget::GiveUpOldest() {
  // One after the other: what it gives back may be enough.
  if (giving_up_ != nullptr || detached_.empty()) return;
  giving_up_ = detached_.front();
  giving_up_->place_.reset();
  detached_.pop_front();
  giving_up_->GiveUp(absl::StrCat("its client was away while the sessions of its loop held ", held_,
                                  " bytes; limit is ", bytes_,
                                  ", a loop's share of Limits::max_buffered_bytes"));
}

}  // namespace runnel
