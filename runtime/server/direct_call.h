// DirectCall is a call in one HTTP exchange: a unary call with an ordinary response, or a
// server stream whose response is an event stream (PROTOCOL.md, part A).

#ifndef RUNNEL_RUNTIME_SERVER_DIRECT_CALL_H_
#define RUNNEL_RUNTIME_SERVER_DIRECT_CALL_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/core/codec.h"
#include "runtime/core/limits.h"
#include "runtime/http/http_message.h"
#include "runtime/server/call_output.h"
#include "runtime/server/direct_request.h"
#include "runtime/server/server_call.h"

namespace runnel {

// Lives on the loop of its connection, owned by its handler and by the response's body.
class DirectCall final : public ServerCall {
 public:
  // `limits` and `receiving` outlive the call.
  DirectCall(ServerContext::Call call, DirectRequest request, const Limits& limits,
             ByteBudget& receiving, absl::Duration heartbeat);

  // Returns the response as soon as its head is known: for a unary call its end, for a
  // stream its first message, its end, or 200 ms. Cancelling this cancels the call. Start the call
  // first.
  static Awaitable<HttpResponse> Respond(std::shared_ptr<DirectCall> call);

  Awaitable<absl::StatusOr<bool>> Read(google::protobuf::Message& message) override;
  bool TryRead(google::protobuf::Message& message) override;
  Awaitable<absl::Status> Write(const google::protobuf::Message& message,
                                const WriteOptions& options) override;
  Awaitable<absl::Status> WriteShared(SharedMessages messages, SharedMessage::Id ids) override;
  bool TryWrite(const google::protobuf::Message& message, const WriteOptions& options) override;

  CallTransport transport() const override { return CallTransport::kDirect; }
  LiveCall Describe() const override;

 private:
  bool streams() { return context().method().server_streams(); }
  void OnEnd(const absl::Status& status) override;
  // Whether a message may have this id.
  absl::Status CheckEventId(const std::string& event_id);
  // The response of a unary call.
  absl::Status AppendOnly(const google::protobuf::Message& message);
  absl::Status AppendMessageEvent(const google::protobuf::Message& message,
                                  const std::string& event_id);
  // Returns when there is room for another event.
  Awaitable<absl::Status> WaitForRoom();
  absl::Status Decode(std::string_view bytes, google::protobuf::Message& message);
  HttpResponse UnaryResponse();
  HttpResponse StreamResponse();

  DirectRequest request_;
  const Codec codec_;
  const Limits& limits_;
  ByteBudget& receiving_;
  const absl::Duration heartbeat_;
  bool request_read_ = false;
  const bool has_request_;    // however long: a GET may have none
  absl::Status undecodable_;  // the request that TryRead has taken

  CallOutput out_;       // events; the response of a unary call, which is never flushed
  std::string scratch_;  // a message before it becomes an event
  std::optional<absl::Status> end_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_DIRECT_CALL_H_
