// IngestService takes files in and says what is in them.

#ifndef SERVICES_EXAMPLES_INGEST_INGEST_SERVICE_H_
#define SERVICES_EXAMPLES_INGEST_INGEST_SERVICE_H_

#include "runnel/server.h"
#include "services/examples/ingest/ingest.runnel.h"

namespace examples::ingest {

// Has no state, so calls on several loops do not meet.
class IngestService : public v1::Ingest::Service {
 public:
  runnel::Awaitable<absl::StatusOr<v1::Summary>> Upload(
      runnel::ServerContext& context, runnel::Reader<v1::UploadRequest>& in) override;
};

}  // namespace examples::ingest

#endif  // SERVICES_EXAMPLES_INGEST_INGEST_SERVICE_H_
