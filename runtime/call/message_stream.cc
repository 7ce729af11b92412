#include "runtime/call/message_stream.h"

#include "runtime/call/shared_message.h"

namespace runnel {

Awaitable<absl::Status> MessageWriter::WriteShared(const SharedMessage& message,
                                                   const WriteOptions& options) {
  return Write(message.message(), options);
}

}  // namespace runnel
