// WatchedHttp passes the requests of an EventSource on and tells when a stream begins, and when one
// breaks or is not to be had: what browsers call the events "open" and "error".

#ifndef RUNNEL_RUNTIME_SSE_WATCHED_HTTP_H_
#define RUNNEL_RUNTIME_SSE_WATCHED_HTTP_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "runtime/http/http_message.h"

namespace runnel {

// What is told. Called on the client's loop, as long as a request or a body lives.
struct HttpWatch {
  std::function<void()> open;
  std::function<void(absl::Status why)> error;
};

class WatchedHttp final : public HttpClient {
 public:
  WatchedHttp(std::shared_ptr<HttpClient> http, std::shared_ptr<const HttpWatch> watch);

  Awaitable<absl::StatusOr<HttpResponse>> Send(HttpRequest request) override;

 private:
  const std::shared_ptr<HttpClient> http_;
  const std::shared_ptr<const HttpWatch> watch_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SSE_WATCHED_HTTP_H_
