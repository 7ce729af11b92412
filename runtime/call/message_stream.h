// MessageReader and MessageWriter are a call's two streams without their types: what
// Reader<T> and Writer<T> are a thin skin over, and what interceptors wrap.

#ifndef RUNNEL_RUNTIME_CALL_MESSAGE_STREAM_H_
#define RUNNEL_RUNTIME_CALL_MESSAGE_STREAM_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "runtime/async/awaitable.h"
#include "runtime/call/shared_message.h"

namespace runnel {

struct WriteOptions {
  WriteOptions() = default;  // no aggregate: see CallOptions

  // The id of the message's event, for methods declared resumable: what the client sends
  // back as Last-Event-ID. From [A-Za-z0-9._-]; not "end".
  std::string event_id;
  // No message follows: the stream is half-closed together with this one.
  bool last = false;
};

// One Read at a time, on the call's loop.
class MessageReader {
 public:
  virtual ~MessageReader() = default;

  // True: `message` holds the next message. False: the stream has ended, all is well.
  // Error: CANCELLED or DEADLINE_EXCEEDED when the call is, INVALID_ARGUMENT when the peer's
  // bytes are no such message, and on a client the status the call ended with.
  virtual Awaitable<absl::StatusOr<bool>> Read(google::protobuf::Message& message) = 0;

  // The same for a message that is here already, without the price of a coroutine. False says
  // nothing: Read tells. Whoever wraps a reader need not have it.
  virtual bool TryRead(google::protobuf::Message& /*message*/) { return false; }
};

// One Write at a time, on the call's loop.
class MessageWriter {
 public:
  virtual ~MessageWriter() = default;

  // Returns when the message has been taken over, which waits for room, before or after, so that a
  // slow peer slows its writer. An error means that the call is over (cancelled, the peer gone), or
  // that this message cannot be encoded (INVALID_ARGUMENT).
  virtual Awaitable<absl::Status> Write(const google::protobuf::Message& message,
                                        const WriteOptions& options) = 0;

  // The same for messages that other streams send too, encoded once for all, with their own ids or
  // without. They leave together where there is room. This one hands them to Write, one by one: so
  // a writer that looks at messages, or changes them, needs to know of Write only.
  virtual Awaitable<absl::Status> WriteShared(SharedMessages messages, SharedMessage::Id ids);

  // As Write, where there is room already, without the price of a coroutine: the message has been
  // taken over, though there may be none for another. False says nothing, and nothing was taken:
  // Write it. Whoever wraps a writer need not have it.
  virtual bool TryWrite(const google::protobuf::Message& /*message*/,
                        const WriteOptions& /*options*/) {
    return false;
  }
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CALL_MESSAGE_STREAM_H_
