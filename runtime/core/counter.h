// Counter is a number that one thread writes and any thread reads.

#ifndef RUNNEL_RUNTIME_CORE_COUNTER_H_
#define RUNNEL_RUNTIME_CORE_COUNTER_H_

#include <atomic>
#include <cstdint>

namespace runnel {

// As cheap as a plain number: nothing is locked, on the bus or elsewhere. Readers see some value
// that it has had, and no order among several counters.
class Counter {
 public:
  Counter() = default;
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  // By the writing thread only.
  void Add(uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void Subtract(uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  }
  void Set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }

  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_COUNTER_H_
