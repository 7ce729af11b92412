// The requests of an EventSource: where they go, and what is in them.

#ifndef RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_REQUEST_H_
#define RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_REQUEST_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/client/event_source_options.h"
#include "runtime/client/event_source_url.h"
#include "runtime/http/http_message.h"

namespace runnel {

// Where an attempt goes; redirects change it.
struct EventSourceDestination {
  EventSourceUrl url;
  std::string method;
  bool has_body = false;
};

// Where a redirect leads. UNKNOWN where that is nowhere, PERMISSION_DENIED from https to http.
absl::Status FollowRedirect(const HttpResponse& response, EventSourceDestination& where);

// Lives on the loop of its source, which keeps the options.
class EventSourceRequests {
 public:
  EventSourceRequests(Executor executor, const EventSourceOptions& options, Clock& clock)
      : executor_(std::move(executor)), options_(options), clock_(clock) {}

  // Of the URL that the program gave: credentials go there alone.
  void set_origin(std::string origin) { origin_ = std::move(origin); }

  // What comes of one request. Whatever else it needs must last until then.
  Awaitable<absl::StatusOr<HttpResponse>> Send(EventSourceDestination where,
                                               std::string last_event_id);

 private:
  absl::StatusOr<HttpRequest> New(const EventSourceDestination& where,
                                  const std::string& last_event_id) const;
  absl::StatusOr<std::shared_ptr<HttpClient>> ClientOf(const std::string& origin);

  const Executor executor_;
  const EventSourceOptions& options_;
  Clock& clock_;
  std::string origin_;
  std::string client_origin_;
  std::shared_ptr<HttpClient> client_;  // of the newest request
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_REQUEST_H_
