// The client of nginx with nchan in the benchmarks: a crowd of event streams, and who publishes.
// Messages travel as Runnel's do, in base64.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runnel/event_source.h"
#include "runtime/async/io_thread.h"
#include "runtime/http/http_client.h"
#include "runtime/wire/base64.h"
#include "tests/benchmark/crowd.h"
#include "tests/benchmark/plan.h"
#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

absl::Status TakeTick(Crowd& crowd, int subscriber, std::string_view data, std::string& bytes,
                      Tick& tick) {
  const absl::Status decoded = DecodeBase64(data, bytes);
  if (!decoded.ok()) return decoded;
  if (!tick.ParseFromString(bytes)) return absl::DataLossError("a message that is no Tick");
  crowd.Arrived(subscriber, tick);
  return absl::OkStatus();
}

Awaitable<void> Follow(Crowd& crowd, Executor executor, std::string url, int subscriber,
                       int payload_bytes) {
  EventSource source(executor, url);
  const absl::StatusOr<bool> open = co_await source.Open();
  if (!open.ok() || !*open) {
    crowd.Fail(open.ok() ? absl::UnavailableError("there is no stream") : open.status());
    co_return;
  }
  // That a subscriber is there, other peers say with a first message.
  Tick tick = MakeTick(payload_bytes);
  crowd.Arrived(subscriber, tick);
  std::string bytes;
  while (true) {
    const absl::StatusOr<std::optional<SourceEvent>> event = co_await source.Read();
    absl::Status taken = event.status();
    if (event.ok() && !*event) taken = absl::DataLossError("a subscriber's stream ended");
    if (event.ok() && *event) taken = TakeTick(crowd, subscriber, (*event)->data, bytes, tick);
    if (!taken.ok()) {
      crowd.Fail(taken);
      co_return;
    }
  }
}

class NchanCrowd final : public CrowdPeer {
 public:
  NchanCrowd(const Plan& plan, IoThread& io, Crowd& crowd, std::unique_ptr<HttpClient> publisher)
      : plan_(plan),
        executor_(io.executor()),
        crowd_(crowd),
        publisher_(std::move(publisher)),
        tick_(MakeTick(plan.payload_bytes)) {}

  void Open(int subscriber) override {
    asio::co_spawn(executor_,
                   Follow(crowd_, executor_, absl::StrCat(plan_.server, "/follow"), subscriber,
                          plan_.payload_bytes),
                   asio::detached);
  }

  void Publish(const PublishRequest& request, Published done) override {
    asio::co_spawn(executor_, Enqueue(request.messages(), std::move(done)), asio::detached);
  }

 private:
  struct Waiting {
    int messages;
    Published done;
  };

  // One message after the other, so that they stay in their order.
  Awaitable<void> Enqueue(int messages, Published done) {
    waiting_.push_back(Waiting{messages, std::move(done)});
    if (std::exchange(publishing_, true)) co_return;
    while (!waiting_.empty()) {
      const Waiting next = std::move(waiting_.front());
      waiting_.pop_front();
      const absl::StatusOr<PublishResponse> published = co_await PublishAll(next.messages);
      next.done(published);
    }
    publishing_ = false;
  }

  Awaitable<absl::StatusOr<PublishResponse>> PublishAll(int messages) {
    PublishResponse response;
    response.set_time_ns(
        std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
    for (int i = 0; i < messages; ++i) {
      SetSequence(tick_, ++published_);
      std::string text;
      AppendBase64(tick_.SerializeAsString(), text);
      HttpRequest request;
      request.method = "POST";
      request.target = "/publish";
      request.headers.Add("content-type", "text/plain");
      request.body = StringBody(std::move(text));
      absl::StatusOr<HttpResponse> answer = co_await publisher_->Send(std::move(request));
      if (!answer.ok()) co_return answer.status();
      if (answer->status / 100 != 2) {
        co_return absl::UnavailableError(
            absl::StrCat("nchan answers a message with ", answer->status));
      }
      const absl::StatusOr<std::string> rest =
          co_await ReadAll(answer->body.get(), 64 * 1024, "the length of an answer");
      if (!rest.ok()) co_return rest.status();
    }
    response.set_last(published_);
    co_return response;
  }

  const Plan& plan_;
  const Executor executor_;
  Crowd& crowd_;
  const std::unique_ptr<HttpClient> publisher_;
  Tick tick_;
  int64_t published_ = 0;
  std::deque<Waiting> waiting_;
  bool publishing_ = false;
};

absl::StatusOr<std::string> Measure(const Plan& plan, IoThread& io) {
  if (plan.workload != Plan::Workload::kCrowd || plan.connections != "own") {
    return absl::InvalidArgumentError("nchan does --workload=crowd --connections=own alone");
  }
  absl::StatusOr<std::unique_ptr<TcpHttpClient>> publisher =
      TcpHttpClient::Create(io.executor(), plan.server);
  if (!publisher.ok()) return publisher.status();
  // Streams that are still open go on using them.
  Crowd& crowd = *new Crowd(plan);
  NchanCrowd& peer = *new NchanCrowd(plan, io, crowd, *std::move(publisher));
  return crowd.Measure(peer);
}

int Main(int argc, char** argv) {
  absl::StatusOr<Plan> plan = ParsePlan(argc, argv);
  if (!plan.ok()) {
    std::cerr << plan.status().message() << "\n";
    return 2;
  }
  IoThread io;
  absl::StatusOr<std::string> figures = Measure(*plan, io);
  if (!figures.ok()) {
    std::cerr << figures.status() << "\n";
    std::_Exit(1);
  }
  std::cout << *figures << std::endl;
  std::_Exit(0);
}

}  // namespace
}  // namespace runnel::benchmark

int main(int argc, char** argv) { return runnel::benchmark::Main(argc, argv); }
