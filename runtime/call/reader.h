// Reader<T> is the stream of messages a server's handler receives.

#ifndef RUNNEL_RUNTIME_CALL_READER_H_
#define RUNNEL_RUNTIME_CALL_READER_H_

#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/call/message_stream.h"

namespace runnel {

// Lives as long as the handler it was given to; use it on the handler's loop only.
template <typename T>
class Reader {
 public:
  explicit Reader(MessageReader& messages) : messages_(messages) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // The next message; nullopt when the client has sent its last; an error when the call is
  // over or the client sent something that is no T.
  Awaitable<absl::StatusOr<std::optional<T>>> Read() {
    T message;
    if (messages_.TryRead(message)) co_return std::optional<T>(std::move(message));
    absl::StatusOr<bool> read = co_await messages_.Read(message);
    if (!read.ok()) co_return std::move(read).status();
    if (!*read) co_return std::optional<T>();
    co_return std::optional<T>(std::move(message));
  }

  // The same into a message that is used again, which saves its allocations. False at the end.
  Awaitable<absl::StatusOr<bool>> ReadInto(T& message) {
    if (messages_.TryRead(message)) co_return true;
    co_return co_await messages_.Read(message);
  }

 private:
  MessageReader& messages_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CALL_READER_H_
