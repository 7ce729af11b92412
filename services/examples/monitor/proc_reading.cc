#include "services/examples/monitor/proc_reading.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/examples/shared/proto_time.h"

namespace examples::monitor {
namespace {

constexpr int64_t kSectorBytes = 512;  // in /proc/diskstats, whatever the disk's own are

using Words = std::vector<std::string>;

// The lines of a file, each cut into words.
absl::StatusOr<std::vector<Words>> ReadWords(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  std::vector<Words> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty()));
  }
  return lines;
}

absl::Status NotUnderstood(const std::string& path) {
  return absl::DataLossError(absl::StrCat(path, " has a form that is not known here"));
}

// The number in column `i`.
bool Number(const Words& words, size_t i, int64_t& number) {
  return i < words.size() && absl::SimpleAtoi(words[i], &number);
}

// "cpu0 user nice system idle iowait irq softirq steal guest guest_nice"; guests are in user.
bool ParseCpu(const Words& words, ProcReading::CpuTimes& times) {
  for (size_t i = 1; i < std::min<size_t>(words.size(), 9); ++i) {
    int64_t ticks;
    if (!Number(words, i, ticks)) return false;
    times.total += ticks;
    if (i != 4 && i != 5) times.busy += ticks;
  }
  return words.size() >= 5;
}

absl::Status ReadCpu(const std::string& proc, ProcReading& reading) {
  const std::string path = proc + "/stat";
  absl::StatusOr<std::vector<Words>> lines = ReadWords(path);
  if (!lines.ok()) return lines.status();
  for (const Words& words : *lines) {
    if (words.empty() || !absl::StartsWith(words[0], "cpu")) continue;
    ProcReading::CpuTimes times;
    if (!ParseCpu(words, times)) return NotUnderstood(path);
    if (words[0] == "cpu") {
      reading.cpu = times;
    } else {
      reading.cores.push_back(times);
    }
  }
  return reading.cores.empty() ? NotUnderstood(path) : absl::OkStatus();
}

absl::Status ReadUptimeAndLoad(const std::string& proc, ProcReading& reading) {
  absl::StatusOr<std::vector<Words>> uptime = ReadWords(proc + "/uptime");
  if (!uptime.ok()) return uptime.status();
  double seconds;
  if (uptime->empty() || uptime->front().empty() ||
      !absl::SimpleAtod(uptime->front()[0], &seconds)) {
    return NotUnderstood(proc + "/uptime");
  }
  reading.uptime = absl::Seconds(seconds);

  absl::StatusOr<std::vector<Words>> load = ReadWords(proc + "/loadavg");
  if (!load.ok()) return load.status();
  if (load->empty() || load->front().size() < 3) return NotUnderstood(proc + "/loadavg");
  for (int i = 0; i < 3; ++i) {
    if (!absl::SimpleAtod(load->front()[i], &reading.load[i])) {
      return NotUnderstood(proc + "/loadavg");
    }
  }
  return absl::OkStatus();
}

// "MemTotal:  24684096 kB"
absl::Status ReadMemory(const std::string& proc, ProcReading& reading) {
  const std::string path = proc + "/meminfo";
  absl::StatusOr<std::vector<Words>> lines = ReadWords(path);
  if (!lines.ok()) return lines.status();
  std::map<std::string, int64_t> bytes;
  for (const Words& words : *lines) {
    int64_t kib;
    if (words.size() == 3 && words[2] == "kB" && Number(words, 1, kib))
      bytes[words[0]] = kib * 1024;
  }
  if (!bytes.contains("MemTotal:") || !bytes.contains("MemAvailable:")) return NotUnderstood(path);
  reading.memory.set_total_bytes(bytes["MemTotal:"]);
  reading.memory.set_available_bytes(bytes["MemAvailable:"]);
  reading.memory.set_swap_total_bytes(bytes["SwapTotal:"]);
  reading.memory.set_swap_free_bytes(bytes["SwapFree:"]);
  return absl::OkStatus();
}

// "  eth0: received_bytes 7 columns sent_bytes …", below two lines of titles. A long name may have
// no space behind its colon.
absl::Status ReadNetworks(const std::string& proc, ProcReading& reading) {
  const std::string path = proc + "/net/dev";
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.rfind(':');
    if (colon == std::string::npos) continue;
    ProcReading::NetworkCounters network;
    network.name = std::string(absl::StripAsciiWhitespace(line.substr(0, colon)));
    const Words columns = absl::StrSplit(line.substr(colon + 1), ' ', absl::SkipEmpty());
    if (!Number(columns, 0, network.received_bytes) || !Number(columns, 8, network.sent_bytes)) {
      return NotUnderstood(path);
    }
    reading.networks.push_back(std::move(network));
  }
  return absl::OkStatus();
}

// Whether `name` is a partition of `disk`: sda1 of sda, nvme0n1p2 of nvme0n1.
bool IsPartition(const std::string& name, const std::string& disk) {
  if (disk.empty() || !absl::StartsWith(name, disk)) return false;
  std::string rest = name.substr(disk.size());
  if (std::isdigit(static_cast<unsigned char>(disk.back()))) {
    if (rest.empty() || rest[0] != 'p') return false;
    rest.erase(0, 1);
  }
  return !rest.empty() && std::all_of(rest.begin(), rest.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

// "254 0 vda reads merged sectors_read ms writes merged sectors_written ms in_flight busy_ms …".
// Partitions follow their disk.
absl::Status ReadDisks(const std::string& proc, ProcReading& reading) {
  const std::string path = proc + "/diskstats";
  absl::StatusOr<std::vector<Words>> lines = ReadWords(path);
  if (!lines.ok()) return absl::OkStatus();
  std::string whole;
  for (const Words& words : *lines) {
    int64_t sectors_read, sectors_written, busy_ms;
    if (!Number(words, 5, sectors_read) || !Number(words, 9, sectors_written) ||
        !Number(words, 12, busy_ms)) {
      return NotUnderstood(path);
    }
    if (IsPartition(words[2], whole)) continue;
    whole = words[2];
    if (sectors_read == 0 && sectors_written == 0) continue;
    reading.disks.push_back({whole, sectors_read * kSectorBytes, sectors_written * kSectorBytes,
                             absl::Milliseconds(busy_ms)});
  }
  return absl::OkStatus();
}

double BusyPercent(const ProcReading::CpuTimes& before, const ProcReading::CpuTimes& after) {
  const int64_t total = after.total - before.total;
  if (total <= 0) return 0;  // too soon for a tick
  return std::clamp(
      100.0 * static_cast<double>(after.busy - before.busy) / static_cast<double>(total), 0.0,
      100.0);
}

// Counters start again when an interface or a disk was taken out and put back.
double PerSecond(int64_t before, int64_t after, absl::Duration interval) {
  if (after <= before || interval <= absl::ZeroDuration()) return 0;
  return static_cast<double>(after - before) / absl::ToDoubleSeconds(interval);
}

// The counters of the same name. One that is new compares with itself: it has no rate yet.
template <typename Counters>
const Counters& Earlier(const std::vector<Counters>& before, const Counters& now) {
  auto found = std::find_if(before.begin(), before.end(),
                            [&](const Counters& c) { return c.name == now.name; });
  return found == before.end() ? now : *found;
}

}  // namespace

absl::StatusOr<ProcReading> ReadProc(const std::string& proc, absl::Time now) {
  ProcReading reading;
  reading.time = now;
  std::ifstream(proc + "/sys/kernel/hostname") >> reading.host;
  for (auto* read : {ReadCpu, ReadUptimeAndLoad, ReadMemory, ReadNetworks, ReadDisks}) {
    if (absl::Status status = read(proc, reading); !status.ok()) return status;
  }
  return reading;
}

v1::Sample Compare(const ProcReading& before, const ProcReading& after) {
  const absl::Duration interval = after.time - before.time;
  v1::Sample sample;
  *sample.mutable_time() = ToProto(after.time);
  sample.set_host(after.host);
  *sample.mutable_uptime() = ToProto(after.uptime);
  *sample.mutable_interval() = ToProto(interval);

  v1::Cpu& cpu = *sample.mutable_cpu();
  cpu.set_busy_percent(BusyPercent(before.cpu, after.cpu));
  // A core can be switched on or off; then the cores of the two readings do not belong together.
  for (size_t i = 0; before.cores.size() == after.cores.size() && i < after.cores.size(); ++i) {
    cpu.add_core_busy_percent(BusyPercent(before.cores[i], after.cores[i]));
  }
  cpu.set_load_1(after.load[0]);
  cpu.set_load_5(after.load[1]);
  cpu.set_load_15(after.load[2]);

  *sample.mutable_memory() = after.memory;

  for (const ProcReading::NetworkCounters& now : after.networks) {
    const ProcReading::NetworkCounters& earlier = Earlier(before.networks, now);
    v1::Network& network = *sample.add_networks();
    network.set_name(now.name);
    network.set_received_bytes_per_second(
        PerSecond(earlier.received_bytes, now.received_bytes, interval));
    network.set_sent_bytes_per_second(PerSecond(earlier.sent_bytes, now.sent_bytes, interval));
    network.set_received_bytes(now.received_bytes);
    network.set_sent_bytes(now.sent_bytes);
  }

  for (const ProcReading::DiskCounters& now : after.disks) {
    const ProcReading::DiskCounters& earlier = Earlier(before.disks, now);
    v1::Disk& disk = *sample.add_disks();
    disk.set_name(now.name);
    disk.set_read_bytes_per_second(PerSecond(earlier.read_bytes, now.read_bytes, interval));
    disk.set_written_bytes_per_second(
        PerSecond(earlier.written_bytes, now.written_bytes, interval));
    if (interval > absl::ZeroDuration()) {
      disk.set_busy_percent(
          std::clamp(100.0 * absl::FDivDuration(now.busy - earlier.busy, interval), 0.0, 100.0));
    }
    disk.set_read_bytes(now.read_bytes);
    disk.set_written_bytes(now.written_bytes);
  }
  return sample;
}

}  // namespace examples::monitor
