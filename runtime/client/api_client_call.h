// ApiClientCall is a call of an ApiChannel: a unary one, which is one request, or a server stream,
// which is an event stream.

#ifndef RUNNEL_RUNTIME_CLIENT_API_CLIENT_CALL_H_
#define RUNNEL_RUNTIME_CLIENT_API_CLIENT_CALL_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/api/api_method.h"
#include "runtime/api/api_request.h"
#include "runtime/async/clock.h"
#include "runtime/async/interruptible.h"
#include "runtime/client/api_channel.h"
#include "runtime/client/backoff.h"
#include "runtime/client/client_call.h"
#include "runtime/client/event_source.h"
#include "runtime/client/event_source_request.h"
#include "runtime/client/event_source_url.h"
#include "runtime/client/event_stream_core.h"

namespace runnel {

// What the calls of a channel have in common. Its options' `http` is set.
struct ApiClientTarget {
  ApiClientTarget() = default;

  Executor executor;
  EventSourceUrl base;  // its target does not end with "/"
  ApiChannelOptions options;
  Clock* clock = nullptr;
};

// Lives on its channel's loop.
class ApiClientCall final : public ClientCall {
 public:
  // `method`, which has an API, outlives the call.
  ApiClientCall(std::shared_ptr<const ApiClientTarget> target, const MethodInfo& method,
                CallOptions call);
  ~ApiClientCall() override;

  // Keeps the one request; it is sent with the first Read.
  Awaitable<absl::Status> Write(const google::protobuf::Message& message,
                                const WriteOptions& options) override;
  Awaitable<absl::Status> WritesDone() override;
  Awaitable<absl::StatusOr<bool>> Read(google::protobuf::Message& message) override;
  const Metadata& initial_metadata() const override { return initial_; }
  const Metadata& trailing_metadata() const override { return trailing_; }
  void Cancel() override;

 private:
  // All of a unary call: its response, or what it ends with.
  Awaitable<absl::Status> Exchange(google::protobuf::Message& response);
  // One request. `again_after`: when another makes sense, and how long after.
  Awaitable<absl::Status> ExchangeOnce(google::protobuf::Message& response,
                                       std::optional<absl::Duration>& again_after);
  Awaitable<absl::StatusOr<bool>> ReadEvent(google::protobuf::Message& message);
  void OpenStream();

  // As the operation, which the end of the call interrupts, and the timeout.
  template <typename T>
  Awaitable<T> Timed(Awaitable<T> operation);
  absl::Status ErrorOf(int http_status, std::string_view body) const;
  bool Retries(const absl::Status& status) const;
  Awaitable<absl::Status> Pause(absl::Duration at_least);
  void End(absl::Status status);

  bool reconnects() const;

  const std::shared_ptr<const ApiClientTarget> target_;
  const MethodInfo& method_;
  const ApiMethod& api_;
  const CallOptions call_;
  EventSourceOptions source_options_;
  EventSourceRequests requests_;
  Interruptible operation_;
  std::unique_ptr<Timer> deadline_;
  Backoff backoff_;

  std::optional<ApiRequest> request_;
  int attempts_ = 0;
  // What the newest refusal of a stream has said.
  const std::shared_ptr<absl::Duration> retry_after_ = std::make_shared<absl::Duration>();
  std::shared_ptr<EventSource> source_;
  std::shared_ptr<EventStreamCore> stream_;
  bool received_ = false;  // something
  std::optional<absl::Status> end_;
  Metadata initial_;
  Metadata trailing_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_API_CLIENT_CALL_H_
