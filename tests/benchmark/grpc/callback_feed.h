// CallbackFeed is a feed by gRPC's callback API: every subscriber has a place in it and writes what
// it has not sent, one message at a time, as gRPC wants it.

#ifndef RUNNEL_TESTS_BENCHMARK_GRPC_CALLBACK_FEED_H_
#define RUNNEL_TESTS_BENCHMARK_GRPC_CALLBACK_FEED_H_

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>

#include "tests/benchmark/tick.pb.h"

namespace runnel::benchmark {

// Thread-safe. Lives as long as the process.
class CallbackFeed {
 public:
  // `gather`: see ServerPlan.
  explicit CallbackFeed(int gather) : gather_(gather) {}

  // A subscriber, who belongs to gRPC.
  grpc::ServerWriteReactor<Tick>* Join(int payload_bytes);
  // The sequence number of the last.
  int64_t Publish(int messages);

 private:
  class Follower;

  const int gather_;
  std::atomic<int64_t> published_ = 0;
  std::mutex mutex_;
  std::set<Follower*> followers_;
};

}  // namespace runnel::benchmark

#endif  // RUNNEL_TESTS_BENCHMARK_GRPC_CALLBACK_FEED_H_
