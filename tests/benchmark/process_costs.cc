#include "tests/benchmark/process_costs.h"

#include <time.h>

#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace runnel::benchmark {

int64_t CpuNanoseconds(int pid) {
  clockid_t clock = 0;
  timespec time = {};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  return int64_t{1'000'000'000} * time.tv_sec + time.tv_nsec;
}

absl::StatusOr<int64_t> MemoryBytes(int pid) {
  const std::string path = absl::StrCat("/proc/", pid, "/smaps_rollup");
  std::ifstream file(path);
  std::string word;
  int64_t kilobytes = 0;
  while (file >> word) {
    if (word == "Pss:" && file >> kilobytes) return kilobytes * 1024;
  }
  return absl::NotFoundError(absl::StrCat("no Pss in ", path));
}

}  // namespace runnel::benchmark
