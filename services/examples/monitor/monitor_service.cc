#include "services/examples/monitor/monitor_service.h"

#include <memory>
#include <utility>

#include "services/examples/shared/proto_time.h"

namespace examples::monitor {
namespace {

constexpr absl::Duration kSnapshotInterval = absl::Milliseconds(200);
constexpr absl::Duration kDefaultInterval = absl::Seconds(1);
constexpr absl::Duration kMinInterval = absl::Milliseconds(10);  // a tick of the kernel's counters
constexpr absl::Duration kMaxInterval = absl::Hours(1);

}  // namespace

MonitorService::MonitorService(std::string proc)
    : proc_(std::move(proc)),
      samplers_(sampling_.executor(), runnel::Clock::Real(), proc_),
      tasks_(sampling_.executor()) {
  tasks_.Spawn(samplers_.Run());
}

MonitorService::~MonitorService() { sampling_.BlockOn(StopSampling()); }

runnel::Awaitable<void> MonitorService::StopSampling() {
  tasks_.Cancel();
  co_await tasks_.Join();
}

runnel::Awaitable<absl::StatusOr<ProcReading>> MonitorService::Read(
    runnel::ServerContext& context) {
  const absl::Time now = context.clock().Now();
  co_return co_await context.RunBlocking([&] { return ReadProc(proc_, now); });
}

runnel::Awaitable<absl::StatusOr<v1::Sample>> MonitorService::Snapshot(
    runnel::ServerContext& context, const v1::SnapshotRequest&) {
  RUNNEL_CO_ASSIGN_OR_RETURN(const ProcReading before, co_await Read(context));
  RUNNEL_CO_RETURN_IF_ERROR(co_await context.Sleep(kSnapshotInterval));
  RUNNEL_CO_ASSIGN_OR_RETURN(const ProcReading after, co_await Read(context));
  co_return Compare(before, after);
}

runnel::Awaitable<absl::Status> MonitorService::Watch(runnel::ServerContext& context,
                                                      const v1::WatchRequest& request,
                                                      runnel::Writer<v1::Sample>& out) {
  const absl::Duration interval =
      request.has_interval() ? FromProto(request.interval()) : kDefaultInterval;
  if (interval < kMinInterval || interval > kMaxInterval) {
    co_return absl::InvalidArgumentError("the interval must be between 10 ms and 1 h");
  }
  RUNNEL_CO_ASSIGN_OR_RETURN(const std::shared_ptr<Samplers::Feed> feed,
                             co_await context.RunBlocking([&] { return samplers_.At(interval); }));
  runnel::SubscribeOptions options;
  options.limit = request.count();
  co_return co_await feed->Serve(context, out, std::move(options));
}

}  // namespace examples::monitor
