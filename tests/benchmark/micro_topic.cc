// What a feed costs besides the connections that it writes to: publishing, and what each subscriber
// takes of it. The argument is the number of subscribers, all on one loop.
//
//   bazel run -c opt --force_pic //tests/benchmark:micro -- --benchmark_filter=Feed

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <cstdlib>
#include <deque>

#include "benchmark/benchmark.h"
#include "runtime/async/task_group.h"
#include "runtime/topic/topic.h"
#include "tests/benchmark/tick.pb.h"
#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

using ::benchmark::State;

void Check(bool ok) {
  if (!ok) std::abort();
}

// Appends the bytes to its own, as a stream does that a connection empties.
class Sink final : public MessageWriter {
 public:
  Awaitable<absl::Status> Write(const google::protobuf::Message&, const WriteOptions&) override {
    co_return absl::UnimplementedError("feeds share their messages");
  }
  Awaitable<absl::Status> WriteShared(SharedMessages messages, SharedMessage::Id ids) override {
    bytes_.clear();
    for (const SharedMessagePtr& message : messages) {
      RUNNEL_CO_ASSIGN_OR_RETURN(const std::string_view event, message->Event(Codec::kProto, ids));
      bytes_.append(event);
    }
    received_ += messages.size();
    co_return absl::OkStatus();
  }
  uint64_t received() const { return received_; }

 private:
  std::string bytes_;
  uint64_t received_ = 0;
};

// A feed and those who get it.
class Feed {
 public:
  explicit Feed(int64_t subscribers) : sinks_(static_cast<size_t>(subscribers)) {
    for (Sink& sink : sinks_) tasks_.Spawn(Send(sink));
    Deliver();
    Check(topic_.subscribers() == sinks_.size());
  }
  ~Feed() {
    tasks_.Cancel();
    Deliver();
  }

  void Publish(int messages) {
    for (int i = 0; i < messages; ++i) Check(topic_.Publish(tick_).ok());
    published_ += static_cast<uint64_t>(messages);
  }
  void Deliver() {
    loop_.restart();
    loop_.poll();
  }
  void CheckAllReceived() {
    for (const Sink& sink : sinks_) Check(sink.received() == published_);
  }

 private:
  Awaitable<void> Send(Sink& sink) {
    Writer<Tick> out(sink);
    Subscription<Tick> subscription = *topic_.Subscribe(loop_.get_executor());
    const absl::Status sent = co_await subscription.SendTo(out, SharedMessage::Id::kWith);
    Check(absl::IsCancelled(sent));
  }

  const Tick tick_ = MakeTick(100);
  uint64_t published_ = 0;
  asio::io_context loop_{1};
  Topic<Tick> topic_;
  std::deque<Sink> sinks_;
  TaskGroup tasks_{loop_.get_executor()};
};

// Publishing alone, while everybody waits for the first of the messages.
void FeedPublish(State& state) {
  constexpr int kMessages = 256;
  Feed feed(state.range(0));
  for (auto _ : state) {
    feed.Publish(kMessages);
    state.PauseTiming();
    feed.Deliver();
    state.ResumeTiming();
  }
  feed.CheckAllReceived();
  state.SetItemsProcessed(state.iterations() * kMessages);
}

// From Publish until every subscriber has written what there is: items are deliveries.
void FeedDeliver(State& state, int messages) {
  Feed feed(state.range(0));
  for (auto _ : state) {
    feed.Publish(messages);
    feed.Deliver();
  }
  feed.CheckAllReceived();
  state.SetItemsProcessed(state.iterations() * messages * state.range(0));
}
// One message wakes each subscriber once,
void FeedDeliverOne(State& state) { FeedDeliver(state, 1); }
// and a burst of them, too.
void FeedDeliverBurst(State& state) { FeedDeliver(state, 64); }

void Crowds(::benchmark::internal::Benchmark* run) {
  run->Arg(10)->Arg(100)->Arg(1'000)->Arg(10'000);
}
BENCHMARK(FeedPublish)->Apply(Crowds);
BENCHMARK(FeedDeliverOne)->Apply(Crowds);
BENCHMARK(FeedDeliverBurst)->Apply(Crowds);

}  // namespace
}  // namespace runnel::benchmark
