#include "runtime/server/method_binding.h"

#include <memory>

namespace runnel {

Awaitable<absl::Status> ReadOnlyRequest(MessageReader& in, google::protobuf::Message& request) {
  if (!in.TryRead(request)) {
    absl::StatusOr<bool> first = co_await in.Read(request);
    if (!first.ok()) co_return std::move(first).status();
    if (!*first) co_return absl::UnimplementedError("the call has no request message");
  }
  std::unique_ptr<google::protobuf::Message> extra(request.New());
  absl::StatusOr<bool> second = co_await in.Read(*extra);
  if (!second.ok()) co_return std::move(second).status();
  if (*second) co_return absl::UnimplementedError("the call has more than one request message");
  co_return absl::OkStatus();
}

}  // namespace runnel
