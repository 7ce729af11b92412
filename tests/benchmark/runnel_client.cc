// The client of Runnel's benchmarks: carries out one plan (plan.h) and prints its figures. What
// arrives is checked; a wrong or missing message is an error, and no figure.

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runnel/client.h"
#include "runtime/async/task_group.h"
#include "tests/benchmark/measurement.h"
#include "tests/benchmark/plan.h"
#include "tests/benchmark/runnel_crowd.h"
#include "tests/benchmark/tick.runnel.h"
#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

// What the loops of one measurement of calls share.
struct Calls {
  const Plan& plan;
  Ticks::Stub& stub;
  Measurement measurement;
  int64_t begun = 0;
  absl::Status failed;
};

Awaitable<void> CallUntilOver(Calls& calls) {
  Tick tick = MakeTick(calls.plan.payload_bytes);
  while (!calls.measurement.over() && calls.failed.ok()) {
    const int64_t sequence = calls.begun++;
    SetSequence(tick, sequence);
    const Measurement::Clock::time_point begin = Measurement::Clock::now();
    absl::StatusOr<Tick> answer = co_await calls.stub.Echo(tick);
    absl::Status checked =
        answer.ok() ? CheckTick(*answer, sequence, calls.plan.payload_bytes) : answer.status();
    if (!checked.ok()) {
      if (calls.failed.ok()) calls.failed = std::move(checked);
      co_return;
    }
    calls.measurement.AddCall(begin);
  }
}

Awaitable<absl::StatusOr<std::string>> MeasureCalls(const Plan& plan, Ticks::Stub& stub,
                                                    Executor executor) {
  Calls calls{.plan = plan, .stub = stub, .measurement = Measurement(plan), .failed = {}};
  TaskGroup loops(executor);
  for (int i = 0; i < plan.outstanding; ++i) loops.Spawn(CallUntilOver(calls));
  co_await loops.Join();
  RUNNEL_CO_RETURN_IF_ERROR(calls.failed);
  co_return calls.measurement.Finish();
}

Awaitable<absl::StatusOr<std::string>> MeasureStream(const Plan& plan, Ticks::Stub& stub) {
  WatchRequest request;
  request.set_payload_bytes(plan.payload_bytes);
  request.set_messages(plan.messages);
  request.set_duration_ms(absl::ToInt64Milliseconds(plan.warm_up + plan.duration));
  Measurement measurement(plan);
  ClientReader<Tick> reader = stub.Watch(request);
  Tick tick;
  int64_t received = 0;
  while (true) {
    RUNNEL_CO_ASSIGN_OR_RETURN(bool more, co_await reader.ReadInto(tick));
    if (!more) break;
    RUNNEL_CO_RETURN_IF_ERROR(CheckTick(tick, received, plan.payload_bytes));
    ++received;
    measurement.Add();
  }
  absl::StatusOr<std::string> figures = measurement.Finish();
  const Metadata trailers = reader.trailing_metadata();
  const std::string sent(trailers.Get("sent").value_or(""));
  if (sent != std::to_string(received)) {
    co_return absl::DataLossError(
        absl::StrCat("received ", received, " messages; the server says it sent \"", sent, "\""));
  }
  co_return figures;
}

Awaitable<absl::StatusOr<std::string>> MeasurePings(const Plan& plan, Ticks::Stub& stub) {
  Tick tick = MakeTick(plan.payload_bytes);
  Tick answer;
  Measurement measurement(plan);
  ClientStream<Tick, Tick> stream = stub.Ping();
  for (int64_t sequence = 0; !measurement.over(); ++sequence) {
    SetSequence(tick, sequence);
    const Measurement::Clock::time_point begin = Measurement::Clock::now();
    RUNNEL_CO_RETURN_IF_ERROR(co_await stream.Write(tick));
    RUNNEL_CO_ASSIGN_OR_RETURN(const bool more, co_await stream.ReadInto(answer));
    if (!more) co_return absl::DataLossError("the stream ended before the client did");
    RUNNEL_CO_RETURN_IF_ERROR(CheckTick(answer, sequence, plan.payload_bytes));
    measurement.AddCall(begin);
  }
  co_return measurement.Finish();
}

absl::StatusOr<std::string> Measure(const Plan& plan, IoThread& io) {
  ChannelOptions options;
  options.codec = plan.codec == "json" ? Codec::kJson : Codec::kProto;
  options.route = plan.route == "session" ? Route::kSession : Route::kDirect;
  options.tls.ca_file = plan.ca_file;
  options.limits.max_calls_per_session = 100'000;
  Ticks::Stub stub(Channel::Connect(io.executor(), plan.server, options));
  switch (plan.workload) {
    case Plan::Workload::kUnary:
      return io.BlockOn(MeasureCalls(plan, stub, io.executor()));
    case Plan::Workload::kStream:
      return io.BlockOn(MeasureStream(plan, stub));
    case Plan::Workload::kPing:
      return io.BlockOn(MeasurePings(plan, stub));
    case Plan::Workload::kCrowd:
      return MeasureCrowd(plan, options, io);
  }
  return absl::InternalError("no such workload");
}

int Main(int argc, char** argv) {
  absl::StatusOr<Plan> plan = ParsePlan(argc, argv);
  if (!plan.ok()) {
    std::cerr << plan.status().message() << "\n";
    return 2;
  }
  IoThread io;
  absl::StatusOr<std::string> figures = Measure(*plan, io);
  if (!figures.ok()) {
    std::cerr << figures.status() << "\n";
    std::_Exit(1);
  }
  std::cout << *figures << std::endl;
  // Without closing a crowd's streams one after the other.
  std::_Exit(0);
}

}  // namespace
}  // namespace runnel::benchmark

int main(int argc, char** argv) { return runnel::benchmark::Main(argc, argv); }
