// OverviewService serves the streams of several other servers as one. Its handlers are clients.

#ifndef SERVICES_EXAMPLES_OVERVIEW_OVERVIEW_SERVICE_H_
#define SERVICES_EXAMPLES_OVERVIEW_OVERVIEW_SERVICE_H_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runnel/client.h"
#include "runnel/server.h"
#include "services/examples/overview/overview.runnel.h"

namespace examples::overview {

// Calls on several loops share the channels, which are thread-safe.
class OverviewService : public v1::Overview::Service {
 public:
  // Connections to the servers live on `executor`, which outlives the service.
  explicit OverviewService(runnel::Executor executor) : executor_(std::move(executor)) {}

  // The URLs that may be watched, instead of those before. Thread-safe: also while calls run.
  void SetServers(const std::vector<std::string>& urls);
  // The same for one server, to which `channel` leads.
  void SetServer(std::string url, std::shared_ptr<runnel::Channel> channel);

  runnel::Awaitable<absl::Status> Watch(runnel::ServerContext& context,
                                        const v1::WatchRequest& request,
                                        runnel::Writer<v1::OverviewEvent>& out) override;

 private:
  struct Server {
    std::string url;
    std::shared_ptr<runnel::Channel> channel;
  };

  // Those the request names, or all.
  absl::StatusOr<std::vector<Server>> Choose(const v1::WatchRequest& request);

  const runnel::Executor executor_;
  std::mutex mutex_;
  std::vector<Server> servers_;  // guarded by mutex_
};

}  // namespace examples::overview

#endif  // SERVICES_EXAMPLES_OVERVIEW_OVERVIEW_SERVICE_H_
