#include "tests/fault/caller.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "tests/fault/counted_service.h"

namespace fault {

using runnel::Awaitable;
using runnel::CallKind;

Caller::Caller(runnel::Executor executor, v1::Counted::Stub& stub, const Traffic& traffic,
               runnel::Clock& clock, Transcript& transcript)
    : executor_(executor),
      stub_(stub),
      traffic_(traffic),
      clock_(clock),
      transcript_(transcript),
      tasks_(executor) {}

void Caller::Start() {
  for (size_t i = 0; i < traffic_.calls.size(); ++i) tasks_.Spawn(Make(*this, i));
}

Awaitable<void> Caller::Make(Caller& self, size_t call) {
  const CallPlan& plan = self.traffic_.calls[call];
  co_await self.Pause(plan.start);
  if (self.cancelled_) co_return;
  Observation& seen = self.transcript_[call];
  ++seen.started;
  seen.started_at = self.clock_.Now();
  absl::Status status;
  switch (plan.kind) {
    case CallKind::kUnary:
      status = co_await self.Unary(call);
      break;
    case CallKind::kServerStream:
      status = co_await self.Down(call);
      break;
    case CallKind::kClientStream:
      status = co_await self.Up(call);
      break;
    case CallKind::kBidi:
      status = co_await self.Both(call);
      break;
  }
  seen.ended = std::move(status);
  seen.ended_at = std::min(seen.ended_at, self.clock_.Now());
}

Awaitable<absl::Status> Caller::Unary(size_t call) {
  v1::Item request = ItemOfCall(call, 0);
  runnel::CallOptions options = OptionsOf(call);
  absl::StatusOr<v1::Item> reply = co_await stub_.Unary(std::move(request), std::move(options));
  if (!reply.ok()) co_return reply.status();
  Take(call, *reply);
  co_return absl::OkStatus();
}

Awaitable<absl::Status> Caller::Down(size_t call) {
  runnel::ClientReader<v1::Item> stream = stub_.Down(ItemOfCall(call, 0), OptionsOf(call));
  co_return co_await ReadAll(stream, call);
}

Awaitable<absl::Status> Caller::Up(size_t call) {
  runnel::ClientWriter<v1::Item, v1::Item> stream = stub_.Up(OptionsOf(call));
  co_await WriteAll(stream, call);
  absl::StatusOr<v1::Item> reply = co_await stream.Finish();
  if (!reply.ok()) co_return reply.status();
  Take(call, *reply);
  co_return absl::OkStatus();
}

Awaitable<absl::Status> Caller::Both(size_t call) {
  runnel::ClientStream<v1::Item, v1::Item> stream = stub_.Both(OptionsOf(call));
  runnel::TaskGroup writer(executor_);
  writer.Spawn(WriteAndClose(*this, stream, call));
  absl::Status status = co_await ReadAll(stream, call);
  // A writer that pauses hears of it later.
  transcript_[call].ended_at = clock_.Now();
  if (!status.ok()) stream.Cancel();
  co_await writer.Join();
  co_return status;
}

template <typename Stream>
Awaitable<absl::Status> Caller::ReadAll(Stream& stream, size_t call) {
  for (;;) {
    absl::StatusOr<std::optional<v1::Item>> item = co_await stream.Read();
    if (!item.ok()) co_return item.status();
    if (!*item) co_return absl::OkStatus();
    Take(call, **item);
    co_await Pause(traffic_.calls[call].pause_read);
  }
}

template <typename Stream>
Awaitable<void> Caller::WriteAll(Stream& stream, size_t call) {
  const CallPlan& plan = traffic_.calls[call];
  for (size_t i = 0; i < plan.up.size(); ++i) {
    if (i > 0) co_await Pause(plan.pause_up);
    const v1::Item item = ItemOfCall(call, i);
    const absl::Status written = co_await stream.Write(item);
    if (!written.ok()) co_return;  // reading tells why
  }
}

template <typename Stream>
Awaitable<void> Caller::WriteAndClose(Caller& self, Stream& stream, size_t call) {
  co_await self.WriteAll(stream, call);
  const absl::Status done = co_await stream.WritesDone();
  done.IgnoreError();  // reading tells
}

Awaitable<void> Caller::Pause(absl::Duration pause) {
  if (pause == absl::ZeroDuration()) co_return;
  const absl::Status slept = co_await SleepFor(clock_, pause);
  slept.IgnoreError();
}

runnel::CallOptions Caller::OptionsOf(size_t call) const {
  runnel::CallOptions options;
  options.metadata.Add(kCallKey, std::to_string(call));
  // A server that refuses connections is waited for.
  options.wait_for_ready = true;
  return options;
}

v1::Item Caller::ItemOfCall(size_t call, size_t index) const {
  return ItemOf(call, Direction::kUp, index, traffic_.calls[call].up);
}

void Caller::Take(size_t call, const v1::Item& item) {
  transcript_[call].Take(call, Direction::kDown, traffic_.calls[call].down, item);
}

}  // namespace fault
