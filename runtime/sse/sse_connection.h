// SseConnection is a server's end of a channel with one client of Dart's package:sse: strings both
// ways, over any number of streams of that client, one after the other. An SseHandler makes them.

#ifndef RUNNEL_RUNTIME_SSE_SSE_CONNECTION_H_
#define RUNNEL_RUNTIME_SSE_SSE_CONNECTION_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/http/http_headers.h"
#include "runtime/sse/string_channel.h"

namespace runnel {

class SseConnectionState;

// Use it from any thread. The handler's loop outlives it; the handler need not.
class SseConnection final : public StringChannel {
 public:
  explicit SseConnection(std::shared_ptr<SseConnectionState> state);
  // Ends as Disconnect does.
  ~SseConnection() override;
  SseConnection(const SseConnection&) = delete;
  SseConnection& operator=(const SseConnection&) = delete;

  // As StringChannel has it, in the order in which the client sent. Goes on after the client has
  // left, with what was on its way. DATA_LOSS when a message is missing (gap_timeout), or messages
  // to the client are; RESOURCE_EXHAUSTED when the client is over a limit. The client is told to
  // close then.
  Awaitable<absl::StatusOr<std::optional<std::string>>> Read() override;
  Awaitable<absl::Status> Send(std::string text) override;

  // Tells the client to close, behind what was sent: it does not come back. What it sends is not
  // read any more.
  void Close() override;
  // Ends the stream, behind what was sent. The client comes back, to a new connection. (Dart's
  // `sink.close()`.)
  void Disconnect();

  // Returns when the client has gone, or the connection was closed or has failed. CANCELLED when
  // the awaiting coroutine is.
  Awaitable<absl::Status> WaitUntilClosed();

  bool is_closed() const;
  // Whether the client is away, and may come back (SseHandlerOptions::keep_alive).
  bool is_in_keep_alive_period() const;

  // What the client calls itself: "<debug key>-<random>", or only the latter. Nobody has checked
  // it.
  const std::string& client_id() const;
  // Of the request that began the connection: its headers, where it came from, and who made it,
  // where a Server has asked (ServerOptions::authenticate).
  const HttpHeaders& headers() const;
  const std::string& peer() const;
  const std::string& principal() const;

 private:
  std::shared_ptr<SseConnectionState> state_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SSE_SSE_CONNECTION_H_
