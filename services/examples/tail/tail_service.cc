#include "services/examples/tail/tail_service.h"

#include <optional>
#include <vector>

#include "services/examples/tail/file_follower.h"

namespace examples::tail {
namespace {

// How soon new lines are seen.
constexpr absl::Duration kPollInterval = absl::Milliseconds(100);

// At the place that the request, or the client's last event, names.
absl::Status Start(FileFollower& follower, const v1::FollowRequest& request,
                   const std::string& last_event_id) {
  if (last_event_id.empty()) return follower.StartAt(request.offset());
  RUNNEL_ASSIGN_OR_RETURN(FilePosition position, FilePosition::FromId(last_event_id));
  return follower.ResumeAt(position);
}

}  // namespace

runnel::Awaitable<absl::Status> TailService::Follow(runnel::ServerContext& context,
                                                    const v1::FollowRequest& request,
                                                    runnel::Writer<v1::Line>& out) {
  FileFollower follower(root_, request.path());
  RUNNEL_CO_RETURN_IF_ERROR(co_await context.RunBlocking(
      [&] { return Start(follower, request, context.last_event_id()); }));

  for (uint32_t sent = 0;;) {
    RUNNEL_CO_ASSIGN_OR_RETURN(std::vector<v1::Line> lines,
                               co_await context.RunBlocking([&] { return follower.ReadMore(); }));
    const bool at_end = lines.empty();
    if (at_end && request.stop_at_end()) {
      if (std::optional<v1::Line> rest = follower.TakeRest()) lines.push_back(*std::move(rest));
    }
    for (const v1::Line& line : lines) {
      RUNNEL_CO_RETURN_IF_ERROR(co_await out.WriteWithId(line, line.id()));
      if (++sent == request.max_lines()) co_return absl::OkStatus();
    }
    if (!at_end) continue;
    if (request.stop_at_end()) co_return absl::OkStatus();
    RUNNEL_CO_RETURN_IF_ERROR(co_await context.Sleep(kPollInterval));
  }
}

}  // namespace examples::tail
