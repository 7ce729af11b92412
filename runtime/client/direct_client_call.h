// DirectClientCall makes a call in one HTTP exchange: a unary call, or a server stream whose
// response is an event stream (PROTOCOL.md, part A).

#ifndef RUNNEL_RUNTIME_CLIENT_DIRECT_CLIENT_CALL_H_
#define RUNNEL_RUNTIME_CLIENT_DIRECT_CLIENT_CALL_H_

#include <memory>
#include <optional>
#include <string>

#include "runtime/async/clock.h"
#include "runtime/async/interruptible.h"
#include "runtime/client/client_call.h"
#include "runtime/core/codec.h"
#include "runtime/core/limits.h"
#include "runtime/http/http_message.h"
#include "runtime/wire/event_parser.h"

namespace runnel {

// Lives on its channel's loop.
class DirectClientCall final : public ClientCall {
 public:
  DirectClientCall(Executor executor, std::shared_ptr<HttpClient> http, const MethodInfo& method,
                   CallOptions options, Codec codec, const Limits& limits, Clock& clock);

  // Keeps the one request; the exchange begins with the first Read.
  Awaitable<absl::Status> Write(const google::protobuf::Message& message,
                                const WriteOptions& options) override;
  Awaitable<absl::Status> WritesDone() override;
  Awaitable<absl::StatusOr<bool>> Read(google::protobuf::Message& message) override;
  const Metadata& initial_metadata() const override { return initial_metadata_; }
  const Metadata& trailing_metadata() const override { return trailing_metadata_; }
  void Cancel() override;

 private:
  HttpRequest MakeRequest();
  // The steps of Read. Each gives false, or an error, when the call is over.
  Awaitable<absl::Status> Exchange();
  Awaitable<absl::StatusOr<bool>> ReadUnary(google::protobuf::Message& message);
  Awaitable<absl::StatusOr<bool>> ReadEvent(google::protobuf::Message& message);
  Awaitable<absl::StatusOr<bool>> TryRead(google::protobuf::Message& message);
  absl::StatusOr<bool> TakeEnd(std::string_view json);
  void Abort(absl::Status status);

  const std::shared_ptr<HttpClient> http_;
  const MethodInfo& method_;
  const CallOptions options_;
  const Codec codec_;
  const Limits& limits_;
  Clock& clock_;
  absl::Time deadline_;
  std::unique_ptr<Timer> timer_;
  Interruptible exchange_;

  std::optional<std::string> request_;
  bool begun_ = false;
  bool reading_ = false;
  std::unique_ptr<HttpBody> response_;
  EventParser events_;
  std::string scratch_;
  std::optional<absl::Status> end_;  // what the call ended with
  Metadata initial_metadata_;
  Metadata trailing_metadata_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_DIRECT_CLIENT_CALL_H_
