// ConformanceService does what the requests of Connect's conformance suite say. The comments of its
// service.proto are the specification.

#ifndef RUNNEL_TESTS_CONFORMANCE_CONNECT_CONFORMANCE_SERVICE_H_
#define RUNNEL_TESTS_CONFORMANCE_CONNECT_CONFORMANCE_SERVICE_H_

#include "connectrpc/conformance/v1/service.pb.h"
#include "connectrpc/conformance/v1/service.runnel.h"

namespace conformance {

namespace v1 = connectrpc::conformance::v1;

// Stateless.
class ConformanceService final : public v1::ConformanceService::Service {
 public:
  runnel::Awaitable<absl::StatusOr<v1::UnaryResponse>> Unary(
      runnel::ServerContext& context, const v1::UnaryRequest& request) override;
  runnel::Awaitable<absl::StatusOr<v1::IdempotentUnaryResponse>> IdempotentUnary(
      runnel::ServerContext& context, const v1::IdempotentUnaryRequest& request) override;
  runnel::Awaitable<absl::StatusOr<v1::ClientStreamResponse>> ClientStream(
      runnel::ServerContext& context, runnel::Reader<v1::ClientStreamRequest>& in) override;
  runnel::Awaitable<absl::Status> ServerStream(
      runnel::ServerContext& context, const v1::ServerStreamRequest& request,
      runnel::Writer<v1::ServerStreamResponse>& out) override;
  runnel::Awaitable<absl::Status> BidiStream(runnel::ServerContext& context,
                                             runnel::Reader<v1::BidiStreamRequest>& in,
                                             runnel::Writer<v1::BidiStreamResponse>& out) override;
};

}  // namespace conformance

#endif  // RUNNEL_TESTS_CONFORMANCE_CONNECT_CONFORMANCE_SERVICE_H_
