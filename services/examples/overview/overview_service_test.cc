#include "services/examples/overview/overview_service.h"

#include <future>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/examples/jobs/jobs_service.h"
#include "services/examples/monitor/monitor_service.h"
#include "services/examples/shared/example_server.h"
#include "services/examples/shared/proto_time.h"
#include "services/examples/shared/scratch_directory.h"

namespace examples::overview {
namespace {

// A machine to watch.
struct Upstream {
  explicit Upstream(const std::string& text) { scratch.Write("tree/file", text); }

  ScratchDirectory scratch;
  RootDirectory root = *RootDirectory::Open(scratch.path());
  monitor::MonitorService monitor;
  jobs::JobsService jobs{root};
  ExampleServer server{&monitor, &jobs};
};

// A monitor that tells how it was called, and sends nothing until it is cancelled.
class SilentMonitor : public monitor::v1::Monitor::Service {
 public:
  struct Called {
    std::string request_id;
    absl::Duration time_left;
  };

  runnel::Awaitable<absl::Status> Watch(runnel::ServerContext& context,
                                        const monitor::v1::WatchRequest&,
                                        runnel::Writer<monitor::v1::Sample>&) override {
    called.set_value({std::string(context.client_metadata().Get("x-request-id").value_or("")),
                      context.time_left()});
    absl::Status slept = co_await context.Sleep(absl::Hours(1));
    cancelled.set_value(slept);
    co_return slept;
  }

  std::promise<Called> called;
  std::promise<absl::Status> cancelled;
};

class OverviewServiceTest : public ::testing::Test {
 protected:
  static v1::WatchRequest Samples(uint32_t samples) {
    v1::WatchRequest request;
    *request.mutable_interval() = ToProto(absl::Milliseconds(20));
    request.set_samples(samples);
    return request;
  }
  // All events of a stream that ends well.
  std::vector<v1::OverviewEvent> ReadAll(const v1::WatchRequest& request) {
    std::vector<v1::OverviewEvent> events;
    auto stream = overview_.Watch(request);
    while (true) {
      auto event = server_.BlockOn(stream.Read());
      EXPECT_TRUE(event.ok()) << event.status();
      if (!event.ok() || !*event) return events;
      events.push_back(**std::move(event));
    }
  }
  // A URL at which there is no server any more.
  static std::string DeadUrl() {
    monitor::MonitorService monitor;
    return ExampleServer{&monitor}.url();
  }

  runnel::IoThread io_;
  OverviewService service_{io_.executor()};
  ExampleServer server_{&service_};
  v1::Overview::Stub overview_{server_.channel()};
};

TEST_F(OverviewServiceTest, MergesTheStreamsOfTwoServers) {
  Upstream one("one"), two("two");
  service_.SetServers({one.server.url(), two.server.url()});
  v1::WatchRequest request = Samples(2);
  request.mutable_hash_tree()->set_path("tree");

  std::map<std::string, int> samples, finished;
  std::map<std::string, std::string> hashes;
  for (const v1::OverviewEvent& event : ReadAll(request)) {
    EXPECT_FALSE(event.has_failure()) << event.failure().message();
    if (event.has_sample()) {
      EXPECT_EQ(event.source(), v1::SOURCE_MONITOR);
      EXPECT_GT(event.sample().memory().total_bytes(), 0);
      ++samples[event.server()];
    }
    if (event.job().has_result()) {
      EXPECT_EQ(event.source(), v1::SOURCE_JOBS);
      hashes[event.server()] = event.job().result().sha256();
    }
    if (event.has_finished()) ++finished[event.server()];
  }
  for (const Upstream* upstream : {&one, &two}) {
    EXPECT_EQ(samples[upstream->server.url()], 2);
    EXPECT_EQ(finished[upstream->server.url()], 2);
    EXPECT_EQ(hashes[upstream->server.url()].size(), 64u);
  }
  EXPECT_NE(hashes[one.server.url()], hashes[two.server.url()]);
}

TEST_F(OverviewServiceTest, TellsOfServersThatFailAndGoesOnWithTheOthers) {
  Upstream one("one");
  const std::string dead = DeadUrl();
  service_.SetServers({dead, one.server.url()});
  int samples = 0;
  std::map<std::string, v1::Failure> failures;
  for (const v1::OverviewEvent& event : ReadAll(Samples(3))) {
    samples += event.has_sample();
    if (event.has_failure()) failures[event.server()] = event.failure();
  }
  EXPECT_EQ(samples, 3);
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[dead].code(), static_cast<int>(absl::StatusCode::kUnavailable));
  EXPECT_EQ(failures[dead].code_name(), "UNAVAILABLE");
}

TEST_F(OverviewServiceTest, TellsOfCallsThatAServerRefuses) {
  Upstream one("one");
  service_.SetServers({one.server.url()});
  v1::WatchRequest request = Samples(1);
  request.mutable_hash_tree()->set_path("nowhere");
  std::vector<std::string> failures;
  for (const v1::OverviewEvent& event : ReadAll(request)) {
    if (event.has_failure()) {
      EXPECT_EQ(event.source(), v1::SOURCE_JOBS);
      failures.push_back(event.failure().code_name());
    }
  }
  EXPECT_THAT(failures, ::testing::ElementsAre("NOT_FOUND"));
}

TEST_F(OverviewServiceTest, WatchesOnlyServersItWasGiven) {
  Upstream one("one"), two("two");
  service_.SetServers({one.server.url(), two.server.url()});
  v1::WatchRequest request = Samples(1);
  request.add_servers(two.server.url());
  for (const v1::OverviewEvent& event : ReadAll(request)) {
    EXPECT_EQ(event.server(), two.server.url());
  }
  request.add_servers("http://127.0.0.1:1");
  auto stream = overview_.Watch(request);
  EXPECT_EQ(server_.End(stream).code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(OverviewServiceTest, PassesDeadlineAndRequestIdOn) {
  SilentMonitor silent;
  ExampleServer upstream{&silent};
  service_.SetServers({upstream.url()});
  runnel::CallOptions options;
  options.timeout = absl::Minutes(5);
  options.metadata.Set("x-request-id", "r-77");
  auto stream = overview_.Watch(Samples(1), options);
  auto reading = std::async(std::launch::async, [&] { return server_.BlockOn(stream.Read()); });
  const SilentMonitor::Called called = silent.called.get_future().get();
  EXPECT_EQ(called.request_id, "r-77");
  EXPECT_LE(called.time_left, absl::Minutes(5));
  EXPECT_GT(called.time_left, absl::Minutes(4));
  stream.Cancel();
  EXPECT_EQ(reading.get().status().code(), absl::StatusCode::kCancelled);
}

TEST_F(OverviewServiceTest, CancelsTheServersWhenItIsCancelled) {
  SilentMonitor silent;
  ExampleServer upstream{&silent};
  service_.SetServers({upstream.url()});
  {
    auto stream = overview_.Watch(Samples(1));
    auto reading = std::async(std::launch::async, [&] { return server_.BlockOn(stream.Read()); });
    silent.called.get_future().wait();
    stream.Cancel();
    reading.wait();
  }
  EXPECT_EQ(silent.cancelled.get_future().get().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace examples::overview
