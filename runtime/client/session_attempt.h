// SessionAttempt makes a call on a session (PROTOCOL.md, part B).

#ifndef RUNNEL_RUNTIME_CLIENT_SESSION_ATTEMPT_H_
#define RUNNEL_RUNTIME_CLIENT_SESSION_ATTEMPT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "runtime/call/call_stream.h"
#include "runtime/client/call_attempt.h"
#include "runtime/client/client_session.h"
#include "runtime/core/method_info.h"

namespace runnel {

class SessionAttempt final : public CallAttempt, private SessionCallListener {
 public:
  // `method` outlives the attempt.
  SessionAttempt(std::shared_ptr<ClientSession> session, const MethodInfo& method,
                 AttemptOptions options, Clock& clock);
  ~SessionAttempt() override;

  Awaitable<absl::Status> Send(std::string message, bool last) override;
  bool MaySend() const override { return !end_ && opened() && stream_->MaySend(); }
  void SendNow(std::string message, bool last) override;
  Awaitable<absl::Status> HalfClose() override;
  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Receive() override;
  std::optional<std::string_view> TryReceive() override;
  const Metadata& initial_metadata() const override { return initial_metadata_; }
  const Metadata& trailing_metadata() const override { return trailing_metadata_; }
  const std::optional<absl::Status>& end() const override { return end_; }
  bool accepted() const override { return accepted_; }
  bool never_ran() const override { return never_ran_; }
  void Abandon(absl::Status status) override;

 private:
  // SessionCallListener.
  void OnFrame(Frame&& frame) override;
  void OnWindow(size_t more_bytes) override { stream_->OnCredit(more_bytes); }
  void OnSessionEnd(const absl::Status& status, bool never_ran) override;

  // Sends `open`.
  absl::Status Open(std::optional<std::string> message, bool half_close);
  bool opened() const { return stream_.has_value(); }
  void End(absl::Status status);

  const std::shared_ptr<ClientSession> session_;
  const MethodInfo& method_;
  const AttemptOptions options_;
  Clock& clock_;

  uint64_t id_ = 0;
  std::optional<CallStream> stream_;
  std::string message_;  // the one that was received last
  bool accepted_ = false;
  bool never_ran_ = false;
  std::optional<absl::Status> end_;
  Metadata initial_metadata_;
  Metadata trailing_metadata_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_SESSION_ATTEMPT_H_
