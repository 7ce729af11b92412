#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "services/metrics/server_metrics.h"

namespace runnel {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

void Add(std::string name, MetricType type, std::string help, double value,
         std::vector<MetricFamily>& to) {
  MetricFamily& family = to.emplace_back();
  family.name = std::move(name);
  family.type = type;
  family.help = std::move(help);
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
}

// The fields of /proc/self/stat from the third on: the second, the program's name, may have spaces.
std::vector<double> StatFields() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t name_end = text.rfind(')');
  std::vector<double> fields;
  if (name_end == text.npos) return fields;
  std::istringstream rest(text.substr(name_end + 1));
  std::string state;
  rest >> state;
  for (double value; rest >> value;) fields.push_back(value);
  return fields;
}

double BootTime() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    double time = 0;
    if (std::sscanf(line.c_str(), "btime %lf", &time) == 1) return time;
  }
  return 0;
}

double OpenDescriptors() {
  DIR* const directory = opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  double count = 0;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(directory);
  return count - 1;  // but for that of the directory
}

}  // namespace

std::vector<MetricFamily> CollectProcessMetrics() {
  std::vector<MetricFamily> families;
  // Numbered as in proc(5), from the fourth field on: utime is the 14th.
  const std::vector<double> fields = StatFields();
  constexpr size_t kUser = 14 - 4;
  constexpr size_t kSystem = 15 - 4;
  constexpr size_t kStart = 22 - 4;
  constexpr size_t kVirtual = 23 - 4;
  constexpr size_t kResident = 24 - 4;
  if (fields.size() <= kResident) return families;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  Add("process_cpu_seconds_total", MetricType::Counter, "Processor time used, user and system.",
      (fields[kUser] + fields[kSystem]) / ticks, families);
  Add("process_start_time_seconds", MetricType::Gauge,
      "When the process was started, since the epoch.", BootTime() + fields[kStart] / ticks,
      families);
  Add("process_virtual_memory_bytes", MetricType::Gauge, "Size of the virtual memory.",
      fields[kVirtual], families);
  Add("process_resident_memory_bytes", MetricType::Gauge, "Size of the resident memory.",
      fields[kResident] * static_cast<double>(sysconf(_SC_PAGESIZE)), families);
  Add("process_open_fds", MetricType::Gauge, "Open file descriptors.", OpenDescriptors(), families);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    Add("process_max_fds", MetricType::Gauge, "How many file descriptors may be open.",
        static_cast<double>(limit.rlim_cur), families);
  }
  return families;
}

}  // namespace runnel
