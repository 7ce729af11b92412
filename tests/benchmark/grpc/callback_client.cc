#include <condition_variable>
#include <mutex>
#include <optional>

#include "tests/benchmark/grpc/client.h"
#include "tests/benchmark/measurement.h"
#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

// One plan. The callbacks come on threads of gRPC, so all of it is guarded by `mutex`.
class Run {
 public:
  explicit Run(const Plan& plan) : measurement_(plan) {}

  // A loop begins its next call, unless it is over.
  std::optional<int64_t> Begin() {
    std::lock_guard lock(mutex_);
    if (measurement_.over() || !failed_.ok()) return std::nullopt;
    return begun_++;
  }
  void AddCall(Measurement::Clock::time_point begin, const absl::Status& status) {
    std::lock_guard lock(mutex_);
    if (failed_.ok()) failed_ = status;
    measurement_.AddCall(begin);
  }
  // Of a stream, whose messages come one after the other.
  void Add() { measurement_.Add(); }

  void Started() {
    std::lock_guard lock(mutex_);
    ++running_;
  }
  void Ended(const absl::Status& status) {
    std::lock_guard lock(mutex_);
    if (failed_.ok()) failed_ = status;
    if (--running_ == 0) ended_.notify_one();
  }
  absl::StatusOr<std::string> Finish() {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return running_ == 0; });
    if (!failed_.ok()) return failed_;
    return measurement_.Finish();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  Measurement measurement_;
  int running_ = 0;
  int64_t begun_ = 0;
  absl::Status failed_;
};

// One call after the other. Deletes itself.
class Caller {
 public:
  Caller(const Plan& plan, Ticks::Stub& stub, Run& run)
      : stub_(stub),
        run_(run),
        payload_bytes_(plan.payload_bytes),
        tick_(MakeTick(payload_bytes_)) {
    run_.Started();
    Call();
  }

 private:
  void Call() {
    const std::optional<int64_t> sequence = run_.Begin();
    if (!sequence) {
      run_.Ended(absl::OkStatus());
      delete this;
      return;
    }
    SetSequence(tick_, *sequence);
    begin_ = Measurement::Clock::now();
    context_.emplace();
    stub_.async()->Echo(&*context_, &tick_, &answer_, [this, sequence](const grpc::Status& status) {
      run_.AddCall(begin_,
                   status.ok() ? CheckTick(answer_, *sequence, payload_bytes_) : FromGrpc(status));
      Call();
    });
  }

  Ticks::Stub& stub_;
  Run& run_;
  const int payload_bytes_;
  Tick tick_;
  Tick answer_;
  std::optional<grpc::ClientContext> context_;
  Measurement::Clock::time_point begin_;
};

class StreamReader final : public grpc::ClientReadReactor<Tick> {
 public:
  StreamReader(const Plan& plan, Ticks::Stub& stub, Run& run)
      : run_(run), payload_bytes_(plan.payload_bytes), request_(MakeWatchRequest(plan)) {
    run_.Started();
    stub.async()->Watch(&context_, &request_, this);
    StartRead(&tick_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    failed_ = CheckTick(tick_, received_, payload_bytes_);
    if (!failed_.ok()) return context_.TryCancel();
    ++received_;
    run_.Add();
    StartRead(&tick_);
  }
  void OnDone(const grpc::Status& status) override {
    if (failed_.ok()) failed_ = status.ok() ? CheckSent(context_, received_) : FromGrpc(status);
    run_.Ended(failed_);
    delete this;
  }

 private:
  Run& run_;
  const int payload_bytes_;
  const WatchRequest request_;
  grpc::ClientContext context_;
  Tick tick_;
  int64_t received_ = 0;
  absl::Status failed_;
};

class Pinger final : public grpc::ClientBidiReactor<Tick, Tick> {
 public:
  Pinger(const Plan& plan, Ticks::Stub& stub, Run& run)
      : run_(run), payload_bytes_(plan.payload_bytes), tick_(MakeTick(payload_bytes_)) {
    run_.Started();
    stub.async()->Ping(&context_, this);
    Ping();
    StartCall();
  }

  void OnWriteDone(bool ok) override {
    if (ok) StartRead(&answer_);
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    const absl::Status checked = CheckTick(answer_, *sequence_, payload_bytes_);
    run_.AddCall(begin_, checked);
    Ping();
  }
  void OnDone(const grpc::Status& status) override {
    run_.Ended(FromGrpc(status));
    delete this;
  }

 private:
  void Ping() {
    sequence_ = run_.Begin();
    if (!sequence_) return StartWritesDone();
    SetSequence(tick_, *sequence_);
    begin_ = Measurement::Clock::now();
    StartWrite(&tick_);
  }

  Run& run_;
  const int payload_bytes_;
  grpc::ClientContext context_;
  Tick tick_;
  Tick answer_;
  std::optional<int64_t> sequence_;
  Measurement::Clock::time_point begin_;
};

}  // namespace

absl::StatusOr<std::string> MeasureByCallbacks(const Plan& plan, Ticks::Stub& stub) {
  Run run(plan);
  if (plan.workload == Plan::Workload::kStream) {
    new StreamReader(plan, stub, run);
  } else if (plan.workload == Plan::Workload::kPing) {
    new Pinger(plan, stub, run);
  } else {
    for (int i = 0; i < plan.outstanding; ++i) new Caller(plan, stub, run);
  }
  return run.Finish();
}

}  // namespace runnel::benchmark
