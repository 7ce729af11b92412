// SseClients are the clients of an SseHandler, by their ids: those with a connection, and those
// that have left and may come back. Everything happens on the loop of the handler.

#ifndef RUNNEL_RUNTIME_SSE_SSE_CLIENTS_H_
#define RUNNEL_RUNTIME_SSE_SSE_CLIENTS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/signal.h"
#include "runtime/sse/sse_connection.h"
#include "runtime/sse/sse_connection_state.h"
#include "runtime/sse/sse_options.h"

namespace runnel {

// What a request gets: an HTTP status, with what is to be said of it; and a connection, where there
// is something to do.
struct SseAdmittance {
  SseAdmittance() = default;
  SseAdmittance(int s, std::string w) : status(s), why(std::move(w)) {}

  int status = 200;
  std::string why;
  std::shared_ptr<SseConnectionState> state;
  uint64_t stream = 0;  // of a GET
};

// Its coroutines own it.
class SseClients {
 public:
  static std::shared_ptr<SseClients> Make(Executor executor, SseHandlerOptions options);
  explicit SseClients(std::shared_ptr<SseShared> shared) : shared_(std::move(shared)) {}

  // On any thread.
  size_t open() const { return shared_->open; }

  // A GET: a stream, on the connection that the client has or on a new one.
  static Awaitable<SseAdmittance> Open(std::shared_ptr<SseClients> self, SseClientInfo client,
                                       std::optional<std::string> last_event_id);
  // A POST: waits until the message may be read. Without a connection nobody wants it.
  static Awaitable<SseAdmittance> Admit(std::shared_ptr<SseClients> self, std::string id,
                                        std::string principal, uint64_t number, size_t bytes);
  // The next new connection; null after Shutdown.
  static Awaitable<absl::StatusOr<std::unique_ptr<SseConnection>>> Accept(
      std::shared_ptr<SseClients> self);
  void Shutdown();

 private:
  struct Left {
    std::string id;
    std::weak_ptr<SseConnectionState> state;
    absl::Time until;
  };

  SseAdmittance OpenNow(SseClientInfo client, std::optional<std::string> last_event_id);
  // Why there is to be no connection more; OK where there may be.
  absl::Status CheckRoom(const SseClientInfo& client, const SseConnectionState* earlier) const;
  void OnEnd(const SseConnectionState& state);
  // Forgets those that have left too long ago, or are too many.
  void Forget();

  const std::shared_ptr<SseShared> shared_;
  bool shut_down_ = false;
  absl::flat_hash_map<std::string, std::shared_ptr<SseConnectionState>> by_id_;
  absl::flat_hash_map<std::string, size_t> open_by_caller_;
  std::deque<Left> remembered_;  // those of them that are over, the oldest first
  std::deque<std::unique_ptr<SseConnection>> waiting_;
  Signal arrived_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SSE_SSE_CLIENTS_H_
