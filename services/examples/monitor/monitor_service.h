// MonitorService serves the figures of this machine.

#ifndef SERVICES_EXAMPLES_MONITOR_MONITOR_SERVICE_H_
#define SERVICES_EXAMPLES_MONITOR_MONITOR_SERVICE_H_

#include <string>

#include "runnel/client.h"
#include "runnel/server.h"
#include "services/examples/monitor/monitor.runnel.h"
#include "services/examples/monitor/proc_reading.h"
#include "services/examples/monitor/samplers.h"

namespace examples::monitor {

// Calls run on several loops at once and meet in Samplers, which guards itself.
class MonitorService : public v1::Monitor::Service {
 public:
  // `proc` is another directory in tests.
  explicit MonitorService(std::string proc = "/proc");
  ~MonitorService() override;

  runnel::Awaitable<absl::StatusOr<v1::Sample>> Snapshot(
      runnel::ServerContext& context, const v1::SnapshotRequest& request) override;
  runnel::Awaitable<absl::Status> Watch(runnel::ServerContext& context,
                                        const v1::WatchRequest& request,
                                        runnel::Writer<v1::Sample>& out) override;

 private:
  runnel::Awaitable<absl::StatusOr<ProcReading>> Read(runnel::ServerContext& context);
  runnel::Awaitable<void> StopSampling();

  const std::string proc_;
  runnel::IoThread sampling_;
  Samplers samplers_;
  runnel::TaskGroup tasks_;  // on sampling_
};

}  // namespace examples::monitor

#endif  // SERVICES_EXAMPLES_MONITOR_MONITOR_SERVICE_H_
