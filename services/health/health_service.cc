#include "services/health/health_service.h"

#include <boost/asio/post.hpp>
#include <list>
#include <map>
#include <mutex>
#include <optional>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "grpc/health/v1/health.runnel.h"
#include "runnel/async.h"

namespace runnel {
namespace {

namespace v1 = grpc::health::v1;

v1::HealthCheckResponse ResponseOf(HealthStatus status) {
  v1::HealthCheckResponse response;
  switch (status) {
    case HealthStatus::kServing:
      response.set_status(v1::HealthCheckResponse::SERVING);
      break;
    case HealthStatus::kNotServing:
      response.set_status(v1::HealthCheckResponse::NOT_SERVING);
      break;
    case HealthStatus::kUnknown:
      break;
  }
  return response;
}

// The answer at a path: one line of text.
HttpResponse TextResponse(const HttpRequest& request, int status, std::string_view line) {
  HttpResponse response;
  response.headers.Add("content-type", "text/plain");
  response.headers.Add("cache-control", "no-store");
  if (request.method != "GET" && request.method != "HEAD") {
    response.headers.Add("allow", "GET, HEAD");
    status = 405;
    line = "GET, please";
  }
  response.status = status;
  response.body = StringBody(std::string(line) + "\n");
  return response;
}

}  // namespace

// Thread-safe.
class HealthService::Statuses {
 public:
  // Woken on its loop when something has changed.
  struct Watcher {
    Executor executor;
    Signal changed;
  };
  using Place = std::list<std::shared_ptr<Watcher>>::iterator;

  struct View {
    std::optional<HealthStatus> status;  // of a service; nullopt for one that is not known
    bool draining = false;
  };

  void Set(std::string_view service, HealthStatus status) {
    std::lock_guard lock(mutex_);
    if (draining_) return;
    statuses_.insert_or_assign(std::string(service), status);
    Wake();
  }
  void SetUnlessKnown(const std::vector<std::string>& services) {
    std::lock_guard lock(mutex_);
    for (const std::string& name : services) statuses_.emplace(name, HealthStatus::kServing);
    Wake();
  }
  void Drain() {
    std::lock_guard lock(mutex_);
    draining_ = true;
    for (auto& [name, status] : statuses_) status = HealthStatus::kNotServing;
    Wake();
  }

  View Of(const std::string& service) const {
    std::lock_guard lock(mutex_);
    const auto found = statuses_.find(service);
    if (found == statuses_.end()) return {std::nullopt, draining_};
    return {found->second, draining_};
  }
  std::map<std::string, HealthStatus> All() const {
    std::lock_guard lock(mutex_);
    return statuses_;
  }

  Place Join(std::shared_ptr<Watcher> watcher) {
    std::lock_guard lock(mutex_);
    return watchers_.insert(watchers_.end(), std::move(watcher));
  }
  void Leave(Place place) {
    std::lock_guard lock(mutex_);
    watchers_.erase(place);
  }

 private:
  void Wake() {
    for (const std::shared_ptr<Watcher>& watcher : watchers_) {
      asio::post(watcher->executor, [watcher] { watcher->changed.Notify(); });
    }
  }

  mutable std::mutex mutex_;
  std::map<std::string, HealthStatus> statuses_ = {{"", HealthStatus::kServing}};
  bool draining_ = false;
  std::list<std::shared_ptr<Watcher>> watchers_;
};

class HealthService::Rpc final : public v1::Health::Service {
 public:
  explicit Rpc(Statuses& statuses) : statuses_(statuses) {}

  Awaitable<absl::StatusOr<v1::HealthCheckResponse>> Check(
      ServerContext&, const v1::HealthCheckRequest& request) override {
    const Statuses::View view = statuses_.Of(request.service());
    if (!view.status) {
      co_return absl::NotFoundError(
          absl::StrCat("this server has no service \"", request.service(), "\""));
    }
    co_return ResponseOf(*view.status);
  }

  Awaitable<absl::StatusOr<v1::HealthListResponse>> List(ServerContext&,
                                                         const v1::HealthListRequest&) override {
    v1::HealthListResponse response;
    for (const auto& [name, status] : statuses_.All()) {
      (*response.mutable_statuses())[name] = ResponseOf(status);
    }
    co_return response;
  }

  Awaitable<absl::Status> Watch(ServerContext& context, const v1::HealthCheckRequest& request,
                                Writer<v1::HealthCheckResponse>& out) override {
    auto watcher = std::make_shared<Statuses::Watcher>();
    watcher->executor = context.executor();
    const Statuses::Place place = statuses_.Join(watcher);
    const absl::Cleanup leave = [this, place] { statuses_.Leave(place); };
    std::optional<v1::HealthCheckResponse::ServingStatus> told;
    while (true) {
      const Statuses::View view = statuses_.Of(request.service());
      v1::HealthCheckResponse response;
      response.set_status(v1::HealthCheckResponse::SERVICE_UNKNOWN);
      if (view.status) response = ResponseOf(*view.status);
      if (told != response.status()) {
        told = response.status();
        RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(response));
        continue;  // it may have changed meanwhile
      }
      // It will not change any more, and nobody shall wait for this stream's end.
      if (view.draining) co_return absl::UnavailableError("the server is shutting down");
      RUNNEL_CO_RETURN_IF_ERROR(co_await watcher->changed.Wait());
    }
  }

 private:
  Statuses& statuses_;
};

class HealthService::Alive final : public MountedHandler {
 public:
  Awaitable<HttpResponse> Handle(HttpRequest request, std::string) override {
    co_return TextResponse(request, 200, "alive");
  }
  bool asks_who_calls() const override { return false; }
};

class HealthService::Ready final : public MountedHandler {
 public:
  explicit Ready(const Statuses& statuses) : statuses_(statuses) {}

  Awaitable<HttpResponse> Handle(HttpRequest request, std::string) override {
    const Statuses::View view = statuses_.Of("");
    if (view.draining) co_return TextResponse(request, 503, "draining");
    if (view.status != HealthStatus::kServing) co_return TextResponse(request, 503, "not serving");
    co_return TextResponse(request, 200, "ready");
  }
  bool asks_who_calls() const override { return false; }

 private:
  const Statuses& statuses_;
};

HealthService::HealthService(HealthOptions options)
    : options_(std::move(options)),
      statuses_(std::make_unique<Statuses>()),
      rpc_(std::make_unique<Rpc>(*statuses_)),
      alive_(std::make_unique<Alive>()),
      ready_(std::make_unique<Ready>(*statuses_)) {}

HealthService::~HealthService() = default;

void HealthService::SetStatus(std::string_view service, HealthStatus status) {
  statuses_->Set(service, status);
}

std::vector<ServerMethod> HealthService::runnel_methods() { return rpc_->runnel_methods(); }

std::vector<std::pair<std::string, MountedHandler*>> HealthService::runnel_handlers() {
  std::vector<std::pair<std::string, MountedHandler*>> handlers;
  if (!options_.alive_path.empty()) handlers.emplace_back(options_.alive_path, alive_.get());
  if (!options_.ready_path.empty()) handlers.emplace_back(options_.ready_path, ready_.get());
  return handlers;
}

void HealthService::runnel_start(const std::vector<std::string>& services) {
  statuses_->SetUnlessKnown(services);
}

void HealthService::runnel_drain() { statuses_->Drain(); }

}  // namespace runnel
