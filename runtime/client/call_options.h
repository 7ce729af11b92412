// CallOptions say how one call is to be made. A value.

#ifndef RUNNEL_RUNTIME_CLIENT_CALL_OPTIONS_H_
#define RUNNEL_RUNTIME_CLIENT_CALL_OPTIONS_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "runtime/core/metadata.h"

namespace runnel {

// How a call travels (PROTOCOL.md): kDirect is one HTTP exchange of its own; kSession goes
// over the session that all calls to one server share and that survives lost connections.
// kAuto: unary calls directly, streams over the session where the server has sessions.
//
// A direct bidi stream is half-duplex: most servers answer over HTTP/1.1 when they have all
// requests. They also lose patience with a request body that says nothing for long (10 s,
// Limits::body_progress_timeout).
enum class Route { kAuto, kDirect, kSession };

// What a server sent beside its messages.
struct ResponseMetadata {
  Metadata initial;
  Metadata trailing;
};

struct CallOptions {
  // Declared so that nobody can write `co_await stub.Get(request, {.timeout = …})`, whose braces
  // g++ 12 moves byte by byte into the coroutine: name the options first.
  CallOptions() = default;

  Metadata metadata;
  // From the start of the call to its end, on both sides. The call ends DEADLINE_EXCEEDED.
  absl::Duration timeout = absl::InfiniteDuration();
  std::optional<Route> route;  // the channel's, where not set
  // Where no server can be reached: wait for one, until the timeout, instead of failing.
  bool wait_for_ready = false;
  // For direct calls of resumable methods: resume after this message (Last-Event-ID). Streams in
  // envelopes (Protocol::kConnect, requests that stream) have no event ids: INVALID_ARGUMENT there.
  std::string last_event_id;
  // For unary calls: filled before the call returns. Must outlive it. Streams have accessors.
  ResponseMetadata* response_metadata = nullptr;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_CALL_OPTIONS_H_
