// A fuzzer is a function that takes any bytes and checks what must hold of them. It is linked with
// libFuzzer, which makes bytes up (libfuzzer.cc), and with corpus_test, which takes them from
// files.
//
//   void Check(std::string_view data) { … Require(…, "…"); }
//   const Fuzzer fuzzer("base64", Check, [] { return std::vector<std::string>{"AQI="}; });

#ifndef RUNNEL_TESTS_FUZZ_FUZZER_H_
#define RUNNEL_TESTS_FUZZ_FUZZER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace runnel::fuzz {

// A static object, which knows the others of the program.
class Fuzzer {
 public:
  using Check = void (*)(std::string_view data);
  using Seeds = std::vector<std::string> (*)();

  // `seeds` are inputs to begin with.
  Fuzzer(const char* name, Check check, Seeds seeds);
  Fuzzer(const Fuzzer&) = delete;
  Fuzzer& operator=(const Fuzzer&) = delete;

  static const Fuzzer* first();
  const Fuzzer* next() const { return next_; }

  std::string_view name() const { return name_; }
  void Run(std::string_view data) const { check_(data); }
  std::vector<std::string> seeds() const { return seeds_(); }

 private:
  const char* const name_;
  const Check check_;
  const Seeds seeds_;
  const Fuzzer* const next_;
};

// Ends the program when something does not hold.
void Require(bool holds, std::string_view what);
// The same for two texts, which it shows.
void RequireEqual(std::string_view a, std::string_view b, std::string_view what);

// Takes a number off the front of the data, which decides something; 0 when there is none.
uint8_t TakeByte(std::string_view& data);

// The data in pieces, none empty, cut where `seed` says; 0 cuts behind every byte.
std::vector<std::string_view> Cut(std::string_view data, uint8_t seed);

}  // namespace runnel::fuzz

#endif  // RUNNEL_TESTS_FUZZ_FUZZER_H_
