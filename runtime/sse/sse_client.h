// SseClient is the other end of package:sse's protocol: a channel of strings to a server that
// speaks it, Dart's `SseHandler` of versions 4.1 and 4.2, or ours.
//
//   runnel::IoThread io;
//   runnel::SseClient client(io.executor(), "http://127.0.0.1:8080/chat");
//   absl::Status sent = io.BlockOn(client.Send("hello"));
//   absl::StatusOr<std::optional<std::string>> answer = io.BlockOn(client.Read());

#ifndef RUNNEL_RUNTIME_SSE_SSE_CLIENT_H_
#define RUNNEL_RUNTIME_SSE_SSE_CLIENT_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/http/http_message.h"
#include "runtime/http/tls_options.h"
#include "runtime/sse/string_channel.h"

namespace runnel {

struct SseClientOptions {
  // Goes before the client's id, for people who read logs: [A-Za-z0-9._~-].
  std::string debug_key;
  HttpHeaders headers;  // of every request
  // Asked for more headers before every request, on the client's loop. Must not block.
  std::function<absl::StatusOr<HttpHeaders>()> attempt_headers;
  // How long the client may be without a stream before the channel has failed, counted from what
  // went wrong. InfiniteDuration: for ever.
  absl::Duration give_up_after = absl::Seconds(5);
  // How long it waits before it connects again, unless the server says otherwise (`retry:`).
  absl::Duration reconnection_time = absl::Seconds(3);
  absl::Duration read_timeout = absl::InfiniteDuration();  // Dart's server is silent for ever
  size_t max_message_bytes = 16 * 1024 * 1024;             // that arrive
  size_t max_unread_bytes = 16 * 1024 * 1024;              // the server has to wait then
  size_t max_unsent_bytes = 16 * 1024 * 1024;              // Send waits then
  TlsClientOptions tls;                                    // for https
  // Where HTTP clients of an origin ("https://example.com") come from: TcpHttpClient where not set.
  std::function<absl::StatusOr<std::shared_ptr<HttpClient>>(const std::string& origin)> http;
  Clock* clock = nullptr;  // Clock::Real() where not set
};

// Connects at once, and again whenever the stream breaks, with the same id; the numbers of its
// messages go on. Lives on `executor`'s loop, which must run on one thread and outlive it.
//
// Messages are POSTed one after the other, those from before the first stream when that is there.
// One that did not leave this machine is POSTed again when the next stream is there. One of which
// nobody knows fails the channel (UNAVAILABLE), as in Dart's client: a server of Dart's would take
// a second copy for another message.
class SseClient final : public StringChannel {
 public:
  // A URL, or a debug key, that cannot be used is what Read returns (INVALID_ARGUMENT).
  SseClient(Executor executor, std::string_view url, SseClientOptions options = {});
  // Ends as Close does.
  ~SseClient() override;
  SseClient(const SseClient&) = delete;
  SseClient& operator=(const SseClient&) = delete;

  // Returns when the first stream is there, or with the reason why there will be none.
  Awaitable<absl::Status> WaitUntilConnected();

  // As StringChannel has it. nullopt when the server has said that it is over.
  Awaitable<absl::StatusOr<std::optional<std::string>>> Read() override;
  Awaitable<absl::Status> Send(std::string text) override;
  // Ends the stream. What was sent is still POSTed, if there ever was a stream.
  void Close() override;

  // What the server knows the client by: "<debug key>-<random>", or only the latter.
  const std::string& id() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SSE_SSE_CLIENT_H_
