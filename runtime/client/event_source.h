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

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/client/event_source_decoder.h"
#include "runtime/http/http_message.h"
#include "runtime/http/tls_options.h"

namespace runnel {

// When a stream is connected again. The pause is the reconnection time, which the stream may set
// (`retry:`), after the first failure, and grows from one failure in a row to the next.
struct EventSourceRetry {
  // Connections that failed and streams that were dropped before anything came on them: so many in
  // a row are the end. 0: none is, as in browsers.
  int max_drops = 0;
  // Responses that say that there is no stream are the end, as in browsers, but for these:
  bool server_errors = false;  // 500 to 599
  std::vector<int> statuses;   // others, such as 429
  // So many of them in a row are the end all the same. 0: none is. They say with Retry-After what
  // the pause is at least.
  int max_refusals = 5;
  double growth = 2;
  absl::Duration longest_pause = absl::Seconds(30);  // but not less than the reconnection time
  double jitter = 0.2;  // up to this part of the pause is added, at random
};

// What the end of a response's body means.
enum class EndOfBody {
  kReconnect,  // as in browsers: streams have no end
  kClose,      // it is the end of the stream; connections that break are still made again
};

struct EventSourceOptions {
  std::string method = "GET";
  std::string body;     // sent with every attempt
  HttpHeaders headers;  // "content-type" for the body, "accept" instead of text/event-stream, …
  // Asked for more headers before every request, on the source's loop: tokens that expire. Must not
  // block. An error closes the source, but UNAVAILABLE is tried again like a failed connection.
  std::function<absl::StatusOr<HttpHeaders>()> attempt_headers;
  std::string last_event_id;  // where to go on
  absl::Duration reconnection_time = absl::Seconds(3);
  EventSourceRetry retry;
  EndOfBody end_of_body = EndOfBody::kReconnect;
  // 301, 302, 303, 307 and 308; more in one attempt are a failed connection. What reconnects goes
  // where the redirects led. Neither `attempt_headers` nor the headers authorization,
  // proxy-authorization and cookie go to another origin, and https never leads to http.
  int max_redirects = 20;
  // A connection on which nothing comes for so long has failed. Longer than the server's heartbeat.
  absl::Duration read_timeout = absl::InfiniteDuration();
  absl::Duration connect_timeout = absl::Seconds(10);
  // Of an event, and of a line. More closes the source: it would come again.
  size_t max_event_bytes = 16 * 1024 * 1024;
  // Asks for compression. What comes compressed is decompressed in any case; a server, or a proxy,
  // that does not flush after every event makes compressed ones late.
  bool gzip = false;
  bool comments = false;  // Read returns comments too
  bool raw = false;       // SourceEvent::raw is filled
  TlsClientOptions tls;   // for https
  // Where HTTP clients of an origin ("https://example.com") come from: TcpHttpClient where not set.
  std::function<absl::StatusOr<std::shared_ptr<HttpClient>>(const std::string& origin)> http;
  Clock* clock = nullptr;  // Clock::Real() where not set
};

enum class EventSourceState { kConnecting, kOpen, kWaiting, kClosed };

struct EventSourceStatus {
  EventSourceStatus() = default;

  EventSourceState state = EventSourceState::kConnecting;
  // What the source waits or is closed for. Closed and OK: the server has no more.
  absl::Status reason;
  int http_status = 0;   // of the newest response, but for redirects; 0 before it
  absl::Duration delay;  // how long it waits altogether, and until when
  absl::Time retry_time;
};

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
