#include "tests/benchmark/runnel_crowd.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "tests/benchmark/crowd.h"
#include "tests/benchmark/tick.runnel.h"

namespace runnel::benchmark {
namespace {

Awaitable<void> Follow(Crowd& crowd, Ticks::Stub stub, int subscriber, int payload_bytes) {
  WatchRequest request;
  request.set_payload_bytes(payload_bytes);
  ClientReader<Tick> reader = stub.Follow(request);
  Tick tick;
  while (true) {
    const absl::StatusOr<bool> more = co_await reader.ReadInto(tick);
    if (!more.ok() || !*more) {
      crowd.Fail(more.ok() ? absl::DataLossError("a subscriber's stream ended") : more.status());
      co_return;
    }
    crowd.Arrived(subscriber, tick);
  }
}

Awaitable<void> Publish(Ticks::Stub stub, PublishRequest request, CrowdPeer::Published done) {
  const absl::StatusOr<PublishResponse> response = co_await stub.Publish(request);
  done(response);
}

class RunnelCrowd final : public CrowdPeer {
 public:
  RunnelCrowd(const Plan& plan, const ChannelOptions& options, IoThread& io, Crowd& crowd)
      : plan_(plan),
        options_(options),
        executor_(io.executor()),
        crowd_(crowd),
        publisher_(Connect(plan.publisher.empty() ? plan.server : plan.publisher)),
        shared_(Connect(plan.server)) {}

  void Open(int subscriber) override {
    Ticks::Stub stub(plan_.connections == "own" ? Connect(plan_.server) : shared_);
    asio::co_spawn(executor_, Follow(crowd_, std::move(stub), subscriber, plan_.payload_bytes),
                   asio::detached);
  }

  void Publish(const PublishRequest& request, Published done) override {
    asio::co_spawn(executor_, benchmark::Publish(Ticks::Stub(publisher_), request, std::move(done)),
                   asio::detached);
  }

 private:
  std::shared_ptr<Channel> Connect(const std::string& server) {
    return Channel::Connect(executor_, server, options_);
  }

  const Plan& plan_;
  const ChannelOptions& options_;
  const Executor executor_;
  Crowd& crowd_;
  const std::shared_ptr<Channel> publisher_;
  const std::shared_ptr<Channel> shared_;
};

}  // namespace

absl::StatusOr<std::string> MeasureCrowd(const Plan& plan, const ChannelOptions& options,
                                         IoThread& io) {
  // Streams that are still open go on using it.
  Crowd& crowd = *new Crowd(plan);
  RunnelCrowd peer(plan, options, io, crowd);
  return crowd.Measure(peer);
}

}  // namespace runnel::benchmark
