// ApiChannel is a client's way to an HTTP API that its .proto describes by options
// (proto/runnel/v1/options.proto), whoever serves it. The generated stub is the client:
//
//   runnel::IoThread io;
//   runnel::ApiChannelOptions options;
//   options.headers.Add("authorization", "Bearer " + key);
//   Completions::Stub api(
//       runnel::ApiChannel::Connect(io.executor(), "https://api.example.com", options));
//   auto chunks = api.Stream(request);
//   absl::StatusOr<std::optional<Chunk>> chunk = io.BlockOn(chunks.Read());

#ifndef RUNNEL_RUNTIME_CLIENT_API_CHANNEL_H_
#define RUNNEL_RUNTIME_CLIENT_API_CHANNEL_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/client/client_call.h"
#include "runtime/client/client_interceptor.h"
#include "runtime/client/event_source_options.h"
#include "runtime/client/retry_policy.h"
#include "runtime/core/limits.h"
#include "runtime/http/http_message.h"
#include "runtime/http/tls_options.h"

namespace runnel {

struct ApiChannelOptions {
  HttpHeaders headers;  // of every request
  // Asked for more headers before every request, on the channel's loop: keys that expire. Must not
  // block. An error is what the call ends with.
  std::function<absl::StatusOr<HttpHeaders>()> attempt_headers;
  // A call is made again after a response whose error has one of these codes, whatever the method,
  // but no sooner than its Retry-After says; after a connection that failed only for methods that
  // declare it harmless (idempotency_level), and where nothing was sent of a unary call. Never when
  // something has come of it.
  RetryPolicy retry;
  // Streams that are connected again when they are dropped, as browsers do: those of methods with
  // NO_SIDE_EFFECTS that are resumable, or that do not say when they end.
  EventSourceRetry reconnect;
  absl::Duration connect_timeout = absl::Seconds(10);
  // A stream on which nothing comes for so long, or a request without an answer, has failed.
  absl::Duration read_timeout = absl::InfiniteDuration();
  Limits limits;  // max_message_bytes, of an event too; max_json_depth; unknown_json
  // Applied in order: the first sees a call first.
  std::vector<std::shared_ptr<ClientInterceptor>> interceptors;
  TlsClientOptions tls;  // for https
  // Where HTTP clients of an origin ("https://example.com") come from: TcpHttpClient where not set.
  std::function<absl::StatusOr<std::shared_ptr<HttpClient>>(const std::string& origin)> http;
  Clock* clock = nullptr;  // Clock::Real() where not set
};

// Thread-safe. Calls and connections live on `executor`'s loop, which must run on one thread and
// outlive the channel.
//
// Errors are statuses whose message is what the server says, and whose ErrorInfo has its kind of
// error as the reason. Of CallOptions the metadata travel as headers; a route means nothing here.
// Calls of methods without (runnel.v1.http) fail (UNIMPLEMENTED).
class ApiChannel final : public ChannelInterface {
 public:
  // `url` is "https://host[:port][/path]"; its path goes before those of the methods. Connects when
  // the first call needs it; a URL, or a file of `options.tls`, that cannot be used is what every
  // call returns (INVALID_ARGUMENT).
  static std::shared_ptr<ApiChannel> Connect(Executor executor, std::string_view url,
                                             ApiChannelOptions options = {});
  ~ApiChannel() override;

  Executor executor() override;
  std::unique_ptr<ClientCall> NewCall(const MethodInfo& method, CallOptions options) override;

 private:
  struct State;
  explicit ApiChannel(std::shared_ptr<State> state);
  std::unique_ptr<ClientCall> Intercepted(size_t index, const MethodInfo& method,
                                          CallOptions options);

  std::shared_ptr<State> state_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_API_CHANNEL_H_
