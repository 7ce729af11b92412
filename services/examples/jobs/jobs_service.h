// JobsService does long work below one directory and tells how far it is.

#ifndef SERVICES_EXAMPLES_JOBS_JOBS_SERVICE_H_
#define SERVICES_EXAMPLES_JOBS_JOBS_SERVICE_H_

#include "runnel/server.h"
#include "services/examples/jobs/jobs.runnel.h"
#include "services/examples/shared/root_directory.h"

namespace examples::jobs {

// Has no state but the directory, which is thread-safe, so calls on several loops do not meet.
class JobsService : public v1::Jobs::Service {
 public:
  // `root` outlives the service.
  explicit JobsService(const RootDirectory& root) : root_(root) {}

  runnel::Awaitable<absl::Status> HashTree(runnel::ServerContext& context,
                                           const v1::HashTreeRequest& request,
                                           runnel::Writer<v1::HashTreeUpdate>& out) override;

 private:
  const RootDirectory& root_;
};

}  // namespace examples::jobs

#endif  // SERVICES_EXAMPLES_JOBS_JOBS_SERVICE_H_
