// Samplers reads this machine's figures for everybody who watches them. There is one feed for each
// interval that somebody watches at: the machine is read, and a sample encoded, once for all of
// them.

#ifndef SERVICES_EXAMPLES_MONITOR_SAMPLERS_H_
#define SERVICES_EXAMPLES_MONITOR_SAMPLERS_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runnel/async.h"
#include "runnel/server.h"
#include "runnel/topic.h"
#include "services/examples/monitor/monitor.pb.h"
#include "services/examples/monitor/proc_reading.h"

namespace examples::monitor {

class Samplers {
 public:
  using Feed = runnel::Topic<v1::Sample>;

  // The machine is read on `loop`, and takes a moment of it.
  Samplers(runnel::Executor loop, runnel::Clock& clock, std::string proc);
  Samplers(const Samplers&) = delete;
  Samplers& operator=(const Samplers&) = delete;

  // The feed of samples that are each measured over `interval`: the next one so much from now, or
  // sooner if somebody watches it already. It goes on while somebody holds it. Thread-safe; blocks,
  // if only for a moment.
  absl::StatusOr<std::shared_ptr<Feed>> At(absl::Duration interval);

  // Takes the samples, on the loop, until it is cancelled.
  runnel::Awaitable<void> Run();

 private:
  struct Sampler {
    std::weak_ptr<Feed> feed;
    ProcReading before;
    absl::Time due;
  };

  absl::Time NextDue() const;
  void TakeThoseDue();
  void ForgetThoseNotWatched();

  const runnel::Executor loop_;
  runnel::Clock& clock_;
  const std::string proc_;
  runnel::Signal changed_;  // lives on loop_, as every Signal does on one

  mutable std::mutex mutex_;                    // guards what follows
  std::map<absl::Duration, Sampler> samplers_;  // by interval
};

}  // namespace examples::monitor

#endif  // SERVICES_EXAMPLES_MONITOR_SAMPLERS_H_
