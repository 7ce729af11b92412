// Writer<T> is the stream of messages a server's handler sends.

#ifndef RUNNEL_RUNTIME_CALL_WRITER_H_
#define RUNNEL_RUNTIME_CALL_WRITER_H_

#include <cassert>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "runtime/async/awaitable.h"
#include "runtime/call/message_stream.h"
#include "runtime/call/shared_message.h"

namespace runnel {

// Lives as long as the handler it was given to; use it on the handler's loop only.
template <typename T>
class Writer {
 public:
  explicit Writer(MessageWriter& messages) : messages_(messages) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Waits until there is room, and returns when the message has been taken over: a slow reader
  // slows its writer. An error means that nobody listens any more (CANCELLED, DEADLINE_EXCEEDED,
  // UNAVAILABLE): stop, and return it.
  Awaitable<absl::Status> Write(const T& message) { return WriteWith(message, WriteOptions()); }

  // For methods with `option (runnel.v1.resumable) = true`: the message carries `id`, which a
  // client that reconnects gives back as ServerContext::last_event_id(). Ids are made of
  // [A-Za-z0-9._-]; "end" is taken.
  Awaitable<absl::Status> WriteWithId(const T& message, std::string_view id) {
    WriteOptions options;
    options.event_id = std::string(id);
    return WriteWith(message, std::move(options));
  }

  // As Write, of messages (T each) that others send too: what subscribers of a feed get
  // (runnel/topic.h). With their own ids, or without.
  Awaitable<absl::Status> WriteShared(SharedMessages messages, SharedMessage::Id ids) {
    assert(messages.empty() || messages.front()->message().GetDescriptor() == T::descriptor());
    return messages_.WriteShared(messages, ids);
  }

 private:
  Awaitable<absl::Status> WriteWith(const T& message, WriteOptions options) {
    if (messages_.TryWrite(message, options)) co_return absl::OkStatus();
    co_return co_await messages_.Write(message, options);
  }

  MessageWriter& messages_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CALL_WRITER_H_
