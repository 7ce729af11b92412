// InteropService does what its requests say. The comments of interop.proto are the specification.

#ifndef RUNNEL_TESTS_INTEROP_INTEROP_SERVICE_H_
#define RUNNEL_TESTS_INTEROP_INTEROP_SERVICE_H_

#include "runnel/server.h"
#include "tests/interop/interop.runnel.h"

namespace interop {

namespace v1 = runnel::interop::v1;

// Stateless.
class InteropService final : public v1::InteropService::Service {
 public:
  runnel::Awaitable<absl::StatusOr<v1::Response>> Unary(runnel::ServerContext& context,
                                                        const v1::Request& request) override;
  runnel::Awaitable<absl::StatusOr<v1::Response>> UnaryGet(runnel::ServerContext& context,
                                                           const v1::Request& request) override;
  runnel::Awaitable<absl::Status> ServerStream(runnel::ServerContext& context,
                                               const v1::Request& request,
                                               runnel::Writer<v1::Response>& out) override;
  runnel::Awaitable<absl::Status> ServerStreamGet(runnel::ServerContext& context,
                                                  const v1::Request& request,
                                                  runnel::Writer<v1::Response>& out) override;
  runnel::Awaitable<absl::StatusOr<v1::Response>> ClientStream(
      runnel::ServerContext& context, runnel::Reader<v1::Request>& in) override;
  runnel::Awaitable<absl::Status> Bidi(runnel::ServerContext& context,
                                       runnel::Reader<v1::Request>& in,
                                       runnel::Writer<v1::Response>& out) override;
  runnel::Awaitable<absl::Status> Feed(runnel::ServerContext& context,
                                       const v1::FeedRequest& request,
                                       runnel::Writer<v1::FeedItem>& out) override;
};

}  // namespace interop

#endif  // RUNNEL_TESTS_INTEROP_INTEROP_SERVICE_H_
