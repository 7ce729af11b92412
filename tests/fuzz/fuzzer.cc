#include "tests/fuzz/fuzzer.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "runtime/core/string_view.h"

namespace runnel::fuzz {
namespace {

constinit const Fuzzer* newest = nullptr;

}  // namespace

Fuzzer::Fuzzer(const char* name, Check check, Seeds seeds)
    : name_(name), check_(check), seeds_(seeds), next_(newest) {
  newest = this;
}

const Fuzzer* Fuzzer::first() { return newest; }

void Require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

void RequireEqual(std::string_view a, std::string_view b, std::string_view what) {
  if (a == b) return;
  std::fprintf(stderr, "  \"%s\"\n  \"%s\"\n", absl::CHexEscape(AbslView(a)).c_str(),
               absl::CHexEscape(AbslView(b)).c_str());
  Require(false, what);
}

uint8_t TakeByte(std::string_view& data) {
  if (data.empty()) return 0;
  const auto byte = static_cast<uint8_t>(data[0]);
  data.remove_prefix(1);
  return byte;
}

std::vector<std::string_view> Cut(std::string_view data, uint8_t seed) {
  std::vector<std::string_view> pieces;
  uint32_t random = seed;
  while (!data.empty()) {
    random = random * 1664525u + 1013904223u;
    // Mostly short ones.
    const size_t size = seed == 0 ? 1 : 1 + (random >> 24) % ((random >> 16) % 4 == 0 ? 64 : 6);
    pieces.push_back(data.substr(0, size));
    data.remove_prefix(std::min(size, data.size()));
  }
  return pieces;
}

}  // namespace runnel::fuzz
