#include <memory>
#include <utility>

#include "tests/benchmark/grpc/client.h"
#include "tests/benchmark/grpc/completion_queue.h"
#include "tests/benchmark/measurement.h"
#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

// One plan. Everything runs on the thread that runs the queue.
struct Run {
  const Plan& plan;
  Ticks::Stub& stub;
  grpc::CompletionQueue queue;
  Measurement measurement;
  int running = 0;  // coroutines
  int64_t begun = 0;
  absl::Status failed;

  void Fail(const absl::Status& status) {
    if (failed.ok()) failed = status;
  }
};

Task CallUntilOver(Run& run) {
  ++run.running;
  Tick tick = MakeTick(run.plan.payload_bytes);
  Tick answer;
  while (!run.measurement.over() && run.failed.ok()) {
    const int64_t sequence = run.begun++;
    SetSequence(tick, sequence);
    const Measurement::Clock::time_point begin = Measurement::Clock::now();
    grpc::ClientContext context;
    grpc::Status status;
    const auto call = run.stub.AsyncEcho(&context, tick, &run.queue);
    co_await Operation([&](void* tag) { call->Finish(&answer, &status, tag); });
    run.Fail(status.ok() ? CheckTick(answer, sequence, run.plan.payload_bytes) : FromGrpc(status));
    run.measurement.AddCall(begin);
  }
  --run.running;
}

Task ReadStream(Run& run) {
  ++run.running;
  grpc::ClientContext context;
  grpc::Status status;
  const WatchRequest request = MakeWatchRequest(run.plan);
  const auto stream = run.stub.PrepareAsyncWatch(&context, request, &run.queue);
  bool ok = co_await Operation([&](void* tag) { stream->StartCall(tag); });
  Tick tick;
  int64_t received = 0;
  while (ok && run.failed.ok()) {
    ok = co_await Operation([&](void* tag) { stream->Read(&tick, tag); });
    if (!ok) break;
    run.Fail(CheckTick(tick, received, run.plan.payload_bytes));
    ++received;
    run.measurement.Add();
  }
  if (!run.failed.ok()) context.TryCancel();
  co_await Operation([&](void* tag) { stream->Finish(&status, tag); });
  run.Fail(status.ok() ? CheckSent(context, received) : FromGrpc(status));
  --run.running;
}

Task PingUntilOver(Run& run) {
  ++run.running;
  grpc::ClientContext context;
  grpc::Status status;
  const auto stream = run.stub.PrepareAsyncPing(&context, &run.queue);
  bool ok = co_await Operation([&](void* tag) { stream->StartCall(tag); });
  Tick tick = MakeTick(run.plan.payload_bytes);
  Tick answer;
  for (int64_t sequence = 0; ok && run.failed.ok() && !run.measurement.over(); ++sequence) {
    SetSequence(tick, sequence);
    const Measurement::Clock::time_point begin = Measurement::Clock::now();
    ok = co_await Operation([&](void* tag) { stream->Write(tick, tag); });
    if (!ok) break;
    ok = co_await Operation([&](void* tag) { stream->Read(&answer, tag); });
    if (!ok) break;
    run.Fail(CheckTick(answer, sequence, run.plan.payload_bytes));
    run.measurement.AddCall(begin);
  }
  co_await Operation([&](void* tag) { stream->WritesDone(tag); });
  co_await Operation([&](void* tag) { stream->Finish(&status, tag); });
  run.Fail(FromGrpc(status));
  --run.running;
}

}  // namespace

absl::StatusOr<std::string> MeasureByQueue(const Plan& plan, Ticks::Stub& stub) {
  Run run{.plan = plan, .stub = stub, .queue = {}, .measurement = Measurement(plan), .failed = {}};
  if (plan.workload == Plan::Workload::kStream) {
    ReadStream(run);
  } else if (plan.workload == Plan::Workload::kPing) {
    PingUntilOver(run);
  } else {
    for (int i = 0; i < plan.outstanding; ++i) CallUntilOver(run);
  }
  RunUntil(run.queue, [&] { return run.running == 0; });
  absl::StatusOr<std::string> figures = run.measurement.Finish();
  run.queue.Shutdown();
  RunUntil(run.queue, [] { return false; });
  if (!run.failed.ok()) return run.failed;
  return figures;
}

}  // namespace runnel::benchmark
