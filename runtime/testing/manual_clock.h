// ManualClock stands still until a test moves it.

#ifndef RUNNEL_RUNTIME_TESTING_MANUAL_CLOCK_H_
#define RUNNEL_RUNTIME_TESTING_MANUAL_CLOCK_H_

#include <map>
#include <memory>
#include <mutex>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"

namespace runnel {

// Thread-safe.
class ManualClock : public Clock {
 public:
  explicit ManualClock(absl::Time start = absl::FromUnixSeconds(1'700'000'000));
  ~ManualClock() override;

  absl::Time Now() const override;
  std::unique_ptr<Timer> CallAt(Executor executor, absl::Time when,
                                absl::AnyInvocable<void()> callback) override;

  // Moves the time on, posting what becomes due to its executors in order.
  void Advance(absl::Duration duration);
  // When the next callback is due; InfiniteFuture when none is.
  absl::Time NextDue() const;

 private:
  class ManualTimer;
  struct Pending {
    Executor executor;
    absl::AnyInvocable<void()> callback;
    std::weak_ptr<bool> alive;
  };

  mutable std::mutex mutex_;
  absl::Time now_;
  std::multimap<absl::Time, Pending> pending_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_TESTING_MANUAL_CLOCK_H_
