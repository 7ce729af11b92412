// MonitorService serves the figures of this machine.

#ifndef SERVICES_EXAMPLES_MONITOR_MONITOR_SERVICE_H_
#define SERVICES_EXAMPLES_MONITOR_MONITOR_SERVICE_H_

#include <string>

#include "runnel/server.h"
#include "services/examples/monitor/monitor.runnel.h"
#include "services/examples/monitor/proc_reading.h"

namespace examples::monitor {

// Has no state, so calls on several loops do not meet.
class MonitorService : public v1::Monitor::Service {
 public:
  // `proc` is another directory in tests.
  explicit MonitorService(std::string proc = "/proc") : proc_(std::move(proc)) {}

  runnel::Awaitable<absl::StatusOr<v1::Sample>> Snapshot(
      runnel::ServerContext& context, const v1::SnapshotRequest& request) override;
  runnel::Awaitable<absl::Status> Watch(runnel::ServerContext& context,
                                        const v1::WatchRequest& request,
                                        runnel::Writer<v1::Sample>& out) override;

 private:
  runnel::Awaitable<absl::StatusOr<ProcReading>> Read(runnel::ServerContext& context);

  const std::string proc_;
};

}  // namespace examples::monitor

#endif  // SERVICES_EXAMPLES_MONITOR_MONITOR_SERVICE_H_
