#include "runtime/client/channel.h"

#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/client/client_session.h"
#include "runtime/client/direct_client_call.h"
#include "runtime/client/session_client_call.h"
#include "runtime/core/string_view.h"
#include "runtime/http/http_client.h"

namespace runnel {
namespace {

// A call that is over before it begins.
class FailedCall final : public ClientCall {
 public:
  explicit FailedCall(absl::Status status) : status_(std::move(status)) {}

  Awaitable<absl::Status> Write(const google::protobuf::Message&, const WriteOptions&) override {
    co_return status_;
  }
  Awaitable<absl::Status> WritesDone() override { co_return status_; }
  Awaitable<absl::StatusOr<bool>> Read(google::protobuf::Message&) override { co_return status_; }
  const Metadata& initial_metadata() const override { return none_; }
  const Metadata& trailing_metadata() const override { return none_; }
  void Cancel() override {}

 private:
  const absl::Status status_;
  const Metadata none_;
};

class HttpChannel final : public Channel {
 public:
  HttpChannel(Executor executor, absl::StatusOr<std::shared_ptr<HttpClient>> http,
              ChannelOptions options)
      : executor_(std::move(executor)),
        http_(std::move(http)),
        options_(std::move(options)),
        clock_(options_.clock != nullptr ? *options_.clock : Clock::Real()) {}

  ~HttpChannel() override {
    // Sessions and connections end where they live.
    asio::post(executor_, [session = std::move(session_), http = std::move(http_)] {
      if (session != nullptr) session->Close();
    });
  }

  Executor executor() override { return executor_; }

  std::unique_ptr<ClientCall> NewCall(const MethodInfo& method, CallOptions options) override {
    return Intercepted(0, method, std::move(options));
  }

 private:
  std::unique_ptr<ClientCall> Intercepted(size_t index, const MethodInfo& method,
                                          CallOptions options) {
    if (index == options_.interceptors.size()) return Start(method, std::move(options));
    return options_.interceptors[index]->Intercept(
        method, std::move(options), [this, index](const MethodInfo& m, CallOptions o) {
          return Intercepted(index + 1, m, std::move(o));
        });
  }

  std::unique_ptr<ClientCall> Start(const MethodInfo& method, CallOptions options) {
    if (!http_.ok()) return std::make_unique<FailedCall>(http_.status());
    Route route = options.route.value_or(options_.route);
    if (route == Route::kAuto) {
      route = method.kind == CallKind::kUnary ? Route::kDirect : Route::kSession;
    }
    if (route == Route::kSession) {
      return std::make_unique<SessionClientCall>(CurrentSession(), method, std::move(options),
                                                 clock_);
    }
    if (method.client_streams()) {
      return std::make_unique<FailedCall>(absl::UnimplementedError(absl::StrCat(
          AbslView(method.path),
          " streams requests, which a direct call cannot; use Route::kSession or kAuto")));
    }
    return std::make_unique<DirectClientCall>(executor_, *http_, method, std::move(options),
                                              options_.codec, options_.limits, clock_);
  }

  std::shared_ptr<ClientSession> CurrentSession() {
    if (session_ == nullptr || !session_->over().ok()) {
      session_ = std::make_shared<ClientSession>(executor_, *http_, options_.codec, options_.limits,
                                                 clock_);
    }
    return session_;
  }

  const Executor executor_;
  absl::StatusOr<std::shared_ptr<HttpClient>> http_;
  const ChannelOptions options_;
  Clock& clock_;
  std::shared_ptr<ClientSession> session_;
};

}  // namespace

std::shared_ptr<Channel> Channel::Connect(Executor executor, std::string_view url,
                                          ChannelOptions options) {
  HttpClientOptions http_options;
  http_options.limits = options.limits;
  http_options.clock = options.clock;
  absl::StatusOr<std::shared_ptr<HttpClient>> http =
      TcpHttpClient::Create(executor, url, std::move(http_options));
  return std::make_shared<HttpChannel>(std::move(executor), std::move(http), std::move(options));
}

std::shared_ptr<Channel> Channel::Over(Executor executor, std::shared_ptr<HttpClient> http,
                                       ChannelOptions options) {
  return std::make_shared<HttpChannel>(std::move(executor), std::move(http), std::move(options));
}

}  // namespace runnel
