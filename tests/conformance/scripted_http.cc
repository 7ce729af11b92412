#include "tests/conformance/scripted_http.h"

#include <utility>

#include "runtime/core/status_macros.h"

namespace conformance {

using runnel::Awaitable;

void ScriptedExchange::Answer(int with_status, runnel::HttpHeaders with_headers) {
  answered = true;
  status = with_status;
  response_headers = std::move(with_headers);
  changed.Notify();
}

void ScriptedExchange::Push(std::string piece) {
  pieces.push_back(std::move(piece));
  changed.Notify();
}

void ScriptedExchange::End() {
  ended = true;
  changed.Notify();
}

void ScriptedExchange::Break(absl::Status why) {
  broken = std::move(why);
  changed.Notify();
}

class ScriptedHttp::Body final : public runnel::HttpBody {
 public:
  explicit Body(std::shared_ptr<ScriptedExchange> exchange) : exchange_(std::move(exchange)) {}
  ~Body() override { exchange_->abandoned = !exchange_->ended; }

  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
    const std::shared_ptr<ScriptedExchange> exchange = exchange_;
    for (;;) {
      if (!exchange->pieces.empty()) {
        given_ = std::move(exchange->pieces.front());
        exchange->pieces.pop_front();
        co_return std::optional<std::string_view>(given_);
      }
      if (exchange->ended) co_return std::nullopt;
      if (!exchange->broken.ok()) co_return exchange->broken;
      const absl::Status waited = co_await exchange->changed.Wait();
      if (!waited.ok()) co_return waited;
    }
  }

 private:
  const std::shared_ptr<ScriptedExchange> exchange_;
  std::string given_;
};

Awaitable<absl::StatusOr<runnel::HttpResponse>> ScriptedHttp::Send(runnel::HttpRequest request) {
  auto exchange = std::make_shared<ScriptedExchange>();
  exchange->server = server_;
  exchange->method = request.method;
  exchange->target = request.target;
  exchange->headers = request.headers;
  RUNNEL_CO_ASSIGN_OR_RETURN(
      exchange->body,
      co_await runnel::ReadAll(request.body.get(), 64 * 1024 * 1024, "what a transcript takes"));
  requests_.push_back(exchange);
  while (!exchange->answered && exchange->broken.ok()) {
    const absl::Status waited = co_await exchange->changed.Wait();
    if (waited.ok()) continue;
    exchange->abandoned = true;
    co_return waited;
  }
  if (!exchange->answered) co_return exchange->broken;
  runnel::HttpResponse response;
  response.status = exchange->status;
  response.headers = exchange->response_headers;
  response.body = std::make_unique<Body>(exchange);
  co_return response;
}

}  // namespace conformance
