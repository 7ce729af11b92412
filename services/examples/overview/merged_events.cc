#include "services/examples/overview/merged_events.h"

#include <utility>

namespace examples::overview {

runnel::Awaitable<absl::Status> MergedEvents::Put(v1::OverviewEvent event) {
  while (events_.size() >= capacity_) RUNNEL_CO_RETURN_IF_ERROR(co_await taken_.Wait());
  events_.push_back(std::move(event));
  arrived_.Notify();
  co_return absl::OkStatus();
}

void MergedEvents::EndSource() {
  --sources_;
  arrived_.Notify();
}

runnel::Awaitable<absl::StatusOr<std::optional<v1::OverviewEvent>>> MergedEvents::Take() {
  while (events_.empty()) {
    if (sources_ == 0) co_return std::optional<v1::OverviewEvent>();
    RUNNEL_CO_RETURN_IF_ERROR(co_await arrived_.Wait());
  }
  std::optional<v1::OverviewEvent> event = std::move(events_.front());
  events_.pop_front();
  taken_.Notify();
  co_return event;
}

}  // namespace examples::overview
