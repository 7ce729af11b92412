#include "services/examples/monitor/monitor_service.h"

#include <algorithm>

#include "services/examples/shared/proto_time.h"

namespace examples::monitor {
namespace {

constexpr absl::Duration kSnapshotInterval = absl::Milliseconds(200);
constexpr absl::Duration kDefaultInterval = absl::Seconds(1);
constexpr absl::Duration kMinInterval = absl::Milliseconds(10);  // a tick of the kernel's counters
constexpr absl::Duration kMaxInterval = absl::Hours(1);

}  // namespace

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
  RUNNEL_CO_ASSIGN_OR_RETURN(ProcReading before, co_await Read(context));
  absl::Time next = before.time + interval;
  for (uint32_t sent = 0; request.count() == 0 || sent < request.count(); ++sent) {
    RUNNEL_CO_RETURN_IF_ERROR(co_await context.Sleep(next - context.clock().Now()));
    RUNNEL_CO_ASSIGN_OR_RETURN(ProcReading now, co_await Read(context));
    RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(Compare(before, now)));
    before = std::move(now);
    // From when this one was due, so that intervals do not drift; but Write waits for a client that
    // reads slowly, who then gets fewer samples, not old ones.
    next = std::max(next + interval, context.clock().Now() + kMinInterval);
  }
  co_return absl::OkStatus();
}

}  // namespace examples::monitor
