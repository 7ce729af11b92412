// TailService lets clients follow the files below one directory.

#ifndef SERVICES_EXAMPLES_TAIL_TAIL_SERVICE_H_
#define SERVICES_EXAMPLES_TAIL_TAIL_SERVICE_H_

#include "runnel/server.h"
#include "services/examples/shared/root_directory.h"
#include "services/examples/tail/tail.runnel.h"

namespace examples::tail {

// Has no state but the directory, which is thread-safe, so calls on several loops do not meet.
class TailService : public v1::Tail::Service {
 public:
  // `root` outlives the service.
  explicit TailService(const RootDirectory& root) : root_(root) {}

  runnel::Awaitable<absl::Status> Follow(runnel::ServerContext& context,
                                         const v1::FollowRequest& request,
                                         runnel::Writer<v1::Line>& out) override;

 private:
  const RootDirectory& root_;
};

}  // namespace examples::tail

#endif  // SERVICES_EXAMPLES_TAIL_TAIL_SERVICE_H_
