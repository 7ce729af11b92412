#include "services/examples/jobs/jobs_service.h"

#include "services/examples/jobs/tree_hasher.h"
#include "services/examples/shared/proto_time.h"

namespace examples::jobs {
namespace {

constexpr absl::Duration kDefaultProgressInterval = absl::Milliseconds(250);
constexpr absl::Duration kMaxProgressInterval = absl::Hours(1);

// A piece of work is some hundredths of a second at most: so long does a cancelled call go on.
constexpr int kStepsPerPiece = 64;
constexpr size_t kBytesPerStep = 256 * 1024;

absl::StatusOr<bool> DoPiece(TreeHasher& hasher) {
  for (int i = 0; i < kStepsPerPiece; ++i) {
    RUNNEL_ASSIGN_OR_RETURN(const bool more, hasher.Step(kBytesPerStep));
    if (!more) return false;
  }
  return true;
}

}  // namespace

runnel::Awaitable<absl::Status> JobsService::HashTree(runnel::ServerContext& context,
                                                      const v1::HashTreeRequest& request,
                                                      runnel::Writer<v1::HashTreeUpdate>& out) {
  const absl::Duration interval = request.has_progress_interval()
                                      ? FromProto(request.progress_interval())
                                      : kDefaultProgressInterval;
  if (interval < absl::ZeroDuration() || interval > kMaxProgressInterval) {
    co_return absl::InvalidArgumentError("the progress interval must be between 0 and 1 h");
  }
  RUNNEL_CO_ASSIGN_OR_RETURN(TreeHasher hasher, co_await context.RunBlocking([&] {
    return TreeHasher::Open(root_, request.path());
  }));

  const absl::Time began = context.clock().Now();
  absl::Time told = began;
  while (true) {
    RUNNEL_CO_ASSIGN_OR_RETURN(const bool more,
                               co_await context.RunBlocking([&] { return DoPiece(hasher); }));
    // Nothing else tells a handler that does not write that it can stop.
    if (context.IsCancelled()) co_return context.cancel_status();
    if (!more) break;
    if (context.clock().Now() - told < interval) continue;
    v1::HashTreeUpdate update;
    *update.mutable_progress() = hasher.progress();
    RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(update));
    told = context.clock().Now();
  }
  v1::HashTreeUpdate update;
  *update.mutable_result() = hasher.result();
  *update.mutable_result()->mutable_elapsed() = ToProto(context.clock().Now() - began);
  co_return co_await out.Write(update);
}

}  // namespace examples::jobs
