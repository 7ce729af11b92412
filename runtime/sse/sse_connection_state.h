// SseConnectionState is an SseConnection without its threads: everything here happens on the loop
// of its handler.

#ifndef RUNNEL_RUNTIME_SSE_SSE_CONNECTION_STATE_H_
#define RUNNEL_RUNTIME_SSE_SSE_CONNECTION_STATE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/async/signal.h"
#include "runtime/core/byte_budget.h"
#include "runtime/http/http_headers.h"
#include "runtime/sse/frame_log.h"
#include "runtime/sse/message_order.h"
#include "runtime/sse/sse_options.h"

namespace runnel {

class SseConnectionState;

// What the connections of one handler share. Lives as long as any of them.
struct SseShared {
  SseShared(Executor e, SseHandlerOptions o);

  const Executor executor;
  const SseHandlerOptions options;
  Clock& clock;
  ByteBudget buffered;
  std::atomic<size_t> open = 0;
  // Called when a connection is over.
  std::function<void(SseConnectionState&)> on_end;
};

// Who a connection is with.
struct SseClientInfo {
  SseClientInfo() = default;

  std::string id;
  std::string principal;
  HttpHeaders headers;
  std::string peer;
};

class SseConnectionState : public std::enable_shared_from_this<SseConnectionState> {
 public:
  // What becomes of a POST.
  enum class Admission {
    kRead,    // Receive, or Abandon, follows
    kIgnore,  // nobody wants it
    kRefuse,  // it cannot be, and the connection has failed
    kMoved,   // the client has another connection by now: ask that
  };

  SseConnectionState(std::shared_ptr<SseShared> shared, SseClientInfo client);
  ~SseConnectionState();

  // --- the client's side

  // The client's `earlier` connection is over. Its numbers go on here, and so does what was sent to
  // the client. Once, before anything else.
  void TakeOver(SseConnectionState& earlier);

  // A stream takes the place of the one that may be there, and goes on behind the event that the
  // client had last, if it says so. Returns its number.
  uint64_t BeginStream(std::optional<std::string_view> last_event_id);
  void EndStream(uint64_t stream);
  // What the stream carries next; nullopt at its end.
  Awaitable<absl::StatusOr<std::optional<std::string>>> NextPiece(uint64_t stream);

  // Waits until there is room for message `number`.
  Awaitable<Admission> Admit(uint64_t number, size_t bytes);
  void Receive(uint64_t number, size_t admitted_bytes, NumberedText text);
  void Abandon(uint64_t number, size_t admitted_bytes);

  // --- the program's side

  Awaitable<absl::StatusOr<std::optional<std::string>>> Read();
  Awaitable<absl::Status> Send(std::string text);
  Awaitable<absl::Status> WaitUntilClosed();
  void Close();
  void Disconnect();
  // Disconnects without what was sent, and reads nothing more.
  void Cut();
  void Fail(absl::Status why);

  const Executor& executor() const { return shared_->executor; }
  const SseClientInfo& client() const { return client_; }
  bool open() const { return open_; }
  bool attached() const { return attached_; }
  // The client was told to close, or shall be.
  bool told_to_close() const { return tell_to_close_; }
  // For a client that comes back though it was told: tells it again; false when it was told twice.
  bool TellAgain();

 private:
  // The connection is over for both sides, but for what is on its way.
  void End();
  // Nothing more arrives. What is there can be read, then it is nullopt, or `why`.
  void EndReading(absl::Status why);
  void Deliver();
  void WatchGap();
  void OnGap();
  // Counts what is buffered; fails when it is too much.
  void Count();
  size_t unread_and_coming() const { return unread_bytes_ + order_.early_bytes() + coming_bytes_; }

  const std::shared_ptr<SseShared> shared_;
  const SseClientInfo client_;

  bool moved_ = false;
  std::weak_ptr<SseConnectionState> successor_;  // where moved_

  // These go on with the next connection.
  MessageOrder order_;
  FrameLog log_;
  bool heard_ = false;  // the client has sent something, so it had a stream

  uint64_t stream_ = 0;
  bool position_told_ = false;
  std::atomic<bool> attached_ = false;
  std::atomic<bool> open_ = true;
  bool tell_to_close_ = false;
  bool told_ = false;
  int told_again_ = 0;
  bool cut_ = false;
  Signal changed_;  // for the stream

  bool reading_ = false;
  std::optional<absl::Status> read_end_;
  std::deque<NumberedText> unread_;
  size_t unread_bytes_ = 0;
  absl::flat_hash_set<uint64_t> coming_;  // admitted, and not here
  size_t coming_bytes_ = 0;
  Signal arrived_, room_, sent_, ended_;

  std::unique_ptr<Timer> away_timer_, gap_timer_;
  uint64_t gap_ = 0;  // the number that gap_timer_ is about
  ByteLease lease_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SSE_SSE_CONNECTION_STATE_H_
