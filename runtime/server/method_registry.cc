#include "runtime/server/method_registry.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"

namespace runnel {

namespace {

Awaitable<absl::Status> Refuse(absl::Status status) { co_return status; }

}  // namespace

MethodRegistry::MethodRegistry(std::vector<std::shared_ptr<ServerInterceptor>> interceptors,
                               Authorizer authorize)
    : interceptors_(std::move(interceptors)), authorize_(std::move(authorize)) {}

absl::Status MethodRegistry::Add(Service& service) {
  std::vector<ServerMethod> added = service.runnel_methods();
  for (const ServerMethod& method : added) {
    if (Find(method.info->path) != nullptr) {
      return absl::AlreadyExistsError(
          absl::StrCat("a service that is already there serves ", AbslView(method.info->path)));
    }
  }
  RUNNEL_RETURN_IF_ERROR(api_routes_.Check(added));
  for (ServerMethod& method : added) {
    method.handler = Authorized(Intercepted(std::move(method.handler)));
    method.index = infos_.size();
    infos_.push_back(method.info);
    api_routes_.Add(method);
    methods_.emplace(std::string(method.info->path), std::move(method));
  }
  services_.push_back(&service);
  return absl::OkStatus();
}

void MethodRegistry::Start() {
  std::set<std::string> names;
  for (const auto& [path, method] : methods_) names.insert(path.substr(1, path.rfind('/') - 1));
  const std::vector<std::string> sorted(names.begin(), names.end());
  for (Service* service : services_) service->runnel_start(sorted);
}

void MethodRegistry::Drain() {
  for (Service* service : services_) service->runnel_drain();
}

const ServerMethod* MethodRegistry::Find(std::string_view path) const {
  auto found = methods_.find(AbslView(path));
  return found == methods_.end() ? nullptr : &found->second;
}

MethodHandler MethodRegistry::Intercepted(MethodHandler handler) const {
  for (auto interceptor = interceptors_.rbegin(); interceptor != interceptors_.rend();
       ++interceptor) {
    handler = [interceptor = *interceptor, next = std::move(handler)](
                  ServerContext& context, MessageReader& in, MessageWriter& out) {
      return interceptor->Intercept(context, in, out, next);
    };
  }
  return handler;
}

MethodHandler MethodRegistry::Authorized(MethodHandler handler) const {
  if (!authorize_) return handler;
  return [authorize = authorize_, next = std::move(handler)](
             ServerContext& context, MessageReader& in, MessageWriter& out) {
    absl::Status allowed =
        authorize(context.method().path, context.principal(), context.client_metadata());
    return allowed.ok() ? next(context, in, out) : Refuse(std::move(allowed));
  };
}

}  // namespace runnel
