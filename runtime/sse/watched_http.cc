#include "runtime/sse/watched_http.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

class WatchedBody final : public HttpBody {
 public:
  WatchedBody(std::unique_ptr<HttpBody> body, std::shared_ptr<const HttpWatch> watch)
      : body_(std::move(body)), watch_(std::move(watch)) {}

  ~WatchedBody() override {
    body_.reset();
    watch_->error(absl::UnavailableError("the stream has ended"));
  }

  Awaitable<Piece> Read() override { return body_->Read(); }

 private:
  std::unique_ptr<HttpBody> body_;
  const std::shared_ptr<const HttpWatch> watch_;
};

bool IsEventStream(const HttpResponse& response) {
  const std::string_view type = response.headers.Get("content-type").value_or("");
  constexpr std::string_view kEventStream = "text/event-stream";
  return response.status == 200 &&
         EqualsIgnoreCase(type.substr(0, kEventStream.size()), kEventStream);
}

}  // namespace

WatchedHttp::WatchedHttp(std::shared_ptr<HttpClient> http, std::shared_ptr<const HttpWatch> watch)
    : http_(std::move(http)), watch_(std::move(watch)) {}

Awaitable<absl::StatusOr<HttpResponse>> WatchedHttp::Send(HttpRequest request) {
  const std::shared_ptr<const HttpWatch> watch = watch_;
  absl::StatusOr<HttpResponse> response = co_await http_->Send(std::move(request));
  if (!response.ok()) {
    watch->error(response.status());
  } else if (IsEventStream(*response) && response->body != nullptr) {
    watch->open();
    response->body = std::make_unique<WatchedBody>(std::move(response->body), watch);
  } else {
    watch->error(absl::UnavailableError(absl::StrCat("HTTP ", response->status)));
  }
  co_return response;
}

}  // namespace runnel
