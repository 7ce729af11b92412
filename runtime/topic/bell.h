// Bell wakes coroutines of one loop from any thread.

#ifndef RUNNEL_RUNTIME_TOPIC_BELL_H_
#define RUNNEL_RUNTIME_TOPIC_BELL_H_

#include <atomic>
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
  // it. Ringing again before that adds nothing.
  void Ring();

  // Whose signal is notified when the bell rings, on the loop. The signal outlives it.
  class Listener {
   public:
    Listener(std::shared_ptr<Bell> bell, Signal& signal)
        : bell_(std::move(bell)),
          place_(bell_->listeners_.insert(bell_->listeners_.end(), &signal)) {}
    ~Listener() { bell_->listeners_.erase(place_); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

   private:
    const std::shared_ptr<Bell> bell_;
    const std::list<Signal*>::iterator place_;
  };

 private:
  const Executor executor_;
  std::atomic<bool> posted_ = false;
  std::list<Signal*> listeners_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_TOPIC_BELL_H_
