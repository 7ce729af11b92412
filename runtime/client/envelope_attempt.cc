#include "runtime/client/envelope_attempt.h"

#include <utility>

#include "runtime/core/status_macros.h"

namespace runnel {

EnvelopeAttempt::EnvelopeAttempt(Executor executor, std::shared_ptr<HttpClient> http,
                                 const MethodInfo& method, AttemptOptions options,
                                 HttpHeaders headers, const DirectOptions& direct)
    : http_(std::move(http)),
      method_(method),
      options_(std::move(options)),
      clock_(*direct.clock),
      headers_(std::move(headers)),
      exchange_(std::make_shared<EnvelopeExchange>(direct)),
      tasks_(std::move(executor)) {}

EnvelopeAttempt::~EnvelopeAttempt() { Abandon(absl::CancelledError("the call was given up")); }

void EnvelopeAttempt::Abandon(absl::Status status) {
  exchange_->End(std::move(status));
  tasks_.Cancel();
}

void EnvelopeAttempt::Begin() {
  if (exchange_->end() || std::exchange(begun_, true)) return;
  HttpRequest request = NewDirectRequest(method_, options_, std::move(headers_), clock_);
  exchange_->FinishRequest(request);
  tasks_.Spawn(EnvelopeExchange::Run(exchange_, http_, std::move(request), method_.kind));
}

Awaitable<absl::Status> EnvelopeAttempt::Send(std::string message, bool last) {
  const std::shared_ptr<EnvelopeExchange> exchange = exchange_;
  exchange->Write(message);
  if (last) exchange->CompleteRequest();
  Begin();
  co_return co_await exchange->AwaitRoom();
}

Awaitable<absl::Status> EnvelopeAttempt::HalfClose() {
  exchange_->CompleteRequest();
  Begin();
  co_return absl::OkStatus();
}

Awaitable<absl::StatusOr<std::optional<std::string_view>>> EnvelopeAttempt::Receive() {
  const std::shared_ptr<EnvelopeExchange> exchange = exchange_;
  Begin();
  absl::StatusOr<bool> read = co_await exchange->Read(message_);
  if (read.ok() && *read) co_return std::string_view(message_);
  if (!read.ok()) {
    // A message that cannot be read, unless this coroutine was cancelled.
    if (!absl::IsCancelled(read.status())) Abandon(read.status());
    co_return std::move(read).status();
  }
  if (!exchange->end()->ok()) co_return *exchange->end();
  co_return std::nullopt;
}

}  // namespace runnel
