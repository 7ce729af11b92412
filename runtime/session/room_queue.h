// RoomQueue is where calls wait for room to send, first come first served.

#ifndef RUNNEL_RUNTIME_SESSION_ROOM_QUEUE_H_
#define RUNNEL_RUNTIME_SESSION_ROOM_QUEUE_H_

#include <boost/intrusive/list.hpp>

#include "runtime/async/signal.h"

namespace runnel {

// Not thread-safe: lives on its loop. Only as many are woken as there is room for: whoever makes
// room wakes the first, and whoever was woken wakes the next if there is still room.
class RoomQueue {
  using Hook =
      boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

 public:
  // Stands in one queue at most, until it is woken, leaves, or ends. `woken` outlives it.
  class Waiter : public Hook {
   public:
    explicit Waiter(Signal& woken) : woken_(woken) {}
    void Leave() { unlink(); }

   private:
    friend class RoomQueue;
    Signal& woken_;
  };

  // Behind all others; stays where it is if it stands in a queue already.
  void Add(Waiter& waiter) {
    if (!waiter.is_linked()) waiters_.push_back(waiter);
  }

  void WakeFirst() {
    if (waiters_.empty()) return;
    Waiter& first = waiters_.front();
    waiters_.pop_front();
    first.woken_.Notify();
  }

 private:
  boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiters_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SESSION_ROOM_QUEUE_H_
