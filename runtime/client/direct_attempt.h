// DirectAttempt makes a call in one HTTP exchange: a unary call, or a server stream whose
// response is an event stream (PROTOCOL.md, part A).

#ifndef RUNNEL_RUNTIME_CLIENT_DIRECT_ATTEMPT_H_
#define RUNNEL_RUNTIME_CLIENT_DIRECT_ATTEMPT_H_

#include <memory>
#include <optional>
#include <string>

#include "runtime/async/clock.h"
#include "runtime/async/interruptible.h"
#include "runtime/client/call_attempt.h"
#include "runtime/core/codec.h"
#include "runtime/core/limits.h"
#include "runtime/core/method_info.h"
#include "runtime/http/http_message.h"
#include "runtime/wire/event_parser.h"

namespace runnel {

class DirectAttempt final : public CallAttempt {
 public:
  // `headers` go with the request. What is passed by reference outlives the attempt.
  DirectAttempt(std::shared_ptr<HttpClient> http, const MethodInfo& method, AttemptOptions options,
                HttpHeaders headers, Codec codec, const Limits& limits, Clock& clock);

  // Keeps the one request; the exchange begins with the first Receive.
  Awaitable<absl::Status> Send(std::string message, bool last) override;
  Awaitable<absl::Status> HalfClose() override;
  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Receive() override;
  const Metadata& initial_metadata() const override { return initial_metadata_; }
  const Metadata& trailing_metadata() const override { return trailing_metadata_; }
  const std::optional<absl::Status>& end() const override { return end_; }
  bool accepted() const override { return response_ != nullptr; }
  bool never_ran() const override { return never_ran_; }
  void Abandon(absl::Status status) override;

 private:
  HttpRequest MakeRequest();
  // The steps of Receive. Each gives nullopt, or an error, when the call is over.
  Awaitable<absl::Status> Exchange();
  Awaitable<absl::StatusOr<std::optional<std::string_view>>> ReadUnary();
  Awaitable<absl::StatusOr<std::optional<std::string_view>>> ReadEvent();
  Awaitable<absl::StatusOr<std::optional<std::string_view>>> TryReceive();
  absl::Status TakeEnd(std::string_view json);

  const std::shared_ptr<HttpClient> http_;
  const MethodInfo& method_;
  const AttemptOptions options_;
  HttpHeaders headers_;
  const Codec codec_;
  const Limits& limits_;
  Clock& clock_;
  Interruptible exchange_;

  std::optional<std::string> request_;
  bool begun_ = false;
  bool reading_ = false;
  std::unique_ptr<HttpBody> response_;
  EventParser events_;
  std::string message_;              // the one that was received last
  std::optional<absl::Status> end_;  // what the attempt ended with
  bool never_ran_ = false;
  Metadata initial_metadata_;
  Metadata trailing_metadata_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_DIRECT_ATTEMPT_H_
