#include "tests/browser/traffic_service.h"

#include <algorithm>
#include <utility>

namespace browser {
namespace {

runnel::Awaitable<absl::Status> WriteItems(runnel::ServerContext& context, const v1::Plan& plan,
                                           runnel::Writer<v1::Item>& out) {
  v1::Item item;
  item.set_payload(std::string(plan.size(), 'x'));
  for (uint32_t index = 0; plan.count() == 0 || index < plan.count(); ++index) {
    if (plan.delay_ms() > 0 && index % std::max(plan.burst(), 1u) == 0) {
      RUNNEL_CO_RETURN_IF_ERROR(co_await context.Sleep(absl::Milliseconds(plan.delay_ms())));
    }
    item.set_index(index);
    RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(item));
  }
  co_return absl::OkStatus();
}

}  // namespace

// One handler at work, while it lives.
class TrafficService::Visit {
 public:
  Visit(TrafficService& service, runnel::ServerContext& context)
      : service_(service), context_(context) {
    for (const auto& [key, value] : context.client_metadata()) {
      if (key == "x-call") name_ = value;
    }
    const std::lock_guard lock(service_.mutex_);
    v1::Record& record = service_.records_[name_];
    record.set_started(record.started() + 1);
  }
  ~Visit() {
    const std::lock_guard lock(service_.mutex_);
    v1::Record& record = service_.records_[name_];
    record.set_ended(record.ended() + 1);
    if (context_.IsCancelled()) record.set_cancelled(record.cancelled() + 1);
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

 private:
  TrafficService& service_;
  runnel::ServerContext& context_;
  std::string name_;
};

runnel::Awaitable<absl::StatusOr<v1::Item>> TrafficService::Echo(runnel::ServerContext& context,
                                                                 const v1::Item& request) {
  const Visit visit(*this, context);
  co_return request;
}

runnel::Awaitable<absl::Status> TrafficService::Down(runnel::ServerContext& context,
                                                     const v1::Plan& request,
                                                     runnel::Writer<v1::Item>& out) {
  const Visit visit(*this, context);
  co_return co_await WriteItems(context, request, out);
}

runnel::Awaitable<absl::StatusOr<v1::Summary>> TrafficService::Up(runnel::ServerContext& context,
                                                                  runnel::Reader<v1::Item>& in) {
  const Visit visit(*this, context);
  v1::Summary summary;
  summary.set_in_order(true);
  v1::Item item;
  while (true) {
    RUNNEL_CO_ASSIGN_OR_RETURN(const bool more, co_await in.ReadInto(item));
    if (!more) break;
    if (item.index() != summary.count()) summary.set_in_order(false);
    summary.set_count(summary.count() + 1);
    summary.set_bytes(summary.bytes() + item.payload().size());
  }
  co_return summary;
}

runnel::Awaitable<absl::Status> TrafficService::Both(runnel::ServerContext& context,
                                                     runnel::Reader<v1::Item>& in,
                                                     runnel::Writer<v1::Item>& out) {
  const Visit visit(*this, context);
  v1::Item item;
  while (true) {
    RUNNEL_CO_ASSIGN_OR_RETURN(const bool more, co_await in.ReadInto(item));
    if (!more) co_return absl::OkStatus();
    RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(item));
  }
}

runnel::Awaitable<absl::Status> TrafficService::Ticks(runnel::ServerContext& context,
                                                      const v1::Plan& request,
                                                      runnel::Writer<v1::Item>& out) {
  return Down(context, request, out);
}

runnel::Awaitable<absl::StatusOr<v1::Record>> TrafficService::Seen(runnel::ServerContext& context,
                                                                   const v1::Name& request) {
  const std::lock_guard lock(mutex_);
  co_return records_[request.name()];
}

}  // namespace browser
