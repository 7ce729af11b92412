// RepeatableRandom puts a seeded source in the place of OpenSSL's random numbers, for the thread
// that makes it: session ids, secrets and backoffs are then the same in every run.

#ifndef RUNNEL_TESTS_FAULT_REPEATABLE_RANDOM_H_
#define RUNNEL_TESTS_FAULT_REPEATABLE_RANDOM_H_

#include <cstdint>

#include "tests/fault/dice.h"

namespace fault {

// One at a time in each thread; other threads of the process keep their real randomness.
class RepeatableRandom {
 public:
  explicit RepeatableRandom(uint64_t seed);
  ~RepeatableRandom();
  RepeatableRandom(const RepeatableRandom&) = delete;
  RepeatableRandom& operator=(const RepeatableRandom&) = delete;

 private:
  Dice dice_;
};

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_REPEATABLE_RANDOM_H_
