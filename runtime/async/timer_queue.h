// TimerQueue has the timers of one event loop wait on a single one of asio's, which are ten times
// as large: connections and calls have a timer each, of which next to none ever fires.

#ifndef RUNNEL_RUNTIME_ASYNC_TIMER_QUEUE_H_
#define RUNNEL_RUNTIME_ASYNC_TIMER_QUEUE_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "runtime/async/clock.h"

namespace runnel {

// Thread-safe. Outlives its loop where timers do.
class TimerQueue : public std::enable_shared_from_this<TimerQueue> {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // That of `loop`.
  static std::shared_ptr<TimerQueue> Of(asio::io_context& loop);

  explicit TimerQueue(asio::io_context& loop) : timer_(std::in_place, loop) {}
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  // Runs `callback` from the loop at `when`, never inside this call. Those of the same time run in
  // the order of their calls.
  std::unique_ptr<Timer> CallAt(Time when, absl::AnyInvocable<void()> callback);

  // The loop ends: no callback runs any more, and none can be added.
  void Shutdown();

 private:
  class Entry;
  struct Place {
    bool operator<(const Place& other) const {
      return when != other.when ? when < other.when : number < other.number;
    }
    Time when;
    uint64_t number;
    Entry* entry;
  };

  void Remove(Entry& entry);
  // With the lock held: the heap of `places_`, whose least stands first.
  void Put(size_t index, const Place& place);
  void SiftUp(size_t index);
  void SiftDown(size_t index);
  void Take(size_t index);
  void Arm();

  void Run();

  std::mutex mutex_;
  std::vector<Place> places_;
  uint64_t last_number_ = 0;
  std::optional<asio::steady_timer> timer_;
  Time armed_ = Time::max();  // what timer_ waits for
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_ASYNC_TIMER_QUEUE_H_
