// ApiCall is a call that came as a request of an HTTP API (PROTOCOL.md, part F): its response is
// JSON, or an event stream in the API's form.

#ifndef RUNNEL_RUNTIME_SERVER_API_CALL_H_
#define RUNNEL_RUNTIME_SERVER_API_CALL_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/api/api_method.h"
#include "runtime/core/compression.h"
#include "runtime/http/http_message.h"
#include "runtime/server/call_output.h"
#include "runtime/server/server_call.h"

namespace runnel {

// The response that says `status` as the API has it.
HttpResponse ApiErrorResponse(const ApiMethod& api, const absl::Status& status);
// The same with an HTTP status that says more than the code does (405, 413, 415).
HttpResponse ApiErrorResponse(const ApiMethod& api, int http_status, const absl::Status& status);

// Lives on the loop of its connection, owned by its handler and by the response's body.
class ApiCall final : public ServerCall {
 public:
  // `call.method` has an API. `request` is of its class, and was made of a body of `request_bytes`.
  // `response_coding` is for a unary response.
  ApiCall(ServerContext::Call call, std::unique_ptr<google::protobuf::Message> request,
          size_t request_bytes, Compression response_coding, absl::Duration heartbeat);

  // As DirectCall::Respond.
  static Awaitable<HttpResponse> Respond(std::shared_ptr<ApiCall> call);

  Awaitable<absl::StatusOr<bool>> Read(google::protobuf::Message& message) override;
  bool TryRead(google::protobuf::Message& message) override;
  Awaitable<absl::Status> Write(const google::protobuf::Message& message,
                                const WriteOptions& options) override;
  bool TryWrite(const google::protobuf::Message& message, const WriteOptions& options) override;

  CallTransport transport() const override { return CallTransport::kApi; }
  LiveCall Describe() const override;

 private:
  const ApiMethod& api() { return *context().method().api; }
  bool streams() { return context().method().server_streams(); }
  void OnEnd(const absl::Status& status) override;
  absl::Status Append(const google::protobuf::Message& message, const WriteOptions& options);
  HttpResponse UnaryResponse();
  HttpResponse StreamResponse();

  std::unique_ptr<google::protobuf::Message> request_;  // until it is read
  const size_t request_bytes_;
  const Compression response_coding_;
  const absl::Duration heartbeat_;
  CallOutput out_;  // events; the response of a unary call, which is never flushed
  std::optional<absl::Status> end_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_API_CALL_H_
