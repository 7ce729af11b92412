// The seam between Runnel and HTTP: a handler turns requests into responses, a client sends
// requests and brings responses. They mirror each other, so a pair of them can be joined
// inside one process (testing/in_process_http.h) and every test can run without a network.

#ifndef RUNNEL_RUNTIME_HTTP_HTTP_MESSAGE_H_
#define RUNNEL_RUNTIME_HTTP_HTTP_MESSAGE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/http/http_body.h"
#include "runtime/http/http_headers.h"
#include "runtime/http/peer_certificate.h"

namespace runnel {

struct HttpRequest {
  std::string method = "POST";
  std::string target = "/";  // path and query, as on the wire
  int version = 11;          // 10 or 11; 11 on requests that are sent
  HttpHeaders headers;       // without the framing fields, which follow from `body`
  std::unique_ptr<HttpBody> body;
  // Whether it does no harm to process it twice: then a client may send it again where nobody knows
  // what became of the first one (RFC 9110 section 9.2.2).
  bool idempotent = false;
  // On requests that were received:
  std::string peer;                                         // "127.0.0.1:53122"
  std::shared_ptr<const PeerCertificate> peer_certificate;  // where TLS has verified one
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers;  // as above
  std::unique_ptr<HttpBody> body;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  // Answers one request. Runs on the loop of the connection, concurrently with other requests.
  // When the peer goes away before the answer the coroutine is cancelled; afterwards the
  // response's body is destroyed. Request body and response body may be used at the same
  // time. The handler outlives every exchange.
  virtual Awaitable<HttpResponse> Handle(HttpRequest request) = 0;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Sends a request to the peer this client stands for and returns when the response's head is
  // there. UNAVAILABLE when the peer cannot be reached (then IsNotSent) or vanishes before; the
  // message says which address and why. Cancelling the coroutine abandons the exchange. May be
  // called any number of times at once, on the client's loop.
  virtual Awaitable<absl::StatusOr<HttpResponse>> Send(HttpRequest request) = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_HTTP_MESSAGE_H_
