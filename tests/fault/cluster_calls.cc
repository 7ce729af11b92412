#include "tests/fault/cluster_calls.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/async/task_group.h"
#include "runtime/client/channel.h"
#include "tests/fault/cluster_node.h"

namespace fault {

using runnel::Awaitable;

void SeenCall::Take(const Item& item, Direction direction) {
  if (!fault.empty()) return;
  const std::string& payload = item.payload();
  if (item.index() != next || payload != PayloadOf(call, direction, next, payload.size())) {
    fault = absl::StrCat("message ", next, " came as ", item.index());
    bad = item.index() < next   ? CallResult::kDoubled
          : item.index() > next ? CallResult::kLost
                                : CallResult::kReordered;
  }
  ++next;
}

namespace {

runnel::CallOptions OptionsOf(size_t call) {
  runnel::CallOptions options;
  options.metadata.Add(kCallKey, std::to_string(call));
  options.wait_for_ready = true;
  return options;
}

void End(SeenCall& seen, absl::Status status) {
  seen.status = std::move(status);
  seen.ended_at = absl::Now();
  seen.ended = true;
}

Awaitable<void> WriteAll(runnel::ClientStream<Item, Item>& stream, size_t call,
                         ClusterCallPlan plan) {
  for (uint32_t i = 0; i < plan.messages; ++i) {
    Item item;
    item.set_index(i);
    item.set_payload(PayloadOf(call, Direction::kUp, i, plan.bytes));
    const absl::Status written = co_await stream.Write(item);
    if (!written.ok()) co_return;  // reading tells why
    const absl::Status slept = co_await SleepFor(runnel::Clock::Real(), plan.pause);
    if (!slept.ok()) co_return;
  }
  const absl::Status done = co_await stream.WritesDone();
  done.IgnoreError();
}

template <typename Stream>
Awaitable<absl::Status> ReadAllOf(Stream& stream, SeenCall& seen, Direction direction) {
  while (true) {
    absl::StatusOr<std::optional<Item>> item = co_await stream.Read();
    if (seen.node.empty()) {
      seen.node = std::string(stream.initial_metadata().Get(kNodeKey).value_or(""));
    }
    if (!item.ok()) co_return item.status();
    if (!*item) co_return absl::OkStatus();
    seen.Take(**item, direction);
  }
}

}  // namespace

Awaitable<void> MakeClusterCall(Counted::Stub& stub, ClusterCallPlan plan, SeenCall& seen) {
  const runnel::Executor executor = co_await runnel::asio::this_coro::executor;
  const absl::Status slept = co_await SleepFor(runnel::Clock::Real(), plan.start);
  if (!slept.ok()) co_return;
  runnel::CallOptions options = OptionsOf(seen.call);
  seen.count = plan.messages;
  if (plan.kind == ClusterCallPlan::Kind::kUnary) {
    Item request;
    request.set_payload(PayloadOf(seen.call, Direction::kUp, 0, plan.bytes));
    runnel::ResponseMetadata metadata;
    options.response_metadata = &metadata;
    absl::StatusOr<Item> reply = co_await stub.Unary(std::move(request), std::move(options));
    seen.node = std::string(metadata.initial.Get(kNodeKey).value_or(""));
    if (reply.ok()) seen.Take(*reply, Direction::kUp);
    End(seen, reply.status());
  } else if (plan.kind == ClusterCallPlan::Kind::kDown) {
    Item request;
    request.set_index(plan.messages);
    runnel::ClientReader<Item> stream = stub.Down(std::move(request), std::move(options));
    absl::Status status = co_await ReadAllOf(stream, seen, Direction::kDown);
    End(seen, std::move(status));
  } else {
    runnel::ClientStream<Item, Item> stream = stub.Both(std::move(options));
    runnel::TaskGroup writer(executor);
    writer.Spawn(WriteAll(stream, seen.call, plan));
    absl::Status status = co_await ReadAllOf(stream, seen, Direction::kUp);
    End(seen, status);
    if (!status.ok()) stream.Cancel();
    writer.Cancel();
    co_await writer.Join();
  }
}

}  // namespace fault
