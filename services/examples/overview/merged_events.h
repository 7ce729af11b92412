// MergedEvents is where the streams of several servers meet: every source puts its events in, and
// one coroutine takes them out. It holds few of them, so that a client that reads slowly slows the
// sources, and so the servers behind them.

#ifndef SERVICES_EXAMPLES_OVERVIEW_MERGED_EVENTS_H_
#define SERVICES_EXAMPLES_OVERVIEW_MERGED_EVENTS_H_

#include <cstddef>
#include <deque>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runnel/async.h"
#include "runnel/server.h"
#include "services/examples/overview/overview.pb.h"

namespace examples::overview {

// Not thread-safe: everybody is on one loop.
class MergedEvents {
 public:
  explicit MergedEvents(size_t capacity) : capacity_(capacity) {}

  void AddSource() { ++sources_; }
  // Waits for room. CANCELLED when the caller is.
  runnel::Awaitable<absl::Status> Put(v1::OverviewEvent event);
  void EndSource();

  // The next event; nullopt when all sources have ended; CANCELLED when the caller is.
  runnel::Awaitable<absl::StatusOr<std::optional<v1::OverviewEvent>>> Take();

 private:
  const size_t capacity_;
  std::deque<v1::OverviewEvent> events_;
  int sources_ = 0;
  runnel::Signal arrived_;  // an event, or the end of a source
  runnel::Signal taken_;
};

}  // namespace examples::overview

#endif  // SERVICES_EXAMPLES_OVERVIEW_MERGED_EVENTS_H_
