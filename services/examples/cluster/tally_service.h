// TallyService adds up numbers and says where, and has a feed that all servers share.

#ifndef SERVICES_EXAMPLES_CLUSTER_TALLY_SERVICE_H_
#define SERVICES_EXAMPLES_CLUSTER_TALLY_SERVICE_H_

#include <mutex>
#include <string>

#include "runnel/redis_topic.h"
#include "runnel/server.h"
#include "services/examples/cluster/cluster.runnel.h"

namespace examples::cluster {

class TallyService final : public v1::Tally::Service {
 public:
  explicit TallyService(const runnel::RedisOptions& redis);

  // The server's name is known when it has started.
  void SetNode(std::string node);
  // Ends the feed's streams, as the server leaves: their clients go on at another one.
  void runnel_drain() override;

  runnel::Awaitable<absl::Status> Add(runnel::ServerContext& context,
                                      runnel::Reader<v1::Number>& numbers,
                                      runnel::Writer<v1::Sum>& sums) override;
  runnel::Awaitable<absl::StatusOr<v1::WhereResponse>> Where(
      runnel::ServerContext& context, const v1::WhereRequest& request) override;
  runnel::Awaitable<absl::Status> Tick(runnel::ServerContext& context,
                                       const v1::TickRequest& request,
                                       runnel::Writer<v1::Sum>& sums) override;
  runnel::Awaitable<absl::StatusOr<v1::SayResponse>> Say(runnel::ServerContext& context,
                                                         const v1::SayRequest& request) override;
  runnel::Awaitable<absl::Status> News(runnel::ServerContext& context,
                                       const v1::NewsRequest& request,
                                       runnel::Writer<v1::NewsItem>& news) override;

 private:
  std::string node();

  std::mutex mutex_;
  std::string node_;
  runnel::IoThread io_;
  runnel::RedisTopic<v1::NewsItem> news_;
};

}  // namespace examples::cluster

#endif  // SERVICES_EXAMPLES_CLUSTER_TALLY_SERVICE_H_
