// DirectAttempt makes a call in one HTTP exchange: a unary call, or a server stream whose
// response is an event stream (PROTOCOL.md, part A).

#ifndef RUNNEL_RUNTIME_CLIENT_DIRECT_ATTEMPT_H_
#define RUNNEL_RUNTIME_CLIENT_DIRECT_ATTEMPT_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "runtime/async/interruptible.h"
#include "runtime/client/call_attempt.h"
#include "runtime/client/direct_exchange.h"
#include "runtime/client/direct_options.h"
#include "runtime/core/method_info.h"
#include "runtime/http/http_message.h"
#include "runtime/wire/event_parser.h"

namespace runnel {

class DirectAttempt final : public CallAttempt {
 public:
  // `headers` go with the request. What is passed by reference outlives the attempt.
  DirectAttempt(std::shared_ptr<HttpClient> http, const MethodInfo& method, AttemptOptions options,
                HttpHeaders headers, const DirectOptions& direct);

  // Keeps the one request; the exchange begins with the first Receive.
  Awaitable<absl::Status> Send(std::string message, bool last) override;
  bool MaySend() const override { return !end_; }
  void SendNow(std::string message, bool /*last*/) override { request_ = std::move(message); }
  Awaitable<absl::Status> HalfClose() override;
  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Receive() override;
  std::optional<std::string_view> TryReceive() override;
  const Metadata& initial_metadata() const override { return response_.initial; }
  const Metadata& trailing_metadata() const override { return response_.trailing; }
  const std::optional<absl::Status>& end() const override { return end_; }
  bool accepted() const override { return response_.accepted(); }
  bool never_ran() const override { return response_.never_ran; }
  void Abandon(absl::Status status) override;

 private:
  HttpRequest MakeRequest();
  // Makes `request` a GET, with `message` in its target, where that may be and fits.
  bool TryGet(std::string_view message, bool compressed, HttpRequest& request) const;
  std::string MediaType() const;
  DirectExpectation Expectation() const;
  // Has the exchange bring more: the response of a unary call, or a piece of the event stream.
  Awaitable<absl::Status> ReceiveMore();
  // All of a unary call.
  Awaitable<absl::Status> ExchangeUnary(HttpRequest request, DirectExpectation expected);
  Awaitable<absl::Status> ReceivePiece();
  absl::Status TakeEnd(std::string_view json);

  const std::shared_ptr<HttpClient> http_;
  const MethodInfo& method_;
  const AttemptOptions options_;
  const DirectOptions& direct_;
  HttpHeaders headers_;
  Interruptible exchange_;

  std::optional<std::string> request_;
  bool begun_ = false;
  bool reading_ = false;
  DirectResponse response_;
  EventParser events_;
  std::string message_;              // the one that was received last
  bool unary_message_here_ = false;  // and nobody has had it
  std::optional<absl::Status> end_;  // what the attempt ended with
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_DIRECT_ATTEMPT_H_
