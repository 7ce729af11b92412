// EventSource reads the event stream of any server, ours or anybody's, as browsers do (HTML Living
// Standard, section 9.2, "Server-sent events"), and with what a program needs beside: methods,
// headers, bodies, limits, and a say in what is tried again.
//
//   runnel::IoThread io;
//   runnel::EventSource source(io.executor(), "https://example.com/changes");
//   while (true) {
//     absl::StatusOr<std::optional<runnel::SourceEvent>> event = io.BlockOn(source.Read());
//     if (!event.ok()) return event.status();
//     if (!*event) break;  // the server has no more: HTTP status 204
//     Use((*event)->type, (*event)->data);
//   }

#ifndef RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_H_
#define RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/client/event_source_decoder.h"
#include "runtime/client/event_source_options.h"
#include "runtime/client/event_source_status.h"

namespace runnel {

// Lives on `executor`'s loop, which must run on one thread and outlive it; its methods may be
// called on any thread. Nothing happens, and nothing is received, but while somebody reads: a
// reader that is slow slows down the server.
class EventSource {
 public:
  // Does not connect yet. A URL that cannot be used is what Read returns (INVALID_ARGUMENT).
  EventSource(Executor executor, std::string_view url, EventSourceOptions options = {});
  // Closes it.
  ~EventSource();
  EventSource(const EventSource&) = delete;
  EventSource& operator=(const EventSource&) = delete;

  // Returns when the server has answered with a stream; false when it has no more (204, or the end
  // of the body with EndOfBody::kClose). Errors as with Read, which does this by itself.
  Awaitable<absl::StatusOr<bool>> Open();

  // The next event. Connects, waits, and connects again as need be. nullopt when the server has no
  // more; CANCELLED after Close; else why the source is closed. CANCELLED also when the awaiting
  // coroutine is: then the source is not closed, and the next Read connects again. One Read or Open
  // at a time (FAILED_PRECONDITION).
  Awaitable<absl::StatusOr<std::optional<SourceEvent>>> Read();

  // Ends the connection, and a Read that waits.
  void Close();

  Executor executor() const;
  EventSourceStatus status() const;
  // What the next attempt will announce as Last-Event-ID, if it is not empty and has no control
  // characters, which no header may have.
  std::string last_event_id() const;
  absl::Duration reconnection_time() const;
  // Where the stream is: the URL, or where redirects led.
  std::string url() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_H_
