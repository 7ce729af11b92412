// SessionCall is the server's end of one call on a session.

#ifndef RUNNEL_RUNTIME_SERVER_SESSION_CALL_H_
#define RUNNEL_RUNTIME_SERVER_SESSION_CALL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/call/call_stream.h"
#include "runtime/server/server_call.h"
#include "runtime/server/server_session.h"

namespace runnel {

// Lives on the session's loop, owned by the session and by its handler.
class SessionCall final : public ServerCall {
 public:
  SessionCall(ServerContext::Call call, std::shared_ptr<ServerSession> session, uint64_t id);

  // Frames of the client.
  void OnMessage(MessageFrame message);
  void OnHalfClose() { stream_.OnHalfClose(); }
  void OnCancel();
  void OnCredit(uint64_t bytes) { stream_.OnCredit(bytes); }

  Awaitable<absl::StatusOr<bool>> Read(google::protobuf::Message& message) override;
  Awaitable<absl::Status> Write(const google::protobuf::Message& message,
                                const WriteOptions& options) override;
  Awaitable<absl::Status> WriteShared(SharedMessages messages, SharedMessage::Id ids) override;
  bool TryRead(google::protobuf::Message& message) override;
  bool TryWrite(const google::protobuf::Message& message, const WriteOptions& options) override;

  CallTransport transport() const override { return CallTransport::kSession; }
  std::string_view session() const override { return session_->id(); }
  LiveCall Describe() const override;

 private:
  absl::Status Send(const google::protobuf::Message& message, const WriteOptions& options);
  void OnEnd(const absl::Status& status) override;
  void SendHeaderOnce();

  std::shared_ptr<ServerSession> session_;
  const uint64_t id_;
  CallStream stream_;
  absl::Status undecodable_;  // what TryRead found, for Read to say
  bool header_sent_ = false;
  std::optional<std::string> last_message_;  // leaves with the end
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SESSION_CALL_H_
