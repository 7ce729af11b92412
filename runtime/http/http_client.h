// TcpHttpClient is an HttpClient over TCP, with TLS for https, and with connections that are kept
// for the next request.

#ifndef RUNNEL_RUNTIME_HTTP_HTTP_CLIENT_H_
#define RUNNEL_RUNTIME_HTTP_HTTP_CLIENT_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/core/limits.h"
#include "runtime/http/http_message.h"
#include "runtime/http/tls_options.h"

namespace runnel {

struct HttpClientOptions {
  Limits limits;           // max_header_bytes and max_header_fields, of responses
  Clock* clock = nullptr;  // Clock::Real() where not set
  absl::Duration connect_timeout = absl::Seconds(10);
  // Connections that no request uses: so many are kept, for so long (less than servers do). A
  // program that has more calls under way than these connects anew for the others, again and again.
  size_t max_idle_connections = 256;
  absl::Duration idle_timeout = absl::Seconds(60);
  TlsClientOptions tls;  // for https
};

// Lives on its executor's loop. Exchanges that are under way outlive it.
class TcpHttpClient final : public HttpClient {
 public:
  // A client of "http://host[:port][/path]", or https; the path goes before every request's target.
  // Does not connect yet. INVALID_ARGUMENT says what is wrong with `url`, or with a file of
  // `options.tls`.
  static absl::StatusOr<std::unique_ptr<TcpHttpClient>> Create(Executor executor,
                                                               std::string_view url,
                                                               HttpClientOptions options = {});
  ~TcpHttpClient() override;

  // An idempotent request whose kept connection turns out to be closed is sent once more on a new
  // one, where nothing of a response had arrived and its body can be sent again (null or
  // StringBody). RESOURCE_EXHAUSTED when the response's head is over a limit.
  Awaitable<absl::StatusOr<HttpResponse>> Send(HttpRequest request) override;

  size_t idle_connections() const;

 private:
  struct State;
  explicit TcpHttpClient(std::shared_ptr<State> state);
  static Awaitable<absl::StatusOr<HttpResponse>> SendOn(std::shared_ptr<State> state,
                                                        HttpRequest request);

  std::shared_ptr<State> state_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_HTTP_CLIENT_H_
