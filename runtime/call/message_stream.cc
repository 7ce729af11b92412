#include "runtime/call/message_stream.h"

#include "runtime/core/status_macros.h"

namespace runnel {

Awaitable<absl::Status> MessageWriter::WriteShared(SharedMessages messages, SharedMessage::Id ids) {
  for (const SharedMessagePtr& message : messages) {
    WriteOptions options;
    if (ids == SharedMessage::Id::kWith) options.event_id = message->event_id();
    RUNNEL_CO_RETURN_IF_ERROR(co_await Write(message->message(), options));
  }
  co_return absl::OkStatus();
}

}  // namespace runnel
