#include "runtime/async/clock.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "runtime/async/signal.h"

namespace runnel {
namespace {

class SteadyTimer : public Timer {
 public:
  explicit SteadyTimer(Executor executor) : timer_(std::move(executor)) {}

  void Start(absl::Duration delay, absl::AnyInvocable<void()> callback) {
    timer_.expires_after(absl::ToChronoNanoseconds(delay));
    // A timer that has fired cannot be cancelled any more, so the handler must learn from
    // `alive_` that its owner is gone.
    timer_.async_wait([alive = std::weak_ptr<bool>(alive_),
                       callback = std::move(callback)](boost::system::error_code error) mutable {
      if (!error && !alive.expired()) callback();
    });
  }

 private:
  asio::steady_timer timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

class RealClock : public Clock {
 public:
  absl::Time Now() const override {
    return start_ + absl::FromChrono(std::chrono::steady_clock::now() - steady_start_);
  }

  std::unique_ptr<Timer> CallAt(Executor executor, absl::Time when,
                                absl::AnyInvocable<void()> callback) override {
    auto timer = std::make_unique<SteadyTimer>(std::move(executor));
    if (when != absl::InfiniteFuture()) {
      // No further than asio's clock can count.
      const absl::Duration delay = std::min(when - Now(), absl::Hours(24 * 365 * 100));
      timer->Start(std::max(delay, absl::ZeroDuration()), std::move(callback));
    }
    return timer;
  }

 private:
  const absl::Time start_ = absl::Now();
  const std::chrono::steady_clock::time_point steady_start_ = std::chrono::steady_clock::now();
};

}  // namespace

Clock& Clock::Real() {
  static RealClock* const clock = new RealClock;
  return *clock;
}

Awaitable<absl::Status> SleepUntil(Clock& clock, absl::Time when) {
  Signal never;
  const absl::Status status = co_await never.WaitUntil(clock, when);
  co_return absl::IsDeadlineExceeded(status) ? absl::OkStatus() : status;
}

Awaitable<absl::Status> SleepFor(Clock& clock, absl::Duration duration) {
  return SleepUntil(clock, clock.Now() + duration);
}

}  // namespace runnel
