// EnvelopeAttempt makes a call in one HTTP exchange whose messages travel in envelopes, as the
// Connect protocol has its streams (PROTOCOL.md, A.5). Envelopes have no event ids.

#ifndef RUNNEL_RUNTIME_CLIENT_ENVELOPE_ATTEMPT_H_
#define RUNNEL_RUNTIME_CLIENT_ENVELOPE_ATTEMPT_H_

#include <memory>
#include <optional>
#include <string>

#include "runtime/async/task_group.h"
#include "runtime/client/call_attempt.h"
#include "runtime/client/direct_options.h"
#include "runtime/client/envelope_exchange.h"
#include "runtime/core/method_info.h"
#include "runtime/http/http_message.h"

namespace runnel {

// The exchange begins with the first operation and runs in a task of its own: requests leave as
// they are sent, and the response is taken meanwhile. So what the server says early, such as an
// error, ends the attempt at once. Most servers answer over HTTP/1.1 only when they have the whole
// request (half-duplex): a Receive waits for that.
class EnvelopeAttempt final : public CallAttempt {
 public:
  // `headers` go with the request. `method` outlives the attempt.
  EnvelopeAttempt(Executor executor, std::shared_ptr<HttpClient> http, const MethodInfo& method,
                  AttemptOptions options, HttpHeaders headers, const DirectOptions& direct);
  ~EnvelopeAttempt() override;

  Awaitable<absl::Status> Send(std::string message, bool last) override;
  Awaitable<absl::Status> HalfClose() override;
  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Receive() override;
  const Metadata& initial_metadata() const override { return exchange_->response().initial; }
  const Metadata& trailing_metadata() const override { return exchange_->response().trailing; }
  const std::optional<absl::Status>& end() const override { return exchange_->end(); }
  bool accepted() const override { return exchange_->response().accepted(); }
  bool never_ran() const override { return exchange_->response().never_ran; }
  void Abandon(absl::Status status) override;

 private:
  // Begins the exchange, unless it has begun, or is over before that.
  void Begin();

  const std::shared_ptr<HttpClient> http_;
  const MethodInfo& method_;
  const AttemptOptions options_;
  Clock& clock_;
  HttpHeaders headers_;
  const std::shared_ptr<EnvelopeExchange> exchange_;
  bool begun_ = false;
  std::string message_;  // the one that was received last
  TaskGroup tasks_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_ENVELOPE_ATTEMPT_H_
