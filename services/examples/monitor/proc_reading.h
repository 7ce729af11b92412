// ProcReading is what /proc says at one moment. Most of it counts up from the start of the machine,
// so it takes two readings to say how busy the machine is: Compare.

#ifndef SERVICES_EXAMPLES_MONITOR_PROC_READING_H_
#define SERVICES_EXAMPLES_MONITOR_PROC_READING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/examples/monitor/monitor.pb.h"

namespace examples::monitor {

struct ProcReading {
  struct CpuTimes {
    int64_t busy = 0;  // in ticks of the kernel
    int64_t total = 0;
  };
  struct NetworkCounters {
    std::string name;
    int64_t received_bytes = 0;
    int64_t sent_bytes = 0;
  };
  struct DiskCounters {
    std::string name;
    int64_t read_bytes = 0;
    int64_t written_bytes = 0;
    absl::Duration busy;
  };

  absl::Time time;
  std::string host;
  absl::Duration uptime;
  CpuTimes cpu;
  std::vector<CpuTimes> cores;
  double load[3] = {};
  v1::Memory memory;
  std::vector<NetworkCounters> networks;
  std::vector<DiskCounters> disks;
};

// Reads the files below `proc`, which is "/proc" but in tests. Networks and disks, which some
// containers hide, may be missing; without the rest it is NOT_FOUND, and DATA_LOSS for a file in a
// form that is not known. Blocks, if only for a moment.
absl::StatusOr<ProcReading> ReadProc(const std::string& proc, absl::Time now);

// The figures at `after`, measured from `before` on.
v1::Sample Compare(const ProcReading& before, const ProcReading& after);

}  // namespace examples::monitor

#endif  // SERVICES_EXAMPLES_MONITOR_PROC_READING_H_
