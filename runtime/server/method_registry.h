// MethodRegistry finds the method a request is for.

#ifndef RUNNEL_RUNTIME_SERVER_METHOD_REGISTRY_H_
#define RUNNEL_RUNTIME_SERVER_METHOD_REGISTRY_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "runtime/server/api_routes.h"
#include "runtime/server/authorizer.h"
#include "runtime/server/server_interceptor.h"
#include "runtime/server/service.h"

namespace runnel {

// Filled first, then read by every loop.
class MethodRegistry {
 public:
  // Interceptors stand around every method, the first outermost.
  // `authorize`, where set, is asked before them.
  explicit MethodRegistry(std::vector<std::shared_ptr<ServerInterceptor>> interceptors = {},
                          Authorizer authorize = nullptr);

  // ALREADY_EXISTS, naming it, when one of the service's methods is taken, or the path of one.
  absl::Status Add(Service& service);
  // Tells every service which there are.
  void Start();
  // Tells every service that the server is about to end.
  void Drain();

  // By "/package.Service/Method"; null when there is none.
  const ServerMethod* Find(std::string_view path) const;

  // All of them, as they were added.
  const std::vector<const MethodInfo*>& methods() const { return infos_; }

  // By the paths of their own that methods have.
  const ApiRoutes& api_routes() const { return api_routes_; }

 private:
  MethodHandler Intercepted(MethodHandler handler) const;
  MethodHandler Authorized(MethodHandler handler) const;

  std::vector<std::shared_ptr<ServerInterceptor>> interceptors_;
  Authorizer authorize_;
  std::vector<Service*> services_;
  absl::flat_hash_map<std::string, ServerMethod> methods_;
  std::vector<const MethodInfo*> infos_;
  ApiRoutes api_routes_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_METHOD_REGISTRY_H_
