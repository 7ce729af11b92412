#include "services/examples/monitor/monitor_service.h"

#include <string>

#include "gtest/gtest.h"
#include "services/examples/shared/example_server.h"
#include "services/examples/shared/proto_time.h"
#include "services/examples/shared/scratch_directory.h"

namespace examples::monitor {
namespace {

v1::WatchRequest Every(absl::Duration interval, uint32_t count) {
  v1::WatchRequest request;
  *request.mutable_interval() = ToProto(interval);
  request.set_count(count);
  return request;
}

// Bytes received by the loopback interface, which the test itself uses.
int64_t LoopbackBytes(const v1::Sample& sample) {
  for (const v1::Network& network : sample.networks()) {
    if (network.name() == "lo") return network.received_bytes();
  }
  return 0;
}
int64_t LoopbackBytesNow() {
  const ProcReading now = *ReadProc("/proc", absl::UnixEpoch());
  return LoopbackBytes(Compare(now, now));
}

class MonitorServiceTest : public ::testing::Test {
 protected:
  MonitorService service_;
  ExampleServer server_{&service_};
  v1::Monitor::Stub monitor_{server_.channel()};
};

TEST_F(MonitorServiceTest, SnapshotHasTheFiguresOfThisMachine) {
  const int64_t before = LoopbackBytesNow();
  absl::StatusOr<v1::Sample> sample = server_.BlockOn(monitor_.Snapshot({}));
  const ProcReading after = *ReadProc("/proc", absl::UnixEpoch());
  ASSERT_TRUE(sample.ok()) << sample.status();
  EXPECT_EQ(sample->host(), after.host);
  EXPECT_EQ(sample->memory().total_bytes(), after.memory.total_bytes());
  EXPECT_LE(FromProto(sample->uptime()), after.uptime);
  EXPECT_EQ(sample->cpu().core_busy_percent_size(), static_cast<int>(after.cores.size()));
  EXPECT_LE(before, LoopbackBytes(*sample));
  EXPECT_LE(LoopbackBytes(*sample), LoopbackBytesNow());
}

TEST_F(MonitorServiceTest, WatchSendsAsManySamplesAsAskedFor) {
  auto samples = monitor_.Watch(Every(absl::Milliseconds(20), 3));
  absl::Time before = absl::InfinitePast();
  for (int i = 0; i < 3; ++i) {
    const v1::Sample sample = server_.Next(samples);
    EXPECT_GE(FromProto(sample.interval()), absl::Milliseconds(10));
    EXPECT_GT(FromProto(sample.time()), before);
    before = FromProto(sample.time());
  }
  EXPECT_EQ(server_.End(samples), absl::OkStatus());
}

TEST_F(MonitorServiceTest, WatchRefusesIntervalsItCannotKeep) {
  for (absl::Duration interval : {absl::ZeroDuration(), -absl::Seconds(1), absl::Hours(2)}) {
    auto samples = monitor_.Watch(Every(interval, 1));
    EXPECT_EQ(server_.End(samples).code(), absl::StatusCode::kInvalidArgument) << interval;
  }
}

TEST_F(MonitorServiceTest, WatchEndsWithTheDeadline) {
  runnel::CallOptions options;
  options.timeout = absl::Milliseconds(50);
  auto samples = monitor_.Watch(Every(absl::Minutes(1), 0), options);
  EXPECT_EQ(server_.End(samples).code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(MonitorServiceWithoutProcTest, SaysWhatItCannotRead) {
  ScratchDirectory empty;
  MonitorService service(empty.path());
  ExampleServer server{&service};
  v1::Monitor::Stub monitor(server.channel());
  absl::Status status = server.BlockOn(monitor.Snapshot({})).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace examples::monitor
