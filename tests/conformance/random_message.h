// Random messages and random texts of their JSON, for the comparison with protobuf's own.

#ifndef RUNNEL_TESTS_CONFORMANCE_RANDOM_MESSAGE_H_
#define RUNNEL_TESTS_CONFORMANCE_RANDOM_MESSAGE_H_

#include <cstdint>
#include <random>
#include <string>

#include "google/protobuf/message.h"

namespace runnel::conformance {

class Random {
 public:
  Random(uint64_t seed, uint64_t index) : engine_(seed * 0x9E3779B97F4A7C15u + index) {}

  uint64_t Bits() { return engine_(); }
  // From 0 to `count` - 1.
  size_t Below(size_t count) { return static_cast<size_t>(Bits() % count); }
  bool OneIn(size_t count) { return Below(count) == 0; }

 private:
  std::mt19937_64 engine_;
};

// Sets some fields of the message, and of those in it, to values that have a JSON and survive it:
// valid UTF-8, times in range, no Value without a kind, and no -0, whose sign protobuf 3.21 loses.
void FillRandomly(Random& random, google::protobuf::Message& message);

// JSON that says the same as `message`, but hardly ever as a writer would have it: any order and
// white space, names of the .proto, escapes, numbers in strings and strings in numbers, nulls,
// unknown fields, either base64.
std::string VariedJson(Random& random, const google::protobuf::Message& message);

}  // namespace runnel::conformance

#endif  // RUNNEL_TESTS_CONFORMANCE_RANDOM_MESSAGE_H_
