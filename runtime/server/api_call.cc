#include "runtime/server/api_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/api/api_error.h"
#include "runtime/api/api_event.h"
#include "runtime/call/metadata_headers.h"
#include "runtime/core/codec.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/server/error_response.h"
#include "runtime/wire/event_writer.h"
#include "runtime/wire/gzip.h"

namespace runnel {

HttpResponse ApiErrorResponse(const ApiMethod& api, int http_status, const absl::Status& status) {
  HttpResponse response = BytesResponse("application/json", ApiErrorJson(*api.errors, status));
  response.status = http_status;
  return response;
}

HttpResponse ApiErrorResponse(const ApiMethod& api, const absl::Status& status) {
  return ApiErrorResponse(api, ApiErrorHttpStatus(*api.errors, status), status);
}

ApiCall::ApiCall(ServerContext::Call call, std::unique_ptr<google::protobuf::Message> request,
                 size_t request_bytes, Compression response_coding, absl::Duration heartbeat)
    : ServerCall(std::move(call)),
      request_(std::move(request)),
      request_bytes_(request_bytes),
      response_coding_(response_coding),
      heartbeat_(heartbeat) {}

Awaitable<HttpResponse> ApiCall::Respond(std::shared_ptr<ApiCall> call) {
  absl::Status waited;
  if (!call->ended()) {
    waited = co_await call->out_.WaitForHead(call->context().clock(), call->streams());
  }
  if (!waited.ok()) {
    call->Cancel(CallOutput::ClientGone());
    co_return ApiErrorResponse(call->api(), CallOutput::ClientGone());
  }
  if (call->end_ && !call->end_->ok() && !call->out_.begun()) {
    HttpResponse response = ApiErrorResponse(call->api(), *call->end_);
    AddMetadata(call->context().initial_metadata(), "", response.headers);
    co_return response;
  }
  if (call->streams()) co_return call->StreamResponse();
  co_return call->UnaryResponse();
}

HttpResponse ApiCall::UnaryResponse() {
  std::string& body = out_.bytes();
  const bool compressed =
      response_coding_ == Compression::kGzip && body.size() >= kLeastCompressedBytes;
  if (compressed) {
    std::string bytes;
    AppendGzip(body, bytes);
    body.swap(bytes);
  }
  HttpResponse response = BytesResponse("application/json", std::move(body));
  if (compressed) response.headers.Add("content-encoding", "gzip");
  response.headers.Add("vary", "accept-encoding");
  AddMetadata(context().initial_metadata(), "", response.headers);
  return response;
}

HttpResponse ApiCall::StreamResponse() {
  HttpResponse response;
  response.headers.Add("content-type", "text/event-stream");
  response.headers.Add("cache-control", "no-store, no-transform");
  response.headers.Add("x-accel-buffering", "no");
  AddMetadata(context().initial_metadata(), "", response.headers);
  // Proxies wait for the first byte.
  std::string first;
  AppendComment("ok", first);
  out_.bytes().insert(0, first);
  response.body = out_.Body(shared_from_this(), heartbeat_);
  return response;
}

bool ApiCall::TryRead(google::protobuf::Message& message) {
  if (request_ == nullptr || context().IsCancelled()) return false;
  if (message.GetReflection() == request_->GetReflection()) {
    message.GetReflection()->Swap(&message, request_.get());
  } else {
    message.CopyFrom(*request_);
  }
  request_.reset();
  CountReceived(request_bytes_);
  return true;
}

Awaitable<absl::StatusOr<bool>> ApiCall::Read(google::protobuf::Message& message) {
  if (context().IsCancelled()) co_return context().cancel_status();
  co_return TryRead(message);
}

absl::Status ApiCall::Append(const google::protobuf::Message& message,
                             const WriteOptions& options) {
  if (!streams()) {
    out_.bytes().clear();
    RUNNEL_RETURN_IF_ERROR(EncodeMessage(Codec::kJson, message, out_.bytes()));
    CountSent(out_.bytes().size());
    return absl::OkStatus();
  }
  if (!options.event_id.empty() && !context().method().resumable) {
    return absl::FailedPreconditionError(
        absl::StrCat(AbslView(context().method().path),
                     " gives its messages ids, but is not declared resumable "
                     "(option (runnel.v1.resumable) = true)"));
  }
  if (!options.event_id.empty() && !IsEventToken(options.event_id)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", options.event_id,
                     "\" cannot be the id of a message: ids are made of [A-Za-z0-9._-]"));
  }
  const size_t before = out_.bytes().size();
  RUNNEL_RETURN_IF_ERROR(AppendApiEvent(api(), message, options.event_id, out_.bytes()));
  CountSent(out_.bytes().size() - before);  // with what makes it an event of that API
  out_.Flush();
  return absl::OkStatus();
}

bool ApiCall::TryWrite(const google::protobuf::Message& message, const WriteOptions& options) {
  // What cannot be written says why when it is tried again.
  return !out_.full() && !context().IsCancelled() && Append(message, options).ok();
}

Awaitable<absl::Status> ApiCall::Write(const google::protobuf::Message& message,
                                       const WriteOptions& options) {
  if (context().IsCancelled()) co_return context().cancel_status();
  RUNNEL_CO_RETURN_IF_ERROR(Append(message, options));
  while (streams() && out_.full()) {
    const absl::Status waited = co_await out_.WaitUntilTaken();
    if (context().IsCancelled()) co_return context().cancel_status();
    if (!waited.ok()) co_return waited;
  }
  co_return absl::OkStatus();
}

LiveCall ApiCall::Describe() const {
  LiveCall live = ServerCall::Describe();
  live.unsent_bytes = out_.size();
  return live;
}

void ApiCall::OnEnd(const absl::Status& status) {
  end_ = status;
  if (streams()) AppendApiEnd(api(), status, out_.bytes());
  out_.End();
}

}  // namespace runnel
