// ClientCall is one call seen from its client, without types. The streams of
// client/streams.h are a skin over it; interceptors and fakes implement it.

#ifndef RUNNEL_RUNTIME_CLIENT_CLIENT_CALL_H_
#define RUNNEL_RUNTIME_CLIENT_CLIENT_CALL_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/call/message_stream.h"
#include "runtime/client/call_options.h"
#include "runtime/core/metadata.h"
#include "runtime/core/method_info.h"

namespace runnel {

// Lives on its channel's loop. Destroying it before its end cancels the call.
class ClientCall : public MessageReader, public MessageWriter {
 public:
  // Read: false when the call ended with OK, an error when it ended with one; every later
  // Read says the same again.

  // No more messages will be written. Not needed after a Write with `last`.
  virtual Awaitable<absl::Status> WritesDone() = 0;

  // What the server sent before its first message; complete after the first Read.
  virtual const Metadata& initial_metadata() const = 0;
  // What the server sent at the end; complete after the Read that said so.
  virtual const Metadata& trailing_metadata() const = 0;

  // Ends the call with CANCELLED here, and tells the server.
  virtual void Cancel() = 0;
};

// Where calls start: a Channel, or a fake in tests.
class ChannelInterface {
 public:
  virtual ~ChannelInterface() = default;

  // Calls made here live on this loop.
  virtual Executor executor() = 0;
  // Starts a call. Never fails here: what is wrong is what the call's Read returns. `method`
  // outlives it.
  virtual std::unique_ptr<ClientCall> NewCall(const MethodInfo& method, CallOptions options) = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_CLIENT_CALL_H_
