// InProcessHttp joins an HTTP client to an HTTP handler without a network between them, for
// tests that want everything else to be real.

#ifndef RUNNEL_RUNTIME_TESTING_IN_PROCESS_HTTP_H_
#define RUNNEL_RUNTIME_TESTING_IN_PROCESS_HTTP_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "runtime/async/awaitable.h"
#include "runtime/http/http_message.h"

namespace runnel {

// Where to cut an exchange. The bytes up to there still arrive; then either side sees what it
// would see of a connection that broke (UNAVAILABLE at the client, cancellation at the handler).
struct InProcessCut {
  std::optional<uint64_t> request_bytes;   // of the body; 0: the handler never sees the request
  std::optional<uint64_t> response_bytes;  // of the body; 0: the handler ran, its answer is lost
};

// Lives on one loop, with its handler. Exchanges that are under way outlive it.
//
// Bodies are pulled through one piece at a time, a piece ahead of the reader, as a very small
// network would.
class InProcessHttp final : public HttpClient {
 public:
  InProcessHttp(Executor executor, HttpHandler& handler);
  ~InProcessHttp() override;

  Awaitable<absl::StatusOr<HttpResponse>> Send(HttpRequest request) override;

  // Cuts the next exchange that begins.
  void CutNext(InProcessCut cut) { next_cut_ = cut; }
  // Cuts every exchange that is under way.
  void CutAll();

  size_t requests() const { return requests_; }
  // Exchanges of which the handler, or a body, still runs.
  size_t open_exchanges() const;

 private:
  struct Exchange;
  struct Exchanges;
  class PipeBody;

  const Executor executor_;
  HttpHandler& handler_;
  const std::shared_ptr<Exchanges> exchanges_;
  InProcessCut next_cut_;
  size_t requests_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_TESTING_IN_PROCESS_HTTP_H_
