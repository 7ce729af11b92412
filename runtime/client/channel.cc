#include "runtime/client/channel.h"

#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "runtime/client/failed_call.h"
#include "runtime/client/retrying_call.h"
#include "runtime/client/server_list.h"
#include "runtime/core/string_view.h"
#include "runtime/http/http_client.h"

namespace runnel {
namespace {

class HttpChannel final : public Channel {
 public:
  HttpChannel(Executor executor, absl::StatusOr<std::vector<std::shared_ptr<HttpClient>>> servers,
              ChannelOptions options)
      : executor_(std::move(executor)),
        options_(std::move(options)),
        clock_(options_.clock != nullptr ? *options_.clock : Clock::Real()),
        failure_(servers.status()) {
    if (!servers.ok()) return;
    ServerList::Options list;
    list.executor = executor_;
    list.servers = *std::move(servers);
    list.direct.protocol = options_.protocol;
    list.direct.codec = options_.codec;
    list.direct.compression = options_.compression;
    list.direct.compress_min_bytes = options_.compress_min_bytes;
    list.direct.use_get = options_.use_get;
    list.direct.limits = options_.limits;
    list.direct.clock = &clock_;
    list.credentials = options_.credentials;
    list.on_status = options_.on_status;
    servers_ = std::make_shared<ServerList>(std::move(list));
    auto calls = std::make_shared<RetryingCall::Options>();
    calls->servers = servers_;
    calls->codec = options_.codec;
    calls->limits = options_.limits;
    calls->retry = options_.retry;
    calls->executor = executor_;
    calls->clock = &clock_;
    calls_ = std::move(calls);
  }

  ~HttpChannel() override {
    if (servers_ == nullptr) return;
    // Sessions and connections end where they live.
    asio::post(executor_,
               [servers = std::move(servers_), calls = std::move(calls_)] { servers->Close(); });
  }

  Executor executor() override { return executor_; }

  std::unique_ptr<ClientCall> NewCall(const MethodInfo& method, CallOptions options) override {
    return Intercepted(0, method, std::move(options));
  }

  ChannelStatus status() const override {
    return servers_ != nullptr ? servers_->status() : ChannelStatus();
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
    if (!failure_.ok()) return std::make_unique<FailedCall>(failure_);
    const absl::StatusOr<Route> route = RouteOf(method, options);
    if (!route.ok()) return std::make_unique<FailedCall>(route.status());
    return std::make_unique<RetryingCall>(calls_, *route, method, std::move(options));
  }

  absl::StatusOr<Route> RouteOf(const MethodInfo& method, const CallOptions& options) const {
    const bool runnel = options_.protocol == Protocol::kRunnel;
    Route route = options.route.value_or(options_.route);
    if (route == Route::kAuto) {
      route = method.kind == CallKind::kUnary || !runnel ? Route::kDirect : Route::kSession;
    }
    if (route == Route::kSession && !runnel) {
      return absl::InvalidArgumentError(absl::StrCat(
          AbslView(method.path),
          " cannot go by Route::kSession: the channel's protocol is Protocol::kConnect, which has "
          "no sessions, and so no streams in both directions at once"));
    }
    if (route == Route::kDirect && !options.last_event_id.empty() &&
        (method.client_streams() || !runnel)) {
      return absl::InvalidArgumentError(absl::StrCat(
          AbslView(method.path),
          " cannot resume after CallOptions::last_event_id: its messages have no event ids"));
    }
    return route;
  }

  const Executor executor_;
  const ChannelOptions options_;
  Clock& clock_;
  const absl::Status failure_;
  std::shared_ptr<ServerList> servers_;
  std::shared_ptr<const RetryingCall::Options> calls_;
};

}  // namespace

std::shared_ptr<Channel> Channel::Connect(Executor executor, std::string_view url,
                                          ChannelOptions options) {
  return Connect(std::move(executor), std::vector<std::string>{std::string(url)},
                 std::move(options));
}

std::shared_ptr<Channel> Channel::Connect(Executor executor, const std::vector<std::string>& urls,
                                          ChannelOptions options) {
  HttpClientOptions http_options;
  http_options.limits = options.limits;
  http_options.clock = options.clock;
  http_options.tls = options.tls;
  absl::StatusOr<std::vector<std::shared_ptr<HttpClient>>> servers =
      std::vector<std::shared_ptr<HttpClient>>();
  if (urls.empty()) servers = absl::InvalidArgumentError("the channel has no servers' URLs");
  for (const std::string& url : urls) {
    absl::StatusOr<std::shared_ptr<HttpClient>> http =
        TcpHttpClient::Create(executor, url, http_options);
    if (!http.ok()) {
      servers = http.status();
      break;
    }
    servers->push_back(*std::move(http));
  }
  return std::make_shared<HttpChannel>(std::move(executor), std::move(servers), std::move(options));
}

std::shared_ptr<Channel> Channel::Over(Executor executor, std::shared_ptr<HttpClient> http,
                                       ChannelOptions options) {
  return Over(std::move(executor), std::vector<std::shared_ptr<HttpClient>>{std::move(http)},
              std::move(options));
}

std::shared_ptr<Channel> Channel::Over(Executor executor,
                                       std::vector<std::shared_ptr<HttpClient>> servers,
                                       ChannelOptions options) {
  return std::make_shared<HttpChannel>(std::move(executor), std::move(servers), std::move(options));
}

}  // namespace runnel
