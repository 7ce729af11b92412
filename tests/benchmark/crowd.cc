#include "tests/benchmark/crowd.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "tests/benchmark/measurement.h"
#include "tests/benchmark/process_costs.h"
#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC

// What a process needs once, for its first streams, is no stream's.
constexpr int kFirst = 16;
// As many join at a time; a listening socket's queue has room for them.
constexpr int kJoining = 64;
constexpr int kBurst = 16;
// What has been freed or grows late has done so.
constexpr auto kSettling = std::chrono::milliseconds(100);

int64_t Nanoseconds(Clock::time_point time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

// With a number of messages, a few.
int PacedMessages(const Plan& plan) {
  if (plan.messages > 0) return 3;
  return std::max(1, static_cast<int>(plan.duration / plan.period));
}

}  // namespace

Crowd::Crowd(const Plan& plan)
    : plan_(plan),
      paced_(PacedMessages(plan)),
      next_(static_cast<size_t>(plan.subscribers)),
      published_ns_(static_cast<size_t>(paced_) + 1) {
  deliveries_.reserve(static_cast<size_t>(paced_) * next_.size());
}

void Crowd::Arrived(int subscriber, const Tick& tick) {
  int64_t& next = next_[static_cast<size_t>(subscriber)];
  const int64_t sequence = next++;
  const absl::Status checked = CheckTick(tick, sequence, plan_.payload_bytes);
  if (!checked.ok()) return Fail(checked);
  if (sequence > paced_) {
    const int64_t of_bursts = sequence - paced_;
    if (of_bursts % kBurst != 0) return;
    std::atomic<int>& marked = marked_[of_bursts / kBurst % kMarks];
    if (marked.fetch_add(1) + 1 < plan_.subscribers) return;
    marked = 0;
    std::lock_guard lock(mutex_);
    ++marks_;
    changed_.notify_one();
    return;
  }
  const int64_t now = Nanoseconds(Clock::now());
  std::lock_guard lock(mutex_);
  if (sequence == 0) {
    ++joined_;
    changed_.notify_one();
    return;
  }
  deliveries_.push_back({static_cast<int32_t>(sequence), now});
  if (deliveries_.size() == deliveries_.capacity()) changed_.notify_one();
}

void Crowd::Fail(const absl::Status& status) {
  std::lock_guard lock(mutex_);
  if (failed_.ok()) failed_ = status;
  changed_.notify_one();
}

template <typename Condition>
absl::Status Crowd::Await(Condition condition) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !failed_.ok() || condition(); });
  return failed_;
}

absl::Status Crowd::Join(CrowdPeer& peer, int from, int to) {
  for (int i = from; i < to; ++i) {
    absl::Status room = Await([&] { return i - joined_ < kJoining; });
    if (!room.ok()) return room;
    peer.Open(i);
  }
  return Await([&] { return joined_ == to; });
}

absl::StatusOr<Crowd::Memory> Crowd::MeasureMemory() {
  if (plan_.server_pid == 0) return Memory();
  std::this_thread::sleep_for(kSettling);
  absl::StatusOr<int64_t> server = MemoryBytes(plan_.server_pid);
  if (!server.ok()) return server.status();
  absl::StatusOr<int64_t> client = MemoryBytes(getpid());
  if (!client.ok()) return client.status();
  return Memory{*server, *client};
}

// One after the other, at their times, whether or not those before have been answered.
absl::Status Crowd::MeasureDeliveries(CrowdPeer& peer, std::string& json) {
  const int64_t server_before = CpuNanoseconds(plan_.server_pid);
  const Clock::time_point begin = Clock::now();
  const auto period = absl::ToChronoNanoseconds(plan_.period);
  PublishRequest request;
  request.set_payload_bytes(plan_.payload_bytes);
  request.set_messages(1);
  for (int i = 0; i < paced_; ++i) {
    std::this_thread::sleep_until(begin + i * period);
    peer.Publish(request, [this](const absl::StatusOr<PublishResponse>& response) {
      if (!response.ok()) return Fail(response.status());
      std::lock_guard lock(mutex_);
      published_ns_.at(static_cast<size_t>(response->last())) = response->time_ns();
      ++answers_;
      changed_.notify_one();
    });
  }
  const size_t all = static_cast<size_t>(paced_) * next_.size();
  absl::Status arrived = Await([&] { return deliveries_.size() == all && answers_ == paced_; });
  if (!arrived.ok()) return arrived;
  std::vector<float> latencies_us;
  latencies_us.reserve(all);
  for (const Delivery& delivery : deliveries_) {
    const int64_t took = delivery.time_ns - published_ns_[static_cast<size_t>(delivery.sequence)];
    latencies_us.push_back(static_cast<float>(took) / 1e3f);
  }
  const int64_t server_spent = CpuNanoseconds(plan_.server_pid) - server_before;
  absl::StrAppendFormat(&json, "\"p50_us\":%.2f,\"p99_us\":%.2f,\"paced_cpu_us\":%.3f,",
                        Percentile(latencies_us, 0.50), Percentile(latencies_us, 0.99),
                        static_cast<double>(server_spent) / 1e3 / static_cast<double>(all));
  return absl::OkStatus();
}

void Crowd::Publish(CrowdPeer& peer, int messages) {
  PublishRequest request;
  request.set_payload_bytes(plan_.payload_bytes);
  request.set_messages(messages);
  peer.Publish(request, [this](const absl::StatusOr<PublishResponse>& response) {
    if (!response.ok()) Fail(response.status());
  });
}

absl::Status Crowd::Saturate(CrowdPeer& peer, std::string& json) {
  Publish(peer, kBurst);
  Publish(peer, kBurst);
  int64_t bursts = 0;
  Clock::time_point begin;
  int64_t spent = 0, server_spent = 0;
  double seconds = 0;
  while (true) {
    absl::Status arrived = Await([&] { return marks_ > bursts; });
    if (!arrived.ok()) return arrived;
    const Clock::time_point now = Clock::now();
    const int64_t server_now = CpuNanoseconds(plan_.server_pid);
    const int64_t spent_now = CpuNanoseconds(getpid()) + server_now;
    ++bursts;
    if (bursts == 1) {  // the warm-up
      begin = now;
      spent = spent_now;
      server_spent = server_now;
    } else if (plan_.messages > 0 || now - begin >= absl::ToChronoNanoseconds(plan_.duration)) {
      seconds = std::chrono::duration<double>(now - begin).count();
      spent = spent_now - spent;
      server_spent = server_now - server_spent;
      break;
    }
    Publish(peer, kBurst);
  }
  const double deliveries =
      static_cast<double>(bursts - 1) * kBurst * static_cast<double>(plan_.subscribers);
  absl::StrAppendFormat(&json, "\"rate\":%.1f,\"cpu_us\":%.3f,\"server_cpu_us\":%.3f",
                        deliveries / seconds, static_cast<double>(spent) / 1e3 / deliveries,
                        static_cast<double>(server_spent) / 1e3 / deliveries);
  return absl::OkStatus();
}

absl::StatusOr<std::string> Crowd::Measure(CrowdPeer& peer) {
  const int first = std::min(kFirst, plan_.subscribers / 2);
  absl::Status status = Join(peer, 0, first);
  if (!status.ok()) return status;
  absl::StatusOr<Memory> before = MeasureMemory();
  if (!before.ok()) return before.status();
  status = Join(peer, first, plan_.subscribers);
  if (!status.ok()) return status;
  absl::StatusOr<Memory> after = MeasureMemory();
  if (!after.ok()) return after.status();
  const double measured = 1024.0 * (plan_.subscribers - first);
  std::string json = "{";
  if (plan_.server_pid > 0) {
    absl::StrAppendFormat(&json, "\"server_kb\":%.3f,\"client_kb\":%.3f,",
                          static_cast<double>(after->server - before->server) / measured,
                          static_cast<double>(after->client - before->client) / measured);
  }
  status = MeasureDeliveries(peer, json);
  if (status.ok()) status = Saturate(peer, json);
  if (!status.ok()) return status;
  return json + "}";
}

}  // namespace runnel::benchmark
