#include "runtime/async/clock.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "runtime/async/signal.h"
#include "runtime/async/timer_queue.h"

namespace runnel {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// Of an executor that is no loop's own, such as a strand.
class LoneTimer final : public Timer {
 public:
  LoneTimer(Executor executor, SteadyTime when, absl::AnyInvocable<void()> callback)
      : timer_(std::move(executor), when) {
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
    if (when == absl::InfiniteFuture()) return std::make_unique<Timer>();
    // No further than asio's clock can count.
    const absl::Duration since_start =
        std::clamp(when - start_, absl::ZeroDuration(), absl::Hours(24 * 365 * 100));
    const SteadyTime due = steady_start_ + absl::ToChronoNanoseconds(since_start);
    if (const auto* own = executor.target<asio::io_context::executor_type>()) {
      return TimerQueue::Of(own->context())->CallAt(due, std::move(callback));
    }
    return std::make_unique<LoneTimer>(std::move(executor), due, std::move(callback));
  }

 private:
  const absl::Time start_ = absl::Now();
  const SteadyTime steady_start_ = std::chrono::steady_clock::now();
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
