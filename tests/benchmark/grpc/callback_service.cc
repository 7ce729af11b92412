#include "tests/benchmark/grpc/callback_service.h"

#include <chrono>
#include <string>

#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

using Time = std::chrono::steady_clock;

class Watcher final : public grpc::ServerWriteReactor<Tick> {
 public:
  Watcher(grpc::CallbackServerContext& context, const WatchRequest& request, int gather)
      : context_(context),
        messages_(request.messages()),
        end_(Time::now() + std::chrono::milliseconds(request.duration_ms())),
        gather_(gather),
        tick_(MakeTick(request.payload_bytes())) {
    WriteNext();
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    ++sent_;
    WriteNext();
  }
  void OnDone() override { delete this; }

 private:
  void WriteNext() {
    if (messages_ > 0 ? sent_ == messages_ : sent_ % 64 == 0 && Time::now() >= end_) {
      context_.AddTrailingMetadata("sent", std::to_string(sent_));
      return Finish(grpc::Status::OK);
    }
    SetSequence(tick_, sent_);
    grpc::WriteOptions options;
    // A hint on the first message stalls the stream.
    if (sent_ > 0 && sent_ % gather_ != 0) options.set_buffer_hint();
    StartWrite(&tick_, options);
  }

  grpc::CallbackServerContext& context_;
  const int64_t messages_;
  const Time::time_point end_;
  const int gather_;
  Tick tick_;
  int64_t sent_ = 0;
};

class Ponger final : public grpc::ServerBidiReactor<Tick, Tick> {
 public:
  Ponger() { StartRead(&tick_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    StartWrite(&tick_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    StartRead(&tick_);
  }
  void OnDone() override { delete this; }

 private:
  Tick tick_;
};

}  // namespace

grpc::ServerUnaryReactor* CallbackService::Echo(grpc::CallbackServerContext* context,
                                                const Tick* request, Tick* response) {
  *response = *request;
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerWriteReactor<Tick>* CallbackService::Watch(grpc::CallbackServerContext* context,
                                                       const WatchRequest* request) {
  return new Watcher(*context, *request, gather_);
}

grpc::ServerBidiReactor<Tick, Tick>* CallbackService::Ping(grpc::CallbackServerContext*) {
  return new Ponger();
}

grpc::ServerWriteReactor<Tick>* CallbackService::Follow(grpc::CallbackServerContext*,
                                                        const WatchRequest* request) {
  return feed_.Join(request->payload_bytes());
}

grpc::ServerUnaryReactor* CallbackService::Publish(grpc::CallbackServerContext* context,
                                                   const PublishRequest* request,
                                                   PublishResponse* response) {
  response->set_time_ns(std::chrono::nanoseconds(Time::now().time_since_epoch()).count());
  response->set_last(feed_.Publish(request->messages()));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace runnel::benchmark
