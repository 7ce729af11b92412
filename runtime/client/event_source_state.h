// What goes on in an EventSource: attempts, pauses, and the body that is being read.

#ifndef RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_STATE_H_
#define RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_STATE_H_

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/async/interruptible.h"
#include "runtime/client/event_source.h"
#include "runtime/client/event_source_decoder.h"
#include "runtime/client/event_source_request.h"
#include "runtime/http/http_message.h"

namespace runnel {

struct EventSource::State {
  State(Executor e, std::string_view url, EventSourceOptions o);

  // All on the loop from here on.
  static Awaitable<absl::StatusOr<std::optional<SourceEvent>>> Read(std::shared_ptr<State> self);
  static Awaitable<absl::StatusOr<bool>> Open(std::shared_ptr<State> self);
  Awaitable<absl::StatusOr<std::optional<SourceEvent>>> ReadNext();
  // One attempt, after the pause there may be before it. An error: the awaiting coroutine was
  // cancelled. Whatever else comes of it is the state.
  Awaitable<absl::Status> Attempt();
  Awaitable<void> TakeResponse(HttpResponse response, EventSourceDestination where);
  // As `co_await task`, which Close and the timeout interrupt.
  template <typename T>
  Awaitable<T> Timed(absl::Duration timeout, Awaitable<T> task);

  void Learn();
  void BodyEnded();
  // The connection is gone, or there never was one.
  void Drop(absl::Status reason);
  void Refuse(absl::Status reason, absl::Duration at_least);
  void Wait(absl::Status reason, int failures, absl::Duration at_least);
  void Close(absl::Status reason);
  void Disconnect();
  absl::StatusOr<std::optional<SourceEvent>> Ending() const;
  void Publish(EventSourceState state, absl::Status reason = absl::OkStatus());

  const Executor executor;
  const EventSourceOptions options;
  Clock& clock;
  EventSourceDestination destination;
  EventSourceRequests requests;
  Interruptible operation;
  bool reading = false;
  std::unique_ptr<HttpBody> body;  // while it is open
  std::optional<EventSourceDecoder> decoder;
  int drops = 0;     // in a row
  int refusals = 0;  // likewise
  bool waiting = false;
  absl::Time retry_time;
  std::optional<absl::Status> closed;

  mutable std::mutex mutex;  // of what others look at:
  EventSourceStatus status;
  std::string last_event_id;
  absl::Duration reconnection_time;
  std::string shown_url;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_STATE_H_
