#include "runtime/client/unary_call.h"

#include "runtime/async/on_executor.h"

namespace runnel {
namespace {

Awaitable<absl::Status> ReadOnlyResponse(ClientCall& call, google::protobuf::Message& response) {
  absl::StatusOr<bool> first = co_await call.Read(response);
  if (!first.ok()) co_return std::move(first).status();
  if (!*first) co_return absl::UnimplementedError("the server ended the call without a response");
  std::unique_ptr<google::protobuf::Message> extra(response.New());
  absl::StatusOr<bool> end = co_await call.Read(*extra);
  if (!end.ok()) co_return std::move(end).status();
  if (*end) co_return absl::UnimplementedError("the server sent more than one response");
  co_return absl::OkStatus();
}

Awaitable<absl::Status> OnLoop(std::shared_ptr<ChannelInterface> channel, const MethodInfo& method,
                               const google::protobuf::Message& request,
                               google::protobuf::Message& response, CallOptions options) {
  ResponseMetadata* const metadata = options.response_metadata;
  std::unique_ptr<ClientCall> call = channel->NewCall(method, std::move(options));
  WriteOptions last;
  last.last = true;
  // A failed Write is the call's end, whose status Read tells.
  absl::Status sent = co_await call->Write(request, last);
  sent.IgnoreError();
  absl::Status status = co_await ReadOnlyResponse(*call, response);
  if (metadata != nullptr) {
    metadata->initial = call->initial_metadata();
    metadata->trailing = call->trailing_metadata();
  }
  co_return status;
}

}  // namespace

Awaitable<absl::Status> UnaryCallUntyped(std::shared_ptr<ChannelInterface> channel,
                                         const MethodInfo& method,
                                         const google::protobuf::Message& request,
                                         google::protobuf::Message& response, CallOptions options) {
  Executor executor = channel->executor();
  return OnExecutor(std::move(executor),
                    OnLoop(std::move(channel), method, request, response, std::move(options)));
}

}  // namespace runnel
