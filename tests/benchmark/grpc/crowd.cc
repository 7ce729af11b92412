#include "tests/benchmark/grpc/crowd.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <thread>
#include <utility>

#include "tests/benchmark/crowd.h"
#include "tests/benchmark/grpc/client.h"
#include "tests/benchmark/grpc/completion_queue.h"

namespace runnel::benchmark {
namespace {

absl::Status Ended(const grpc::Status& status) {
  return status.ok() ? absl::DataLossError("a subscriber's stream ended") : FromGrpc(status);
}

// One subscriber, by callbacks. Deletes itself.
class Follower final : public grpc::ClientReadReactor<Tick> {
 public:
  Follower(Crowd& crowd, Ticks::Stub& stub, int subscriber, const WatchRequest& request)
      : crowd_(crowd), subscriber_(subscriber) {
    stub.async()->Follow(&context_, &request, this);
    StartRead(&tick_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    crowd_.Arrived(subscriber_, tick_);
    StartRead(&tick_);
  }
  void OnDone(const grpc::Status& status) override {
    crowd_.Fail(Ended(status));
    delete this;
  }

 private:
  Crowd& crowd_;
  const int subscriber_;
  grpc::ClientContext context_;
  Tick tick_;
};

// One subscriber, by a completion queue.
Task Follow(Crowd& crowd, Ticks::Stub& stub, grpc::CompletionQueue& queue, int subscriber,
            const WatchRequest& request) {
  grpc::ClientContext context;
  const auto stream = stub.PrepareAsyncFollow(&context, request, &queue);
  bool ok = co_await Operation([&](void* tag) { stream->StartCall(tag); });
  Tick tick;
  while (ok) {
    ok = co_await Operation([&](void* tag) { stream->Read(&tick, tag); });
    if (!ok) break;
    crowd.Arrived(subscriber, tick);
  }
  grpc::Status status;
  co_await Operation([&](void* tag) { stream->Finish(&status, tag); });
  crowd.Fail(Ended(status));
}

class GrpcCrowd final : public CrowdPeer {
 public:
  GrpcCrowd(const Plan& plan, const Connect& connect, Crowd& crowd)
      : plan_(plan),
        connect_(connect),
        crowd_(crowd),
        publisher_(connect()),
        shared_(connect()),
        request_(MakeWatchRequest(plan)) {
    if (plan.api != "cq") return;
    std::thread([this] { RunUntil(queue_, [] { return false; }); }).detach();
  }

  void Open(int subscriber) override {
    std::unique_ptr<Ticks::Stub> own;
    if (plan_.connections == "own") own = std::make_unique<Ticks::Stub>(connect_());
    // A call keeps its channel.
    Ticks::Stub& stub = own == nullptr ? shared_ : *own;
    if (plan_.api == "cq") {
      Follow(crowd_, stub, queue_, subscriber, request_);
    } else {
      new Follower(crowd_, stub, subscriber, request_);
    }
  }

  void Publish(const PublishRequest& request, Published done) override {
    struct Call {
      grpc::ClientContext context;
      PublishRequest request;
      PublishResponse response;
      Published done;
    };
    auto call = std::make_shared<Call>();
    call->request = request;
    call->done = std::move(done);
    publisher_.async()->Publish(&call->context, &call->request, &call->response,
                                [call](const grpc::Status& status) {
                                  if (!status.ok()) return call->done(FromGrpc(status));
                                  call->done(call->response);
                                });
  }

 private:
  const Plan& plan_;
  const Connect& connect_;
  Crowd& crowd_;
  Ticks::Stub publisher_;
  Ticks::Stub shared_;
  const WatchRequest request_;
  grpc::CompletionQueue queue_;
};

}  // namespace

absl::StatusOr<std::string> MeasureCrowd(const Plan& plan, const Connect& connect) {
  // Streams that are still open go on using both.
  Crowd& crowd = *new Crowd(plan);
  GrpcCrowd& peer = *new GrpcCrowd(plan, connect, crowd);
  return crowd.Measure(peer);
}

}  // namespace runnel::benchmark
