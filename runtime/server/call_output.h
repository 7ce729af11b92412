// CallOutput is what a direct call has written and its connection has not taken yet.

#ifndef RUNNEL_RUNTIME_SERVER_CALL_OUTPUT_H_
#define RUNNEL_RUNTIME_SERVER_CALL_OUTPUT_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/async/signal.h"
#include "runtime/http/http_message.h"
#include "runtime/server/server_call.h"

namespace runnel {

// Lives on the loop of its call, which owns it.
class CallOutput {
 public:
  // Append to them, then Flush or End.
  std::string& bytes() { return bytes_; }
  // Lets what has been appended leave.
  void Flush();
  // Nothing will be appended any more.
  void End();

  size_t size() const { return bytes_.size(); }
  bool begun() const { return begun_; }  // something was flushed
  bool ended() const { return ended_; }
  // So much is on its way that a writer has to wait: one large write of the connection.
  bool full() const { return bytes_.size() >= kMaxPendingBytes; }

  // Returns when some bytes were taken, or at the end. The status is that of the waiting.
  Awaitable<absl::Status> WaitUntilTaken() { return taken_.Wait(); }

  // Returns when the head of the response may leave: at the end, and for a stream of responses at
  // the first one or after 200 ms. The status is that of the waiting.
  Awaitable<absl::Status> WaitForHead(Clock& clock, bool streams);

  // The bytes as the body of the response of `call`, which owns this output: taken as fast as the
  // connection sends them. An empty comment of the event stream leaves after each `heartbeat`
  // of silence. Destroying the body cancels the call.
  std::unique_ptr<HttpBody> Body(std::shared_ptr<ServerCall> call,
                                 absl::Duration heartbeat = absl::InfiniteDuration());

  // What calls end with whose client does not wait for the response.
  static absl::Status ClientGone() { return absl::CancelledError("the client has gone away"); }

 private:
  class PendingBody;

  static constexpr size_t kMaxPendingBytes = 64 * 1024;

  std::string bytes_;
  bool begun_ = false;
  bool ended_ = false;
  Signal changed_;
  Signal taken_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_CALL_OUTPUT_H_
