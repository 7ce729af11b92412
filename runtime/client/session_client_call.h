// SessionClientCall is the client's end of one call on a session.

#ifndef RUNNEL_RUNTIME_CLIENT_SESSION_CLIENT_CALL_H_
#define RUNNEL_RUNTIME_CLIENT_SESSION_CLIENT_CALL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "runtime/async/clock.h"
#include "runtime/call/call_stream.h"
#include "runtime/client/client_call.h"
#include "runtime/client/client_session.h"

namespace runnel {

// Lives on its channel's loop. `open` leaves with the first operation, and carries the first
// message if that is a Write.
class SessionClientCall final : public ClientCall, private SessionCallListener {
 public:
  SessionClientCall(std::shared_ptr<ClientSession> session, const MethodInfo& method,
                    CallOptions options, Clock& clock);
  ~SessionClientCall() override;

  Awaitable<absl::Status> Write(const google::protobuf::Message& message,
                                const WriteOptions& options) override;
  Awaitable<absl::Status> WritesDone() override;
  Awaitable<absl::StatusOr<bool>> Read(google::protobuf::Message& message) override;
  const Metadata& initial_metadata() const override { return initial_metadata_; }
  const Metadata& trailing_metadata() const override { return trailing_metadata_; }
  void Cancel() override;

 private:
  // SessionCallListener.
  void OnFrame(Frame frame) override;
  void OnSessionEnd(const absl::Status& status) override { End(status); }

  // Sends `open` if it has not left yet.
  absl::Status Open(std::optional<std::string> message, bool half_close);
  bool opened() const { return stream_.has_value(); }
  // Tells the server that nobody waits, and ends the call here with `status`.
  void Abandon(absl::Status status);
  void End(absl::Status status);

  const std::shared_ptr<ClientSession> session_;
  const MethodInfo& method_;
  const CallOptions options_;
  Clock& clock_;
  const absl::Time deadline_;
  std::unique_ptr<Timer> timer_;

  uint64_t id_ = 0;
  std::optional<CallStream> stream_;
  bool half_closed_ = false;
  std::optional<absl::Status> end_;
  Metadata initial_metadata_;
  Metadata trailing_metadata_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_SESSION_CLIENT_CALL_H_
