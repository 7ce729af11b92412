// What operators ask of a server, by flags that all servers of the examples have: --metrics, --log
// and their like, --debug.

#ifndef SERVICES_EXAMPLES_SHARED_OPERATIONS_FLAGS_H_
#define SERVICES_EXAMPLES_SHARED_OPERATIONS_FLAGS_H_

#include <memory>

#include "runnel/debug_service.h"
#include "runnel/metrics_handler.h"
#include "runnel/server.h"

namespace examples {

// Outlives the server.
class OperationsOfFlags {
 public:
  OperationsOfFlags();
  ~OperationsOfFlags();

  // The log, which hears of what the server does.
  absl::Status AddTo(runnel::ServerOptions& options);
  // Metrics and debug service; before Server::Start. They are made when they are wanted.
  absl::Status AddTo(runnel::Server& server);

 private:
  std::unique_ptr<runnel::DebugService> debug_;
  std::unique_ptr<runnel::MetricsHandler> metrics_;
};

}  // namespace examples

#endif  // SERVICES_EXAMPLES_SHARED_OPERATIONS_FLAGS_H_
