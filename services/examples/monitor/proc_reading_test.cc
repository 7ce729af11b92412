#include "services/examples/monitor/proc_reading.h"

#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/examples/shared/proto_time.h"
#include "services/examples/shared/scratch_directory.h"

namespace examples::monitor {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

// A machine with two cores whose files a test rewrites.
class ProcReadingTest : public ::testing::Test {
 protected:
  ProcReadingTest() {
    proc_.Write("stat",
                "cpu  100 0 100 800 0 0 0 0 0 0\n"
                "cpu0 100 0 100 300 0 0 0 0 0 0\n"
                "cpu1 0 0 0 500 0 0 0 0 0 0\n"
                "intr 5 6\n");
    proc_.Write("uptime", "2299.07 4493.29\n");
    proc_.Write("loadavg", "0.50 0.25 0.125 1/87 6765\n");
    proc_.Write("meminfo",
                "MemTotal:       24684096 kB\nMemFree:  1 kB\nMemAvailable:   1000 kB\n"
                "HugePages_Total:       0\nSwapTotal:      2000 kB\nSwapFree:  500 kB\n");
    proc_.Write(
        "net/dev",
        "Inter-|   Receive                          |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes ...\n"
        "    lo:    3193      29    0    0    0     0          0         0     3193      29 "
        "0 0 0 0 0 0\n"
        "  eth0:1000    2195    0    0    0     0          0         0   2000    1185 "
        "0 0 0 0 0 0\n");
    proc_.Write("diskstats",
                "   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0\n"
                " 254       0 vda 52763 8566 100 31246 34394 11641 200 6400 0 1000 38150\n"
                " 254       1 vda1 52763 8566 90 31246 34394 11641 200 6400 0 1000 38150\n"
                " 259       0 nvme0n1 1 0 8 1 1 0 8 1 0 1 1 4 5 6 7 8 9\n"
                " 259       1 nvme0n1p1 1 0 8 1 1 0 8 1 0 1 1 4 5 6 7 8 9\n");
    proc_.Write("sys/kernel/hostname", "box\n");
  }

  ProcReading Read(absl::Time now) {
    absl::StatusOr<ProcReading> reading = ReadProc(proc_.path(), now);
    EXPECT_TRUE(reading.ok()) << reading.status();
    return reading.ok() ? *reading : ProcReading();
  }

  ScratchDirectory proc_;
};

TEST_F(ProcReadingTest, TakesWhatDoesNotCountUpAsItIs) {
  const v1::Sample sample = Compare(Read(kStart), Read(kStart + absl::Seconds(2)));
  EXPECT_EQ(sample.host(), "box");
  EXPECT_EQ(FromProto(sample.time()), kStart + absl::Seconds(2));
  EXPECT_EQ(FromProto(sample.interval()), absl::Seconds(2));
  EXPECT_THAT(absl::ToDoubleSeconds(FromProto(sample.uptime())), DoubleNear(2299.07, 1e-6));
  EXPECT_EQ(sample.cpu().load_1(), 0.5);
  EXPECT_EQ(sample.cpu().load_15(), 0.125);
  EXPECT_EQ(sample.memory().total_bytes(), int64_t{24684096} * 1024);
  EXPECT_EQ(sample.memory().available_bytes(), 1000 * 1024);
  EXPECT_EQ(sample.memory().swap_total_bytes(), 2000 * 1024);
  EXPECT_EQ(sample.memory().swap_free_bytes(), 500 * 1024);
}

TEST_F(ProcReadingTest, MeasuresCoresBetweenReadings) {
  const ProcReading before = Read(kStart);
  proc_.Write("stat",
              "cpu  150 0 125 900 25 0 0 0 0 0\n"
              "cpu0 150 0 125 300 25 0 0 0 0 0\n"
              "cpu1 0 0 0 600 0 0 0 0 0 0\n");
  const v1::Sample sample = Compare(before, Read(kStart + absl::Seconds(1)));
  EXPECT_EQ(sample.cpu().busy_percent(), 37.5);  // waiting for a disk is not being busy
  EXPECT_THAT(sample.cpu().core_busy_percent(), ElementsAre(75.0, 0.0));
}

TEST_F(ProcReadingTest, IsIdleWhereNoTickHasPassed) {
  const v1::Sample sample = Compare(Read(kStart), Read(kStart));
  EXPECT_EQ(sample.cpu().busy_percent(), 0.0);
  EXPECT_EQ(sample.networks(0).received_bytes_per_second(), 0.0);
}

TEST_F(ProcReadingTest, MeasuresNetworksBetweenReadings) {
  const ProcReading before = Read(kStart);
  proc_.Write("net/dev",
              "a | b\n c | d\n"
              "  eth0:5000 1 0 0 0 0 0 0 10000 1 0 0 0 0 0 0\n"
              " wlan0: 77 1 0 0 0 0 0 0 88 1 0 0 0 0 0 0\n");
  const v1::Sample sample = Compare(before, Read(kStart + absl::Seconds(2)));
  ASSERT_EQ(sample.networks_size(), 2);
  EXPECT_EQ(sample.networks(0).name(), "eth0");
  EXPECT_EQ(sample.networks(0).received_bytes(), 5000);
  EXPECT_EQ(sample.networks(0).received_bytes_per_second(), 2000.0);
  EXPECT_EQ(sample.networks(0).sent_bytes_per_second(), 4000.0);
  EXPECT_EQ(sample.networks(1).name(), "wlan0");  // new: no rate yet
  EXPECT_EQ(sample.networks(1).received_bytes_per_second(), 0.0);
}

TEST_F(ProcReadingTest, MeasuresWholeDisksThatWereUsed) {
  const ProcReading before = Read(kStart);
  proc_.Write("diskstats",
              " 254       0 vda 1 2 104 3 4 5 210 6 0 1500 8\n"
              " 259       0 nvme0n1 1 0 8 1 1 0 8 1 0 1 1 4 5 6 7 8 9\n");
  const v1::Sample sample = Compare(before, Read(kStart + absl::Seconds(2)));
  ASSERT_EQ(sample.disks_size(), 2);
  EXPECT_EQ(sample.disks(0).name(), "vda");
  EXPECT_EQ(sample.disks(0).read_bytes(), 104 * 512);
  EXPECT_EQ(sample.disks(0).read_bytes_per_second(), 4 * 512 / 2);
  EXPECT_EQ(sample.disks(0).written_bytes_per_second(), 10 * 512 / 2);
  EXPECT_EQ(sample.disks(0).busy_percent(), 25.0);
  EXPECT_EQ(sample.disks(1).name(), "nvme0n1");
}

TEST_F(ProcReadingTest, DoesWithoutNetworksAndDisks) {
  std::filesystem::remove(proc_.path() + "/net/dev");
  std::filesystem::remove(proc_.path() + "/diskstats");
  const v1::Sample sample = Compare(Read(kStart), Read(kStart + absl::Seconds(1)));
  EXPECT_EQ(sample.networks_size(), 0);
  EXPECT_EQ(sample.disks_size(), 0);
}

TEST_F(ProcReadingTest, NamesTheFileThatIsMissing) {
  std::filesystem::remove(proc_.path() + "/meminfo");
  absl::Status status = ReadProc(proc_.path(), kStart).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("/meminfo"));
}

TEST_F(ProcReadingTest, RefusesFormsItDoesNotKnow) {
  for (std::string file : {"stat", "uptime", "loadavg", "meminfo", "diskstats"}) {
    SCOPED_TRACE(file);
    std::ifstream in(proc_.path() + "/" + file);
    const std::string good{std::istreambuf_iterator<char>(in), {}};
    proc_.Write(file, "cpu x y\n");
    EXPECT_EQ(ReadProc(proc_.path(), kStart).status().code(), absl::StatusCode::kDataLoss);
    proc_.Write(file, good);
  }
}

TEST(ProcReadingOfThisMachineTest, IsPlausible) {
  absl::StatusOr<ProcReading> reading = ReadProc("/proc", kStart);
  ASSERT_TRUE(reading.ok()) << reading.status();
  EXPECT_GT(reading->uptime, absl::ZeroDuration());
  EXPECT_GE(reading->cpu.total, reading->cpu.busy);
  EXPECT_GT(reading->memory.total_bytes(), reading->memory.available_bytes());
}

}  // namespace
}  // namespace examples::monitor
