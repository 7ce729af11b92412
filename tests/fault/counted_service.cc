#include "tests/fault/counted_service.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"

namespace fault {

using runnel::Awaitable;

Item ItemOf(size_t call, Direction direction, size_t index, const std::vector<size_t>& sizes) {
  Item item;
  item.set_index(static_cast<uint32_t>(index));
  item.set_payload(PayloadOf(call, direction, index, sizes[index]));
  return item;
}

class CountedService::Part {
 public:
  Part(CountedService& service, runnel::ServerContext& context)
      : service_(service), context_(context), call_(NumberOf(service, context)) {
    ++service_.running_;
    if (service_.killed_) return;
    if (seen().started++ == 0) seen().started_at = service_.clock_.Now();
  }
  ~Part() { --service_.running_; }

  const CallPlan& plan() const { return service_.traffic_.calls[call_]; }

  void Take(const Item& item) {
    if (!service_.killed_) seen().Take(call_, Direction::kUp, plan().up, item);
  }
  Item Reply(size_t index) const { return ItemOf(call_, Direction::kDown, index, plan().down); }

  Awaitable<absl::Status> Pause() {
    if (plan().pause_down == absl::ZeroDuration()) co_return absl::OkStatus();
    co_return co_await context_.Sleep(plan().pause_down);
  }

  absl::Status End(absl::Status status) {
    if (!service_.killed_) {
      seen().ended = status;
      seen().ended_at = service_.clock_.Now();
    }
    return status;
  }

 private:
  static size_t NumberOf(const CountedService& service, runnel::ServerContext& context) {
    size_t number = 0;
    const std::string text(context.client_metadata().Get(kCallKey).value_or(""));
    if (!absl::SimpleAtoi(text, &number) || number >= service.traffic_.calls.size()) std::abort();
    return number;
  }
  Observation& seen() { return service_.transcript_[call_]; }

  CountedService& service_;
  runnel::ServerContext& context_;
  const size_t call_;
};

Awaitable<absl::StatusOr<Item>> CountedService::Unary(runnel::ServerContext& context,
                                                      const Item& request) {
  Part part(*this, context);
  part.Take(request);
  absl::Status status = co_await part.Pause();
  if (status.ok()) status = OutcomeOf(part.plan());
  status = part.End(std::move(status));
  if (!status.ok()) co_return status;
  co_return part.Reply(0);
}

Awaitable<absl::Status> CountedService::Down(runnel::ServerContext& context, const Item& request,
                                             runnel::Writer<Item>& out) {
  Part part(*this, context);
  part.Take(request);
  absl::Status status;
  for (size_t i = 0; status.ok() && i < part.plan().down.size(); ++i) {
    const Item reply = part.Reply(i);
    status = co_await out.Write(reply);
    if (status.ok()) status = co_await part.Pause();
  }
  if (status.ok()) status = OutcomeOf(part.plan());
  co_return part.End(std::move(status));
}

Awaitable<absl::StatusOr<Item>> CountedService::Up(runnel::ServerContext& context,
                                                   runnel::Reader<Item>& in) {
  Part part(*this, context);
  absl::Status status;
  while (status.ok()) {
    absl::StatusOr<std::optional<Item>> next = co_await in.Read();
    status = next.status();
    if (!status.ok() || !*next) break;
    part.Take(**next);
    status = co_await part.Pause();
  }
  if (status.ok()) status = OutcomeOf(part.plan());
  status = part.End(std::move(status));
  if (!status.ok()) co_return status;
  co_return part.Reply(0);
}

// A reply for each request while there are any, the rest when the requests have ended.
Awaitable<absl::Status> CountedService::Both(runnel::ServerContext& context,
                                             runnel::Reader<Item>& in, runnel::Writer<Item>& out) {
  Part part(*this, context);
  absl::Status status;
  bool reading = true;
  size_t written = 0;
  while (status.ok() && (reading || written < part.plan().down.size())) {
    if (reading) {
      absl::StatusOr<std::optional<Item>> next = co_await in.Read();
      status = next.status();
      if (!status.ok()) break;
      reading = next->has_value();
      if (reading) part.Take(**next);
    }
    if (written == part.plan().down.size()) continue;
    const Item reply = part.Reply(written++);
    status = co_await out.Write(reply);
    if (status.ok()) status = co_await part.Pause();
  }
  if (status.ok()) status = OutcomeOf(part.plan());
  co_return part.End(std::move(status));
}

}  // namespace fault
