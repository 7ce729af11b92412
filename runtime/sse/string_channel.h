// StringChannel is what both ends of package:sse's protocol are: a channel of strings, both ways.

#ifndef RUNNEL_RUNTIME_SSE_STRING_CHANNEL_H_
#define RUNNEL_RUNTIME_SSE_STRING_CHANNEL_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"

namespace runnel {

// Use it from any thread. Strings are UTF-8; what is not becomes U+FFFD.
class StringChannel {
 public:
  virtual ~StringChannel() = default;

  // The next message; nullopt when the channel was closed at either end. INVALID_ARGUMENT is a
  // message that is none, and the next Read goes on; CANCELLED that the awaiting coroutine was
  // cancelled; any other error is why the channel has failed. One Read at a time
  // (FAILED_PRECONDITION).
  virtual Awaitable<absl::StatusOr<std::optional<std::string>>> Read() = 0;

  // Takes a message that is to be sent. Waits while too many are on their way. UNAVAILABLE when the
  // channel is closed, or why it has failed.
  virtual Awaitable<absl::Status> Send(std::string text) = 0;

  // Ends the channel for good, behind what was sent. Without effect afterwards.
  virtual void Close() = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SSE_STRING_CHANNEL_H_
