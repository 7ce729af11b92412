// Caller is the client's end of a simulation: it makes the calls of the traffic and notes what
// comes of them.

#ifndef RUNNEL_TESTS_FAULT_CALLER_H_
#define RUNNEL_TESTS_FAULT_CALLER_H_

#include <cstddef>
#include <memory>

#include "runtime/async/clock.h"
#include "runtime/async/task_group.h"
#include "tests/fault/counted.runnel.h"
#include "tests/fault/traffic.h"
#include "tests/fault/transcript.h"

namespace fault {

// Lives on one loop, its stub's. What it refers to outlives it and its tasks.
class Caller {
 public:
  Caller(runnel::Executor executor, v1::Counted::Stub& stub, const Traffic& traffic,
         runnel::Clock& clock, Transcript& transcript);

  // Makes all calls, each at its time.
  void Start();
  // Gives up what has not ended. The tasks end later, on the loop.
  // Calls that have not begun never do: their stub may be gone.
  void Cancel() {
    cancelled_ = true;
    tasks_.Cancel();
  }
  // Calls that have not ended, those that have not begun included.
  size_t open() const { return tasks_.size(); }
  // Waits for the end of all, but no longer than until `deadline`. Whether it came.
  runnel::Awaitable<bool> JoinUntil(absl::Time deadline) {
    return tasks_.JoinUntil(clock_, deadline);
  }

 private:
  static runnel::Awaitable<void> Make(Caller& self, size_t call);
  runnel::Awaitable<absl::Status> Unary(size_t call);
  runnel::Awaitable<absl::Status> Down(size_t call);
  runnel::Awaitable<absl::Status> Up(size_t call);
  runnel::Awaitable<absl::Status> Both(size_t call);

  template <typename Stream>
  runnel::Awaitable<absl::Status> ReadAll(Stream& stream, size_t call);
  // Writes all messages, as far as it gets.
  template <typename Stream>
  runnel::Awaitable<void> WriteAll(Stream& stream, size_t call);
  template <typename Stream>
  static runnel::Awaitable<void> WriteAndClose(Caller& self, Stream& stream, size_t call);
  runnel::Awaitable<void> Pause(absl::Duration pause);

  runnel::CallOptions OptionsOf(size_t call) const;
  v1::Item ItemOfCall(size_t call, size_t index) const;
  void Take(size_t call, const v1::Item& item);

  const runnel::Executor executor_;
  v1::Counted::Stub& stub_;
  const Traffic& traffic_;
  runnel::Clock& clock_;
  Transcript& transcript_;
  bool cancelled_ = false;
  runnel::TaskGroup tasks_;
};

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_CALLER_H_
