#include "tests/fault/http_relay.h"

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/clock.h"
#include "runtime/async/interruptible.h"
#include "runtime/core/string_view.h"

namespace fault {
namespace {

using runnel::Awaitable;
using runnel::Clock;
using runnel::HttpBody;
using runnel::HttpRequest;
using runnel::HttpResponse;

constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

HttpResponse Page(int status, const char* title) {
  HttpResponse response;
  response.status = status;
  response.headers.Add("content-type", "text/html");
  response.body =
      runnel::StringBody(absl::StrCat("<html><body><h1>", title, "</h1></body></html>\r\n"));
  return response;
}

// A response of which nothing arrives.
class LostBody final : public HttpBody {
 public:
  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
    co_return absl::UnavailableError("the reply is dropped (a fault)");
  }
};

// A response that is cut at a time.
class CutBody final : public HttpBody {
 public:
  CutBody(runnel::Executor executor, std::unique_ptr<HttpBody> body, absl::Time deadline,
          FaultCounts& counts)
      : body_(std::move(body)), deadline_(deadline), counts_(counts) {
    timer_ = Clock::Real().CallAt(std::move(executor), deadline_, [this] {
      due_ = true;
      interruptible_.Interrupt();
    });
  }

  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
    if (!due_) {
      absl::StatusOr<std::optional<std::string_view>> piece =
          co_await interruptible_.Await(body_->Read());
      if (piece.ok() && !*piece) timer_.reset();
      if (piece.ok() || !due_) co_return piece;
    }
    ++counts_.cut_responses;
    co_return absl::UnavailableError("the response is cut (a fault)");
  }

 private:
  const std::unique_ptr<HttpBody> body_;
  const absl::Time deadline_;
  FaultCounts& counts_;
  bool due_ = false;
  runnel::Interruptible interruptible_;
  std::unique_ptr<runnel::Timer> timer_;
};

bool IsStream(const HttpResponse& response) {
  return absl::StartsWith(runnel::AbslView(response.headers.Get("content-type").value_or("")),
                          "text/event-stream");
}

}  // namespace

HttpResponse HttpRelay::Refuse(int status, const char* title) {
  ++counts_.refusals;
  return Page(status, title);
}

Awaitable<HttpResponse> HttpRelay::Handle(HttpRequest request) {
  const uint64_t limit = options_.limit_body > 0 ? options_.limit_body : kNoLimit;
  absl::StatusOr<std::string> body = co_await ReadAll(request.body.get(), limit, "--limit-body");
  if (absl::IsResourceExhausted(body.status())) {
    co_return Refuse(413, "413 Request Entity Too Large");
  }
  if (!body.ok()) co_return Page(400, "400 Bad Request");
  if (dice_.Percent(static_cast<uint64_t>(options_.bad_gateway))) {
    co_return Refuse(502, "502 Bad Gateway");
  }
  request.body = runnel::StringBody(*std::move(body));
  request.version = 11;
  request.headers.Remove("connection");
  request.headers.Remove("keep-alive");

  const bool cuts = options_.cut_responses_at > absl::ZeroDuration();
  const absl::Time deadline =
      cuts ? Clock::Real().Now() + options_.cut_responses_at : absl::InfiniteFuture();
  runnel::Interruptible sending;
  std::unique_ptr<runnel::Timer> timer =
      Clock::Real().CallAt(executor_, deadline, [&sending] { sending.Interrupt(); });
  absl::StatusOr<HttpResponse> response =
      co_await sending.Await(upstream_.Send(std::move(request)));
  timer.reset();
  if (!response.ok()) co_return Page(502, "502 Bad Gateway");
  response->headers.Remove("connection");
  response->headers.Remove("keep-alive");
  if (response->body != nullptr && cuts) {
    response->body =
        std::make_unique<CutBody>(executor_, std::move(response->body), deadline, counts_);
  }
  if (options_.buffer) {
    absl::StatusOr<std::string> whole =
        co_await ReadAll(response->body.get(), kNoLimit, "a buffer");
    if (!whole.ok()) co_return Page(504, "504 Gateway Timeout");
    response->body = runnel::StringBody(*std::move(whole));
  }
  if (!IsStream(*response) && dice_.Percent(static_cast<uint64_t>(options_.drop_replies))) {
    ++counts_.dropped_replies;
    response->body = std::make_unique<LostBody>();
  }
  co_return *std::move(response);
}

}  // namespace fault
