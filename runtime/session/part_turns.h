// PartTurns lets calls with large messages send them part by part, one after the other, so that
// none waits for the whole message of another.

#ifndef RUNNEL_RUNTIME_SESSION_PART_TURNS_H_
#define RUNNEL_RUNTIME_SESSION_PART_TURNS_H_

#include <cstddef>
#include <deque>

namespace runnel {

class PartSource {
 public:
  // Sends the next part. Whether more are left.
  virtual bool SendPart() = 0;

 protected:
  ~PartSource() = default;
};

// Not thread-safe: lives on its session's loop.
class PartTurns {
 public:
  // How far parts are sent ahead of what the connection has taken, in bytes.
  static constexpr size_t kAhead = 256 * 1024;

  void Add(PartSource& source) { waiting_.push_back(&source); }
  void Remove(PartSource& source) { std::erase(waiting_, &source); }

  // Gives turns for as long as `unsent()`, in bytes, is below kAhead.
  template <typename Unsent>
  void Run(Unsent unsent) {
    while (!waiting_.empty() && unsent() < kAhead) {
      PartSource* const source = waiting_.front();
      waiting_.pop_front();
      if (source->SendPart()) waiting_.push_back(source);
    }
  }

 private:
  std::deque<PartSource*> waiting_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SESSION_PART_TURNS_H_
