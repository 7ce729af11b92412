// ApiRoutes finds the methods that are requests of HTTP APIs, by verbs and paths of their own
// (PROTOCOL.md, part F).

#ifndef RUNNEL_RUNTIME_SERVER_API_ROUTES_H_
#define RUNNEL_RUNTIME_SERVER_API_ROUTES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "runtime/api/api_method.h"
#include "runtime/api/path_template.h"
#include "runtime/server/service.h"

namespace runnel {

// What is served in one place: a unary method, a stream, or both, of which the request chooses one.
struct ApiRoute {
  explicit ApiRoute(const ApiMethod& api) : path(api.path), text(api.path), verb(api.verb) {}

  PathTemplate path;
  std::string_view text;
  std::string_view verb;
  std::optional<ServerMethod> unary;
  std::optional<ServerMethod> stream;

  const ServerMethod& any() const { return unary ? *unary : *stream; }
  // What both have in common, but for what is only in streams.
  const ApiMethod& api() const { return *any().info->api; }
};

// Filled first, then read by every loop.
class ApiRoutes {
 public:
  bool empty() const { return routes_.empty(); }

  // ALREADY_EXISTS, naming it, when one of the methods is for requests that others are for.
  absl::Status Check(const std::vector<ServerMethod>& methods) const;
  // Does nothing for a method that has no path of its own. Check has accepted it.
  void Add(const ServerMethod& method);

  struct Match {
    const ApiRoute* route = nullptr;  // null: no API has this path
    PathTemplate::Values values;
    std::string allow;  // the verbs that the path has, where this is none of them
  };
  // Where several paths match, the one with the fewest fields is taken. With `allow` the route is
  // one of another verb.
  Match Find(std::string_view verb, std::string_view path) const;

 private:
  std::vector<ApiRoute> routes_;  // those with fewer fields first
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_API_ROUTES_H_
