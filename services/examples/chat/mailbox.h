// Mailbox holds the events that one member of a room has not been sent yet. Whoever speaks in
// the room posts into it, on whatever thread; the member's own handler takes out.
//
// It is bounded: a member who reads too slowly loses events, and is told how many and where.

#ifndef SERVICES_EXAMPLES_CHAT_MAILBOX_H_
#define SERVICES_EXAMPLES_CHAT_MAILBOX_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>

#include "absl/status/statusor.h"
#include "runnel/async.h"
#include "runnel/server.h"
#include "services/examples/chat/chat.pb.h"

namespace examples::chat {

class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  // `executor` is the loop of the handler that takes out.
  static std::shared_ptr<Mailbox> Make(runnel::Executor executor, size_t capacity);

  // Thread-safe. Events are shared between the members of a room, not copied.
  void Post(std::shared_ptr<const v1::RoomEvent> event);
  // Thread-safe. Nothing comes any more: Take ends after what is there.
  void Close();

  // The next event; nullptr after the last; CANCELLED when the caller is. On the executor, one at
  // a time.
  runnel::Awaitable<absl::StatusOr<std::shared_ptr<const v1::RoomEvent>>> Take();

 private:
  Mailbox(runnel::Executor executor, size_t capacity)
      : executor_(std::move(executor)), capacity_(capacity) {}
  void WakeTaker();

  const runnel::Executor executor_;
  const size_t capacity_;
  runnel::Signal arrived_;  // lives on executor_'s loop, as every Signal does on one

  std::mutex mutex_;  // guards what follows
  std::deque<std::shared_ptr<const v1::RoomEvent>> events_;
  std::shared_ptr<v1::RoomEvent> missed_;  // what did not fit, since events_ was full
  bool closed_ = false;
};

}  // namespace examples::chat

#endif  // SERVICES_EXAMPLES_CHAT_MAILBOX_H_
