// What an EventSource asks for, and how hard it tries.

#ifndef RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_OPTIONS_H_
#define RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_OPTIONS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/client/event_source_status.h"
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
  // It is the end of the stream; DATA_LOSS where it is compressed and not whole. Connections that
  // break are still made again.
  kClose,
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
  // Makes an error of a response that says that there is no stream, and of the beginning of its
  // body where that is text. Where it is not set, or says OK, the error tells the status and that
  // text.
  std::function<absl::Status(int http_status, const HttpHeaders& headers, std::string_view body)>
      refusal;
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
  // Called on the source's loop for every change of status(), in order and soon after it; the last
  // time, perhaps when the source is gone, with kClosed. Must not block.
  std::function<void(const EventSourceStatus&)> on_status;
  TlsClientOptions tls;  // for https
  // Where HTTP clients of an origin ("https://example.com") come from: TcpHttpClient where not set.
  std::function<absl::StatusOr<std::shared_ptr<HttpClient>>(const std::string& origin)> http;
  Clock* clock = nullptr;  // Clock::Real() where not set
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_OPTIONS_H_
