// HealthService tells load balancers, orchestrators and clients whether a server can do its work:
//
//   runnel::HealthService health;
//   server.AddService(health);
//
// It is grpc.health.v1.Health, and two paths for whoever knows only HTTP: GET /healthz is 200 as
// long as the server answers, GET /readyz is 200 when it ought to get calls and 503 when not. Those
// two are asked by programs that have no tokens: ServerOptions::authenticate does not hold there.
//
// A server that shuts down is NOT_SERVING, and not ready, before it refuses anything:
// ServerOptions::drain_delay is the time that others get to notice.

#ifndef RUNNEL_HEALTH_SERVICE_H_
#define RUNNEL_HEALTH_SERVICE_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runnel/server.h"

namespace runnel {

enum class HealthStatus { kUnknown, kServing, kNotServing };

struct HealthOptions {
  // Empty: there is no such path.
  std::string alive_path = "/healthz";
  std::string ready_path = "/readyz";
};

// Of one server, which it outlives.
class HealthService final : public Service {
 public:
  explicit HealthService(HealthOptions options = {});
  ~HealthService() override;

  // On any thread. `service` is a full name, "shop.v1.Carts", or "" for the server as a whole,
  // which is what /readyz asks for. That, and every service of the server, is kServing to begin
  // with; a name of your own may be set too. Without effect from the moment that the server shuts
  // down.
  void SetStatus(std::string_view service, HealthStatus status);

  std::vector<ServerMethod> runnel_methods() override;
  std::vector<std::pair<std::string, MountedHandler*>> runnel_handlers() override;
  void runnel_start(const std::vector<std::string>& services) override;
  void runnel_drain() override;

 private:
  class Statuses;
  class Rpc;
  class Alive;
  class Ready;

  const HealthOptions options_;
  std::unique_ptr<Statuses> statuses_;
  std::unique_ptr<Rpc> rpc_;
  std::unique_ptr<Alive> alive_;
  std::unique_ptr<Ready> ready_;
};

}  // namespace runnel

#endif  // RUNNEL_HEALTH_SERVICE_H_
