// UnaryCall makes a unary call: one request, one response. Generated stubs use it.

#ifndef RUNNEL_RUNTIME_CLIENT_UNARY_CALL_H_
#define RUNNEL_RUNTIME_CLIENT_UNARY_CALL_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/client/client_call.h"

namespace runnel {

// Fills `response`, on whichever loop the caller is.
Awaitable<absl::Status> UnaryCallUntyped(std::shared_ptr<ChannelInterface> channel,
                                         const MethodInfo& method,
                                         const google::protobuf::Message& request,
                                         google::protobuf::Message& response, CallOptions options);

template <typename Response, typename Request>
Awaitable<absl::StatusOr<Response>> UnaryCall(std::shared_ptr<ChannelInterface> channel,
                                              const MethodInfo& method, Request request,
                                              CallOptions options) {
  Response response;
  absl::Status status =
      co_await UnaryCallUntyped(std::move(channel), method, request, response, std::move(options));
  if (!status.ok()) co_return status;
  co_return response;
}

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_UNARY_CALL_H_
