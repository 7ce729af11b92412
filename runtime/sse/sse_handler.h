// SseHandler serves clients of Dart's package:sse, versions 4.1 and 4.2: a stream of events down,
// POSTs up, and on top of them a channel of strings with each client. (TypedChannel makes it one of
// messages.)
//
//   runnel::IoThread io;
//   runnel::SseHandler handler(io.executor());
//   runnel::Server server(options);
//   absl::Status status = server.AddHandler("/chat", handler);
//   …
//   absl::StatusOr<std::unique_ptr<runnel::SseConnection>> connection =
//       co_await handler.Accept();  // nullptr: it was shut down
//   absl::Status sent = co_await (*connection)->Send("hello");
//
// It writes what Dart's own handler writes, and ids beside, so that nothing is lost when a
// connection dies: a browser says which it had last. It answers as that does, and is stricter with
// what would go wrong silently there. Messages that come twice are dropped; one that is lost ends
// the connection, loudly; those that a client had queued when it left are read; the numbers of a
// client go on when it comes back; Close makes it stay away.

#ifndef RUNNEL_RUNTIME_SSE_SSE_HANDLER_H_
#define RUNNEL_RUNTIME_SSE_SSE_HANDLER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/http/http_message.h"
#include "runtime/server/mounted_handler.h"
#include "runtime/server/origin_rules.h"
#include "runtime/sse/sse_connection.h"
#include "runtime/sse/sse_options.h"

namespace runnel {

class SseClients;

// Everything happens on `executor`'s loop, which must run on one thread, and outlive the handler
// and its connections; what serves it may be on others. Its methods may be called on any thread.
// Outlives the server that it is mounted on.
//
// Origins. Dart's handler lets the pages of every site in, with their users' cookies. Here nobody
// gets in but the server's own pages, until `allowed_origins` names more; Dart's client then wants
// `allow_credentials` too, for it always asks with cookies. On a Server that is said with
// ServerOptions::origins, by itself with SseHandlerOptions::origins.
class SseHandler final : public HttpHandler, public MountedHandler {
 public:
  explicit SseHandler(Executor executor, SseHandlerOptions options = {});
  // Ends as Shutdown does.
  ~SseHandler() override;
  SseHandler(const SseHandler&) = delete;
  SseHandler& operator=(const SseHandler&) = delete;

  // The next client that connects; those that nobody has asked for yet wait. Null after Shutdown.
  // CANCELLED when the awaiting coroutine is.
  Awaitable<absl::StatusOr<std::unique_ptr<SseConnection>>> Accept();

  // Connections, those whose client is away too.
  size_t number_of_clients() const;

  // Ends all connections at once, and takes no more. Clients are not told to stay away: they come
  // to the server that follows, if one does.
  void Shutdown();

  // Mounted on a Server, which has asked for the origin, and who calls.
  Awaitable<HttpResponse> Handle(HttpRequest request, std::string principal) override;
  // By itself, as an HttpServer has it: on every path.
  Awaitable<HttpResponse> Handle(HttpRequest request) override;

 private:
  class StreamBody;

  Awaitable<HttpResponse> OpenStream(HttpRequest request, std::string principal);
  Awaitable<HttpResponse> TakeMessage(HttpRequest request, std::string principal);

  const Executor executor_;
  const size_t max_message_bytes_;
  const OriginRules origins_;
  std::shared_ptr<SseClients> clients_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SSE_SSE_HANDLER_H_
