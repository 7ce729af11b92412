#include "tests/benchmark/grpc/queue_service.h"

#include <chrono>
#include <string>

#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

using Time = std::chrono::steady_clock;

// As many unary calls as clients have outstanding find somebody who waits for them.
constexpr int kEchoes = 128;

}  // namespace

void QueueService::Start() {
  for (int i = 0; i < kEchoes; ++i) ServeEchoes();
  ServeWatch();
  ServePing();
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

}  // namespace runnel::benchmark
