// The benchmarks' service by gRPC's callback API, whose threads gRPC brings itself.

#ifndef RUNNEL_TESTS_BENCHMARK_GRPC_CALLBACK_SERVICE_H_
#define RUNNEL_TESTS_BENCHMARK_GRPC_CALLBACK_SERVICE_H_

#include "tests/benchmark/grpc/callback_feed.h"
#include "tests/benchmark/tick.grpc.pb.h"

namespace runnel::benchmark {

class CallbackService final : public Ticks::CallbackService {
 public:
  // `gather`: see ServerPlan.
  explicit CallbackService(int gather) : gather_(gather), feed_(gather) {}

  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context, const Tick* request,
                                 Tick* response) override;
  grpc::ServerWriteReactor<Tick>* Watch(grpc::CallbackServerContext* context,
                                        const WatchRequest* request) override;
  grpc::ServerBidiReactor<Tick, Tick>* Ping(grpc::CallbackServerContext* context) override;
  grpc::ServerWriteReactor<Tick>* Follow(grpc::CallbackServerContext* context,
                                         const WatchRequest* request) override;
  grpc::ServerUnaryReactor* Publish(grpc::CallbackServerContext* context,
                                    const PublishRequest* request,
                                    PublishResponse* response) override;

 private:
  const int gather_;
  CallbackFeed feed_;
};

}  // namespace runnel::benchmark

#endif  // RUNNEL_TESTS_BENCHMARK_GRPC_CALLBACK_SERVICE_H_
