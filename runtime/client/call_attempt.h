// CallAttempt is one try at making a call, to one server by one route, on encoded messages. A
// call has more than one when the first is known to have come to nothing (retrying_call.h).

#ifndef RUNNEL_RUNTIME_CLIENT_CALL_ATTEMPT_H_
#define RUNNEL_RUNTIME_CLIENT_CALL_ATTEMPT_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/core/metadata.h"

namespace runnel {

// What an attempt is told of its call.
struct AttemptOptions {
  AttemptOptions() = default;  // no aggregate: see CallOptions

  Metadata metadata;
  absl::Time deadline = absl::InfiniteFuture();  // for the server; the call keeps its own clock
  std::string last_event_id;
};

// Lives on its channel's loop. One coroutine may send while another receives. Destroying it
// abandons it.
class CallAttempt {
 public:
  virtual ~CallAttempt() = default;

  // Sends a message, the last one of the call where `last` says so. Returns when there is room for
  // another.
  virtual Awaitable<absl::Status> Send(std::string message, bool last) = 0;
  // Whether there is room already. Then SendNow does the same without a coroutine.
  virtual bool MaySend() const { return false; }
  virtual void SendNow(std::string /*message*/, bool /*last*/) {}
  // No message follows. Not needed after one that was the last.
  virtual Awaitable<absl::Status> HalfClose() = 0;
  // The next message, valid until the next Receive. Nullopt, or an error: what the attempt ended
  // with.
  virtual Awaitable<absl::StatusOr<std::optional<std::string_view>>> Receive() = 0;
  // The same for a message that is here already. Nullopt says nothing: Receive tells.
  virtual std::optional<std::string_view> TryReceive() { return std::nullopt; }

  virtual const Metadata& initial_metadata() const = 0;
  virtual const Metadata& trailing_metadata() const = 0;

  // What it has ended with, if it has. An operation that fails while it has not was itself
  // cancelled.
  virtual const std::optional<absl::Status>& end() const = 0;
  // Whether the server has given a sign that it has taken the call.
  virtual bool accepted() const = 0;
  // When it has failed: whether the server is known not to have run the method.
  virtual bool never_ran() const = 0;

  // Ends it here with `status`, unless it has ended, and tells the server that nobody waits.
  virtual void Abandon(absl::Status status) = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_CALL_ATTEMPT_H_
