// Crowd measures one feed with many subscribers, whatever peer serves it:
//
//  1. all subscribers join; what a stream costs in memory, while nothing happens
//  2. 50 messages a second (Plan::period); how long each delivery takes
//  3. bursts of 16, the next but one when all have the one before; how many deliveries a second

#ifndef RUNNEL_TESTS_BENCHMARK_CROWD_H_
#define RUNNEL_TESTS_BENCHMARK_CROWD_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/benchmark/plan.h"
#include "tests/benchmark/tick.pb.h"

namespace runnel::benchmark {

// The streams that a crowd is made of. Called on the thread that measures; returns at once.
class CrowdPeer {
 public:
  virtual ~CrowdPeer() = default;

  // Begins Follow for one subscriber, which tells the crowd of every tick.
  virtual void Open(int subscriber) = 0;
  // Begins Publish. `done` is called on any thread.
  using Published = std::function<void(const absl::StatusOr<PublishResponse>&)>;
  virtual void Publish(const PublishRequest& request, Published done) = 0;
};

class Crowd {
 public:
  explicit Crowd(const Plan& plan);

  // On any thread; those of one subscriber one after the other, in their order.
  void Arrived(int subscriber, const Tick& tick);
  // Ends the measurement. A stream that ends too early has failed.
  void Fail(const absl::Status& status);

  // One JSON object: server_kb and client_kb (a stream; where the plan names the server's process),
  // p50_us, p99_us and paced_cpu_us (what the server spent on a delivery) of phase 2; rate, cpu_us
  // (of a delivery, of both processes) and server_cpu_us of phase 3.
  absl::StatusOr<std::string> Measure(CrowdPeer& peer);

 private:
  struct Memory {
    int64_t server = 0;
    int64_t client = 0;
  };

  absl::Status Join(CrowdPeer& peer, int from, int to);
  absl::StatusOr<Memory> MeasureMemory();
  absl::Status MeasureDeliveries(CrowdPeer& peer, std::string& json);
  absl::Status Saturate(CrowdPeer& peer, std::string& json);
  void Publish(CrowdPeer& peer, int messages);
  template <typename Condition>
  absl::Status Await(Condition condition);

  const Plan plan_;
  const int paced_;            // messages of phase 2
  std::vector<int64_t> next_;  // of each subscriber, the sequence number that is due
  // How many subscribers have had a mark, the last message of a burst; it becomes of use again for
  // a later one when all have.
  static constexpr int kMarks = 8;
  std::atomic<int> marked_[kMarks] = {};

  std::mutex mutex_;
  std::condition_variable changed_;
  absl::Status failed_;
  int joined_ = 0;
  int64_t marks_ = 0;  // bursts that all subscribers have had
  struct Delivery {
    int32_t sequence;
    int64_t time_ns;
  };
  std::vector<Delivery> deliveries_;   // of phase 2
  std::vector<int64_t> published_ns_;  // of phase 2, by sequence number
  int answers_ = 0;                    // to Publish, of phase 2
};

}  // namespace runnel::benchmark

#endif  // RUNNEL_TESTS_BENCHMARK_CROWD_H_
