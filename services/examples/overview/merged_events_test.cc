#include "services/examples/overview/merged_events.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace examples::overview {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MergedEventsTest : public ::testing::Test {
 protected:
  static runnel::Awaitable<void> PutAll(MergedEvents& merged, std::vector<std::string> servers,
                                        std::vector<std::string>& put) {
    for (const std::string& server : servers) {
      v1::OverviewEvent event;
      event.set_server(server);
      absl::Status status = co_await merged.Put(event);
      EXPECT_TRUE(status.ok()) << status;
      put.push_back(server);
    }
    merged.EndSource();
  }
  static runnel::Awaitable<void> TakeAll(MergedEvents& merged, std::vector<std::string>& taken) {
    while (true) {
      absl::StatusOr<std::optional<v1::OverviewEvent>> event = co_await merged.Take();
      EXPECT_TRUE(event.ok()) << event.status();
      if (!event.ok() || !*event) break;
      taken.push_back((*event)->server());
    }
    taken.push_back("end");
  }
  void Spawn(runnel::Awaitable<void> task) {
    boost::asio::co_spawn(loop_, std::move(task), boost::asio::detached);
  }
  void Run() {
    loop_.restart();
    loop_.poll();
  }

  boost::asio::io_context loop_;
  MergedEvents merged_{2};
  std::vector<std::string> put_, taken_;
};

TEST_F(MergedEventsTest, EndsWhenAllSourcesHaveEnded) {
  merged_.AddSource();
  merged_.AddSource();
  Spawn(TakeAll(merged_, taken_));
  Spawn(PutAll(merged_, {"a"}, put_));
  Run();
  EXPECT_THAT(taken_, ElementsAre("a"));
  Spawn(PutAll(merged_, {"b"}, put_));
  Run();
  EXPECT_THAT(taken_, ElementsAre("a", "b", "end"));
}

TEST_F(MergedEventsTest, EndsAtOnceWithoutSources) {
  Spawn(TakeAll(merged_, taken_));
  Run();
  EXPECT_THAT(taken_, ElementsAre("end"));
}

TEST_F(MergedEventsTest, LetsSourcesWaitForRoom) {
  merged_.AddSource();
  Spawn(PutAll(merged_, {"1", "2", "3", "4", "5"}, put_));
  Run();
  EXPECT_THAT(put_, ElementsAre("1", "2"));
  EXPECT_THAT(taken_, IsEmpty());
  Spawn(TakeAll(merged_, taken_));
  Run();
  EXPECT_THAT(taken_, ElementsAre("1", "2", "3", "4", "5", "end"));
}

}  // namespace
}  // namespace examples::overview
