#include "runtime/client/scripted_http.h"

#include <optional>
#include <utility>

#include "runtime/async/signal.h"

namespace runnel::scripted {
namespace {

class Body final : public HttpBody {
 public:
  Body(std::shared_ptr<Script> script, Step step)
      : script_(std::move(script)), step_(std::move(step)) {
    ++script_->open_bodies;
  }
  ~Body() override { --script_->open_bodies; }

  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
    given_.clear();  // what was read before is gone
    if (next_ < step_.pieces.size()) {
      ++script_->pieces_read;
      given_ = step_.pieces[next_++];
      co_return std::string_view(given_);
    }
    if (step_.then == Then::kHang) {
      const absl::Status waited = co_await never_.Wait();
      co_return waited;
    }
    if (step_.then == Then::kBreak) co_return absl::UnavailableError("broken");
    co_return std::nullopt;
  }

 private:
  const std::shared_ptr<Script> script_;
  const Step step_;
  size_t next_ = 0;
  std::string given_;
  Signal never_;
};

class Client final : public HttpClient {
 public:
  Client(std::shared_ptr<Script> script, std::string origin)
      : script_(std::move(script)), origin_(std::move(origin)) {}

  Awaitable<absl::StatusOr<HttpResponse>> Send(HttpRequest request) override {
    Seen seen;
    seen.origin = origin_;
    seen.method = request.method;
    seen.target = request.target;
    seen.headers = request.headers;
    const absl::StatusOr<std::string> body =
        co_await ReadAll(request.body.get(), 1 << 20, "the test's");
    seen.body = *body;
    script_->seen.push_back(seen);
    if (script_->steps.empty()) co_return absl::InternalError("the script has ended");
    Step step = std::move(script_->steps.front());
    script_->steps.pop_front();
    if (step.hang) {
      Signal never;
      const absl::Status waited = co_await never.Wait();
      co_return waited;
    }
    if (!step.failure.ok()) co_return step.failure;
    HttpResponse response;
    response.status = step.status;
    response.headers = step.headers;
    response.body = std::make_unique<Body>(script_, std::move(step));
    co_return response;
  }

 private:
  const std::shared_ptr<Script> script_;
  const std::string origin_;
};

}  // namespace

Step Stream(Strings pieces, Then then) {
  Step step;
  step.pieces = std::move(pieces);
  step.then = then;
  return step;
}

Step Answer(int status, HttpHeaders headers, std::string body) {
  Step step;
  step.status = status;
  step.headers = std::move(headers);
  step.then = Then::kEnd;
  if (!body.empty()) step.pieces.push_back(std::move(body));
  return step;
}

Step Redirect(int status, std::string location) {
  return Answer(status, {{"location", std::move(location)}});
}

Step Failure(absl::Status status) {
  Step step;
  step.failure = std::move(status);
  return step;
}

std::function<absl::StatusOr<std::shared_ptr<HttpClient>>(const std::string& origin)> HttpOf(
    std::shared_ptr<Script> script) {
  return [script](const std::string& origin) -> absl::StatusOr<std::shared_ptr<HttpClient>> {
    return std::make_shared<Client>(script, origin);
  };
}

}  // namespace runnel::scripted
