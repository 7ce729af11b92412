// When MonitorService::Watch takes its samples, on a clock that the test moves.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/testing/manual_clock.h"
#include "services/examples/monitor/monitor_service.h"
#include "services/examples/shared/proto_time.h"

namespace examples::monitor {
namespace {

using ::testing::ElementsAre;

// Collects samples, and takes its time over it if told to.
class Collector : public runnel::MessageWriter {
 public:
  runnel::Awaitable<absl::Status> Write(const google::protobuf::Message& message,
                                        const runnel::WriteOptions&) override {
    samples.push_back(static_cast<const v1::Sample&>(message));
    if (on_sample) on_sample();
    co_return absl::OkStatus();
  }

  std::vector<v1::Sample> samples;
  std::function<void()> on_sample;
};

class WatchTimingTest : public ::testing::Test {
 protected:
  // Runs Watch to its end; whenever everybody sleeps, the clock moves on.
  absl::Status Watch(absl::Duration interval, uint32_t count) {
    v1::WatchRequest request;
    *request.mutable_interval() = ToProto(interval);
    request.set_count(count);
    runnel::ServerContext::Call call;
    call.clock = &clock_;
    call.executor = loop_.get_executor();
    call.blocking_executor = loop_.get_executor();
    runnel::ServerContext context(std::move(call));
    runnel::Writer<v1::Sample> writer(collector_);
    MonitorService service;
    std::optional<absl::Status> ended;
    boost::asio::co_spawn(
        loop_, service.Watch(context, request, writer),
        [&](std::exception_ptr, absl::Status status) { ended = std::move(status); });
    while (loop_.restart(), loop_.poll(), !ended) {
      clock_.Advance(clock_.NextDue() - clock_.Now());
    }
    return *ended;
  }
  std::vector<absl::Duration> Times() {
    std::vector<absl::Duration> times;
    for (const v1::Sample& sample : collector_.samples) {
      times.push_back(FromProto(sample.time()) - start_);
    }
    return times;
  }

  boost::asio::io_context loop_;
  runnel::ManualClock clock_;
  const absl::Time start_ = clock_.Now();
  Collector collector_;
};

TEST_F(WatchTimingTest, SamplesAfterEveryInterval) {
  EXPECT_EQ(Watch(absl::Milliseconds(250), 3), absl::OkStatus());
  EXPECT_THAT(Times(), ElementsAre(absl::Milliseconds(250), absl::Milliseconds(500),
                                   absl::Milliseconds(750)));
}

TEST_F(WatchTimingTest, DoesNotDrift) {
  collector_.on_sample = [&] { clock_.Advance(absl::Milliseconds(30)); };
  EXPECT_EQ(Watch(absl::Milliseconds(250), 3), absl::OkStatus());
  EXPECT_THAT(Times(), ElementsAre(absl::Milliseconds(250), absl::Milliseconds(500),
                                   absl::Milliseconds(750)));
}

TEST_F(WatchTimingTest, TakesFewerSamplesForSlowClientsNotOldOnes) {
  collector_.on_sample = [&] {
    if (collector_.samples.size() == 1) clock_.Advance(absl::Seconds(5));
  };
  EXPECT_EQ(Watch(absl::Milliseconds(250), 3), absl::OkStatus());
  EXPECT_THAT(Times(), ElementsAre(absl::Milliseconds(250), absl::Milliseconds(5260),
                                   absl::Milliseconds(5510)));
}

}  // namespace
}  // namespace examples::monitor
