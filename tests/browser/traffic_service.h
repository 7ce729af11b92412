// TrafficService is what traffic.proto says.

#ifndef RUNNEL_TESTS_BROWSER_TRAFFIC_SERVICE_H_
#define RUNNEL_TESTS_BROWSER_TRAFFIC_SERVICE_H_

#include <map>
#include <mutex>
#include <string>

#include "runnel/server.h"
#include "tests/browser/traffic.runnel.h"

namespace browser {

// Called from all loops of a server.
class TrafficService final : public v1::Traffic::Service {
 public:
  runnel::Awaitable<absl::StatusOr<v1::Item>> Echo(runnel::ServerContext& context,
                                                   const v1::Item& request) override;
  runnel::Awaitable<absl::Status> Down(runnel::ServerContext& context, const v1::Plan& request,
                                       runnel::Writer<v1::Item>& out) override;
  runnel::Awaitable<absl::StatusOr<v1::Summary>> Up(runnel::ServerContext& context,
                                                    runnel::Reader<v1::Item>& in) override;
  runnel::Awaitable<absl::Status> Both(runnel::ServerContext& context, runnel::Reader<v1::Item>& in,
                                       runnel::Writer<v1::Item>& out) override;
  runnel::Awaitable<absl::Status> Ticks(runnel::ServerContext& context, const v1::Plan& request,
                                        runnel::Writer<v1::Item>& out) override;
  runnel::Awaitable<absl::StatusOr<v1::Record>> Seen(runnel::ServerContext& context,
                                                     const v1::Name& request) override;

 private:
  class Visit;

  std::mutex mutex_;
  std::map<std::string, v1::Record> records_;  // by the names of calls
};

}  // namespace browser

#endif  // RUNNEL_TESTS_BROWSER_TRAFFIC_SERVICE_H_
