#include "runtime/server/api_routes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

bool IsFor(const ApiRoute& route, const ApiMethod& api) {
  return route.verb == api.verb && route.text == api.path;
}

}  // namespace

absl::Status ApiRoutes::Check(const std::vector<ServerMethod>& methods) const {
  for (const ServerMethod& method : methods) {
    if (method.info->api == nullptr) continue;
    const ApiMethod& api = *method.info->api;
    for (const ApiRoute& route : routes_) {
      if (!IsFor(route, api)) continue;
      return absl::AlreadyExistsError(absl::StrCat("a service that is already there serves ",
                                                   AbslView(api.verb), " ", AbslView(api.path)));
    }
  }
  return absl::OkStatus();
}

void ApiRoutes::Add(const ServerMethod& method) {
  if (method.info->api == nullptr) return;
  const ApiMethod& api = *method.info->api;
  auto route = std::find_if(routes_.begin(), routes_.end(),
                            [&](const ApiRoute& other) { return IsFor(other, api); });
  if (route == routes_.end()) {
    ApiRoute added(api);
    const auto after = std::find_if(routes_.begin(), routes_.end(), [&](const ApiRoute& other) {
      return other.path.fields().size() > added.path.fields().size();
    });
    route = routes_.insert(after, std::move(added));
  }
  (method.info->server_streams() ? route->stream : route->unary) = method;
}

ApiRoutes::Match ApiRoutes::Find(std::string_view verb, std::string_view path) const {
  Match other;
  for (const ApiRoute& route : routes_) {
    std::optional<PathTemplate::Values> values = route.path.Match(path);
    if (!values) continue;
    if (route.verb == verb) {
      Match match;
      match.route = &route;
      match.values = *std::move(values);
      return match;
    }
    other.route = &route;
    absl::StrAppend(&other.allow, other.allow.empty() ? "" : ", ", AbslView(route.verb));
  }
  return other;
}

}  // namespace runnel
