// The benchmarks' service by gRPC's completion queues, each served by one thread.

#ifndef RUNNEL_TESTS_BENCHMARK_GRPC_QUEUE_SERVICE_H_
#define RUNNEL_TESTS_BENCHMARK_GRPC_QUEUE_SERVICE_H_

#include <grpcpp/server_builder.h>

#include <coroutine>
#include <cstdint>
#include <vector>

#include "tests/benchmark/grpc/completion_queue.h"
#include "tests/benchmark/tick.grpc.pb.h"

namespace runnel::benchmark {

// Belongs to one queue and its thread; its feed reaches those who follow through that queue. Lives
// as long as the process.
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
  Task ServeFollow();
  Task ServePublishes();

  Ticks::AsyncService& service_;
  grpc::ServerCompletionQueue& queue_;
  const int gather_;
  // The feed: how many ticks it has had, the one that is being sent, and who waits for more.
  int64_t published_ = 0;
  Tick tick_;
  std::vector<std::coroutine_handle<>> idle_;
};

}  // namespace runnel::benchmark

#endif  // RUNNEL_TESTS_BENCHMARK_GRPC_QUEUE_SERVICE_H_
