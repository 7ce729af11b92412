// SendWindow says whether another message may start, so that a sender never runs far ahead
// of its receiver.

#ifndef RUNNEL_RUNTIME_SESSION_SEND_WINDOW_H_
#define RUNNEL_RUNTIME_SESSION_SEND_WINDOW_H_

#include <cstddef>
#include <cstdint>

#include "runtime/async/signal.h"

namespace runnel {

// Counts bytes of messages. A message is charged whole when it starts; it may start while
// the window is positive and may drive it negative, so that one larger than the window still
// gets through. Not thread-safe: lives on its session's loop.
class SendWindow {
 public:
  explicit SendWindow(size_t bytes) : available_(static_cast<int64_t>(bytes)) {}

  bool open() const { return available_ > 0; }
  int64_t available() const { return available_; }

  void Charge(size_t bytes) { available_ -= static_cast<int64_t>(bytes); }
  void Refund(size_t bytes) {
    const bool was_open = open();
    available_ += static_cast<int64_t>(bytes);
    if (!was_open && open()) opened_.Notify();
  }

  // Notified when a closed window opens.
  Signal& opened() { return opened_; }

 private:
  int64_t available_;
  Signal opened_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SESSION_SEND_WINDOW_H_
