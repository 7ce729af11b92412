// Dice draw what a random run is made of. One seed gives the same throws on every machine.

#ifndef RUNNEL_TESTS_FAULT_DICE_H_
#define RUNNEL_TESTS_FAULT_DICE_H_

#include <cstdint>

#include "absl/time/time.h"

namespace fault {

// splitmix64: seeds that are neighbours give unrelated throws.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  // Both ends included.
  uint64_t Between(uint64_t low, uint64_t high) { return low + Next() % (high - low + 1); }
  absl::Duration MillisecondsBetween(uint64_t low, uint64_t high) {
    return absl::Milliseconds(static_cast<int64_t>(Between(low, high)));
  }
  bool Percent(uint64_t chance) { return Next() % 100 < chance; }

 private:
  uint64_t state_;
};

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_DICE_H_
