// Bell wakes coroutines of one loop from any thread.

#ifndef RUNNEL_RUNTIME_TOPIC_BELL_H_
#define RUNNEL_RUNTIME_TOPIC_BELL_H_

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <utility>

#include "runtime/async/awaitable.h"
#include "runtime/async/signal.h"

namespace runnel {

class Bell : public std::enable_shared_from_this<Bell> {
 public:
  explicit Bell(Executor executor) : executor_(std::move(executor)) {}
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  // From any thread, while the loop is there: notifies everybody who listens when the loop comes to
  // it, a few in each turn, so that what one of them sets off is done before the next are woken.
  // Ringing again before that adds nothing.
  void Ring();

  // Whose signal is notified once when the bell rings, on the loop. The signal outlives it.
  class Listener {
   public:
    Listener(std::shared_ptr<Bell> bell, Signal& signal)
        : bell_(std::move(bell)),
          signal_(signal),
          since_(bell_->rung_),
          place_(bell_->listeners_.insert(bell_->listeners_.end(), this)) {}
    ~Listener() {
      if (!woken_) bell_->listeners_.erase(place_);
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

   private:
    friend class Bell;

    const std::shared_ptr<Bell> bell_;
    Signal& signal_;
    const uint64_t since_;
    const std::list<Listener*>::iterator place_;
    bool woken_ = false;
  };

 private:
  // Wakes some of those who have listened since before the bell rang last.
  void WakeSome();

  const Executor executor_;
  std::atomic<bool> posted_ = false;

  // On the loop.
  uint64_t rung_ = 0;               // so often
  bool waking_ = false;             // WakeSome is posted
  std::list<Listener*> listeners_;  // who came first is first
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_TOPIC_BELL_H_
