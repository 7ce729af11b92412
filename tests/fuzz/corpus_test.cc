// Every fuzzer on its seeds, and on what was found with it: the files in corpus/NAME/.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <string>

#include "tests/fuzz/fuzzer.h"

namespace runnel::fuzz {
namespace {

int Run() {
  const std::filesystem::path corpus = "tests/fuzz/corpus";
  std::set<std::string> names;
  size_t inputs = 0;
  for (const Fuzzer* fuzzer = Fuzzer::first(); fuzzer != nullptr; fuzzer = fuzzer->next()) {
    names.emplace(fuzzer->name());
    for (const std::string& seed : fuzzer->seeds()) {
      // Each as it is, and cut off everywhere.
      for (size_t size = 0; size <= seed.size(); ++size, ++inputs) {
        fuzzer->Run(std::string(seed, 0, size));
      }
    }
    const std::filesystem::path folder = corpus / fuzzer->name();
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string data(std::istreambuf_iterator<char>(file), {});
      std::cout << entry.path().string() << std::endl;  // which one, should it end here
      fuzzer->Run(data);
      ++inputs;
    }
  }
  std::cout << inputs << " inputs for " << names.size() << " fuzzers" << std::endl;
  // A folder of a fuzzer that has another name now would be looked at by nobody.
  if (std::filesystem::exists(corpus)) {
    for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
      if (!entry.is_directory() || names.contains(entry.path().filename().string())) continue;
      std::cout << "no fuzzer for " << entry.path().string() << std::endl;
      return 1;
    }
  }
  return inputs > 0 ? 0 : 1;
}

}  // namespace
}  // namespace runnel::fuzz

int main() { return runnel::fuzz::Run(); }
