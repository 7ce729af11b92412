#include "tests/benchmark/grpc/queue_service.h"

#include <chrono>
#include <string>

#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

using Time = std::chrono::steady_clock;

// As many unary calls as clients have outstanding find somebody who waits for them.
constexpr int kEchoes = 128;

// Waits until something is published.
struct News {
  std::vector<std::coroutine_handle<>>& idle;

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) { idle.push_back(coroutine); }
  void await_resume() const {}
};

}  // namespace

void QueueService::Start() {
  for (int i = 0; i < kEchoes; ++i) ServeEchoes();
  ServeWatch();
  ServePing();
  ServeFollow();
  ServePublishes();
}

// One call after the other.
Task QueueService::ServeEchoes() {
  while (true) {
    grpc::ServerContext context;
    Tick request;
    grpc::ServerAsyncResponseWriter<Tick> responder(&context);
    const bool called = co_await Operation([&](void* tag) {
      service_.RequestEcho(&context, &request, &responder, &queue_, &queue_, tag);
    });
    if (!called) co_return;
    co_await Operation([&](void* tag) { responder.Finish(request, grpc::Status::OK, tag); });
  }
}

Task QueueService::ServeWatch() {
  grpc::ServerContext context;
  WatchRequest request;
  grpc::ServerAsyncWriter<Tick> writer(&context);
  const bool called = co_await Operation([&](void* tag) {
    service_.RequestWatch(&context, &request, &writer, &queue_, &queue_, tag);
  });
  if (!called) co_return;
  ServeWatch();  // the next
  const Time::time_point end = Time::now() + std::chrono::milliseconds(request.duration_ms());
  Tick tick = MakeTick(request.payload_bytes());
  int64_t sent = 0;
  bool ok = true;
  while (ok && (request.messages() > 0 ? sent < request.messages()
                                       : sent % 64 != 0 || Time::now() < end)) {
    SetSequence(tick, sent);
    grpc::WriteOptions options;
    // A hint on the first message stalls the stream.
    if (sent > 0 && sent % gather_ != 0) options.set_buffer_hint();
    ok = co_await Operation([&](void* tag) { writer.Write(tick, options, tag); });
    ++sent;
  }
  context.AddTrailingMetadata("sent", std::to_string(sent));
  co_await Operation([&](void* tag) { writer.Finish(grpc::Status::OK, tag); });
}

Task QueueService::ServePing() {
  grpc::ServerContext context;
  grpc::ServerAsyncReaderWriter<Tick, Tick> stream(&context);
  const bool called = co_await Operation(
      [&](void* tag) { service_.RequestPing(&context, &stream, &queue_, &queue_, tag); });
  if (!called) co_return;
  ServePing();  // the next
  Tick tick;
  bool ok = true;
  while (ok) {
    ok = co_await Operation([&](void* tag) { stream.Read(&tick, tag); });
    if (!ok) break;
    ok = co_await Operation([&](void* tag) { stream.Write(tick, tag); });
  }
  co_await Operation([&](void* tag) { stream.Finish(grpc::Status::OK, tag); });
}

Task QueueService::ServeFollow() {
  grpc::ServerContext context;
  WatchRequest request;
  grpc::ServerAsyncWriter<Tick> writer(&context);
  const bool called = co_await Operation([&](void* tag) {
    service_.RequestFollow(&context, &request, &writer, &queue_, &queue_, tag);
  });
  if (!called) co_return;
  ServeFollow();  // the next
  if (tick_.symbol().empty()) tick_ = MakeTick(request.payload_bytes());
  int64_t sequence = published_;
  bool ok = true;
  while (true) {
    // Write has made bytes of it when it returns.
    SetSequence(tick_, sequence);
    grpc::WriteOptions options;
    if (sequence < published_ && sequence % gather_ != 0) options.set_buffer_hint();
    ok = co_await Operation([&](void* tag) { writer.Write(tick_, options, tag); });
    if (!ok) break;
    if (sequence == published_) {
      News news{idle_};
      co_await news;
    }
    ++sequence;
  }
  co_await Operation([&](void* tag) { writer.Finish(grpc::Status::CANCELLED, tag); });
}

// One call after the other.
Task QueueService::ServePublishes() {
  while (true) {
    grpc::ServerContext context;
    PublishRequest request;
    grpc::ServerAsyncResponseWriter<PublishResponse> responder(&context);
    const bool called = co_await Operation([&](void* tag) {
      service_.RequestPublish(&context, &request, &responder, &queue_, &queue_, tag);
    });
    if (!called) co_return;
    PublishResponse response;
    response.set_time_ns(std::chrono::nanoseconds(Time::now().time_since_epoch()).count());
    published_ += request.messages();
    response.set_last(published_);
    std::vector<std::coroutine_handle<>> woken;
    woken.swap(idle_);
    for (const std::coroutine_handle<> coroutine : woken) coroutine.resume();
    co_await Operation([&](void* tag) { responder.Finish(response, grpc::Status::OK, tag); });
  }
}

}  // namespace runnel::benchmark
