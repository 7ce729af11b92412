// What libFuzzer calls. With --seeds=FOLDER as its first argument a fuzzer writes its seeds there
// and does nothing else.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/fuzz/fuzzer.h"

using runnel::fuzz::Fuzzer;

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view kSeeds = "--seeds=";
  if (*argc < 2 || !std::string_view((*argv)[1]).starts_with(kSeeds)) return 0;
  const std::string folder((*argv)[1] + kSeeds.size());
  size_t index = 0;
  for (const std::string& seed : Fuzzer::first()->seeds()) {
    std::ofstream file(folder + "/seed-" + std::to_string(index++), std::ios::binary);
    if (!(file << seed)) std::exit(1);
  }
  std::exit(0);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Fuzzer::first()->Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
