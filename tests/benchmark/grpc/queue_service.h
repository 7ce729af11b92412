// The benchmarks' service by gRPC's completion queues, each served by one thread.

#ifndef RUNNEL_TESTS_BENCHMARK_GRPC_QUEUE_SERVICE_H_
#define RUNNEL_TESTS_BENCHMARK_GRPC_QUEUE_SERVICE_H_

#include <grpcpp/server_builder.h>

#include "tests/benchmark/grpc/completion_queue.h"
#include "tests/benchmark/tick.grpc.pb.h"

namespace runnel::benchmark {

// Belongs to one queue and its thread. The coroutines outlive no queue: they end when it does.
class QueueService {
 public:
  // `gather`: see ServerPlan.
  QueueService(Ticks::AsyncService& service, grpc::ServerCompletionQueue& queue, int gather)
      : service_(service), queue_(queue), gather_(gather) {}

  // After the server has started.
  void Start();

 private:
  Task ServeEchoes();
  Task ServeWatch();
  Task ServePing();

  Ticks::AsyncService& service_;
  grpc::ServerCompletionQueue& queue_;
  const int gather_;
};

}  // namespace runnel::benchmark

#endif  // RUNNEL_TESTS_BENCHMARK_GRPC_QUEUE_SERVICE_H_
