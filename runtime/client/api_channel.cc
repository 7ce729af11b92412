#include "runtime/client/api_channel.h"

#include <boost/asio/post.hpp>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/client/api_client_call.h"
#include "runtime/client/event_source_url.h"
#include "runtime/client/failed_call.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/http/http_client.h"

namespace runnel {
namespace {

// The channel's connections. On its loop only.
class HttpClients {
 public:
  absl::StatusOr<std::shared_ptr<HttpClient>> Get(const Executor& executor,
                                                  const HttpClientOptions& options,
                                                  const std::string& origin) {
    std::shared_ptr<HttpClient>& client = clients_[origin];
    if (client == nullptr) {
      RUNNEL_ASSIGN_OR_RETURN(client, TcpHttpClient::Create(executor, origin, options));
    }
    return client;
  }

 private:
  std::map<std::string, std::shared_ptr<HttpClient>> clients_;
};

absl::StatusOr<EventSourceUrl> ParseBase(std::string_view url) {
  RUNNEL_ASSIGN_OR_RETURN(EventSourceUrl base, ParseEventSourceUrl(url));
  if (base.target.find('?') != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("the URL \"", AbslView(url), "\" of an API has a query; methods have theirs"));
  }
  if (base.target.ends_with('/')) base.target.pop_back();
  return base;
}

}  // namespace

struct ApiChannel::State {
  std::shared_ptr<ApiClientTarget> target = std::make_shared<ApiClientTarget>();
  absl::Status failure;
};

std::shared_ptr<ApiChannel> ApiChannel::Connect(Executor executor, std::string_view url,
                                                ApiChannelOptions options) {
  auto state = std::make_shared<State>();
  ApiClientTarget& target = *state->target;
  target.executor = std::move(executor);
  target.clock = options.clock != nullptr ? options.clock : &Clock::Real();
  if (!options.http) {
    HttpClientOptions http;
    http.limits = options.limits;
    http.clock = target.clock;
    http.connect_timeout = options.connect_timeout;
    http.tls = options.tls;
    options.http = [clients = std::make_shared<HttpClients>(), loop = target.executor,
                    http = std::move(http)](const std::string& origin) {
      return clients->Get(loop, http, origin);
    };
  }
  target.options = std::move(options);
  absl::StatusOr<EventSourceUrl> base = ParseBase(url);
  if (base.ok()) {
    target.base = *std::move(base);
  } else {
    state->failure = std::move(base).status();
  }
  return std::shared_ptr<ApiChannel>(new ApiChannel(std::move(state)));
}

ApiChannel::ApiChannel(std::shared_ptr<State> state) : state_(std::move(state)) {}

ApiChannel::~ApiChannel() {
  // Connections end where they live.
  const Executor executor = state_->target->executor;
  asio::post(executor, [target = std::move(state_->target)] {});
}

Executor ApiChannel::executor() { return state_->target->executor; }

std::unique_ptr<ClientCall> ApiChannel::NewCall(const MethodInfo& method, CallOptions options) {
  return Intercepted(0, method, std::move(options));
}

std::unique_ptr<ClientCall> ApiChannel::Intercepted(size_t index, const MethodInfo& method,
                                                    CallOptions options) {
  const auto& interceptors = state_->target->options.interceptors;
  if (index < interceptors.size()) {
    return interceptors[index]->Intercept(method, std::move(options),
                                          [this, index](const MethodInfo& m, CallOptions o) {
                                            return Intercepted(index + 1, m, std::move(o));
                                          });
  }
  if (!state_->failure.ok()) return std::make_unique<FailedCall>(state_->failure);
  if (method.api == nullptr) {
    return std::make_unique<FailedCall>(absl::UnimplementedError(
        absl::StrCat(AbslView(method.path),
                     " is no request of an HTTP API: its .proto says no (runnel.v1.http)")));
  }
  return std::make_unique<ApiClientCall>(state_->target, method, std::move(options));
}

}  // namespace runnel
