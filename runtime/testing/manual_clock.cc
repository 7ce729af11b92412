#include "runtime/testing/manual_clock.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace runnel {
namespace {

void Post(Executor executor, std::weak_ptr<bool> alive, absl::AnyInvocable<void()> callback) {
  asio::post(executor, [alive = std::move(alive), callback = std::move(callback)]() mutable {
    if (!alive.expired()) callback();
  });
}

}  // namespace

class ManualClock::ManualTimer : public Timer {
 public:
  explicit ManualTimer(ManualClock& clock) : clock_(clock) {}
  ~ManualTimer() override {
    alive_.reset();
    absl::AnyInvocable<void()> destroyed_unlocked;
    std::lock_guard lock(clock_.mutex_);
    for (auto it = clock_.pending_.begin(); it != clock_.pending_.end(); ++it) {
      if (!it->second.alive.expired()) continue;
      destroyed_unlocked = std::move(it->second.callback);
      clock_.pending_.erase(it);
      return;
    }
  }

  std::weak_ptr<bool> alive() const { return alive_; }

 private:
  ManualClock& clock_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

ManualClock::ManualClock(absl::Time start) : now_(start) {}
ManualClock::~ManualClock() = default;

absl::Time ManualClock::Now() const {
  std::lock_guard lock(mutex_);
  return now_;
}

std::unique_ptr<Timer> ManualClock::CallAt(Executor executor, absl::Time when,
                                           absl::AnyInvocable<void()> callback) {
  auto timer = std::make_unique<ManualTimer>(*this);
  std::lock_guard lock(mutex_);
  if (when <= now_) {
    Post(std::move(executor), timer->alive(), std::move(callback));
  } else if (when != absl::InfiniteFuture()) {
    pending_.emplace(when, Pending{std::move(executor), std::move(callback), timer->alive()});
  }
  return timer;
}

void ManualClock::Advance(absl::Duration duration) {
  std::lock_guard lock(mutex_);
  now_ += duration;
  while (!pending_.empty() && pending_.begin()->first <= now_) {
    Pending due = std::move(pending_.begin()->second);
    pending_.erase(pending_.begin());
    Post(std::move(due.executor), std::move(due.alive), std::move(due.callback));
  }
}

absl::Time ManualClock::NextDue() const {
  std::lock_guard lock(mutex_);
  return pending_.empty() ? absl::InfiniteFuture() : pending_.begin()->first;
}

}  // namespace runnel
