#include "runtime/server/server_context.h"

#include <algorithm>

namespace runnel {

absl::Duration ServerContext::time_left() const {
  if (call_.deadline == absl::InfiniteFuture()) return absl::InfiniteDuration();
  return std::max(call_.deadline - call_.clock->Now(), absl::ZeroDuration());
}

Awaitable<absl::Status> ServerContext::Sleep(absl::Duration duration) {
  if (IsCancelled()) co_return cancelled_;
  const absl::Status slept = co_await SleepFor(*call_.clock, duration);
  co_return slept.ok() || !IsCancelled() ? slept : cancelled_;
}

void ServerContext::Cancel(absl::Status status) {
  if (cancelled_.ok()) cancelled_ = std::move(status);
}

}  // namespace runnel
