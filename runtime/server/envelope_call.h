// EnvelopeCall is a stream in one HTTP exchange whose messages travel in envelopes both ways, as
// Connect clients have it (PROTOCOL.md, A.5). The streams of HTTP/1.1 clients are half-duplex: they
// read the response when they have sent all of the request.

#ifndef RUNNEL_RUNTIME_SERVER_ENVELOPE_CALL_H_
#define RUNNEL_RUNTIME_SERVER_ENVELOPE_CALL_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "runtime/async/interruptible.h"
#include "runtime/async/signal.h"
#include "runtime/core/limits.h"
#include "runtime/http/http_message.h"
#include "runtime/server/call_output.h"
#include "runtime/server/direct_request.h"
#include "runtime/server/server_call.h"
#include "runtime/wire/envelope.h"

namespace runnel {

// Lives on the loop of its connection, owned by its handler and by the response's body.
class EnvelopeCall final : public ServerCall {
 public:
  // `request` has a body. `limits` and `receiving` outlive the call.
  EnvelopeCall(ServerContext::Call call, DirectRequest request, const Limits& limits,
               ByteBudget& receiving);

  // Returns the response as soon as its head may leave: when the call has ended, or, for a stream
  // of responses, at the first one or after 200 ms, but not before the request has ended.
  // Cancelling this cancels the call. Start the call first.
  static Awaitable<HttpResponse> Respond(std::shared_ptr<EnvelopeCall> call);

  Awaitable<absl::StatusOr<bool>> Read(google::protobuf::Message& message) override;
  Awaitable<absl::Status> Write(const google::protobuf::Message& message,
                                const WriteOptions& options) override;
  Awaitable<absl::Status> WriteShared(SharedMessages messages, SharedMessage::Id ids) override;

  CallTransport transport() const override { return CallTransport::kEnvelopes; }
  LiveCall Describe() const override;

 private:
  // Lets an encoded message leave; the only response waits for the call's end.
  void AppendMessage(std::string_view message);
  // Returns when there is room for another.
  Awaitable<absl::Status> WaitForRoom();
  bool streams() { return context().method().server_streams(); }
  void OnEnd(const absl::Status& status) override;
  absl::Status Decode(const Envelope& envelope, google::protobuf::Message& message);
  // Waits for more of the request, whoever reads it. What goes wrong with the request itself ends
  // it, with request_error_; the status is that of the waiting.
  Awaitable<absl::Status> AwaitMore();
  Awaitable<absl::Status> ReadPiece();
  // Reads the request while the handler does not, until it, or the call, has ended.
  Awaitable<absl::Status> ReadAhead();
  bool idled();
  HttpResponse Response();

  const DirectRequest request_;
  const Limits& limits_;

  EnvelopeParser parser_;
  ByteLease unread_;  // what is in the parser
  bool request_ended_ = false;
  absl::Status request_error_;
  bool reading_ = false;  // somebody waits for a piece of the request
  Signal arrived_;        // that has come to an end
  Signal taken_;          // the handler has read a message
  Interruptible ahead_;

  CallOutput out_;
  std::string encoded_;
  std::string compressed_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_ENVELOPE_CALL_H_
