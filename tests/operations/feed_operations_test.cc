// What an operator sees of feeds over Redis: metrics and log lines, while Redis is there and while
// it is not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "google/protobuf/wrappers.pb.h"
#include "runnel/log_lines.h"
#include "runnel/metrics_handler.h"
#include "runnel/redis_topic.h"
#include "runnel/redis_topic_metrics.h"
#include "runtime/async/io_thread.h"
#include "runtime/testing/redis_server.h"

namespace operations {
namespace {

using Text = google::protobuf::StringValue;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class KeptLines final : public runnel::LogSink {
 public:
  void Write(std::string_view line) override {
    std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  }
  std::vector<std::string> lines() const {
    std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class FeedOperationsTest : public testing::Test {
 protected:
  using Feed = runnel::RedisTopic<Text>;

  void SetUp() override { ASSERT_EQ(redis_.Start(), absl::OkStatus()); }

  std::unique_ptr<Feed> Open(const std::string& name, runnel::RedisTopicOptions options = {}) {
    if (client_ == nullptr) {
      const auto url = runnel::RedisOptions::FromUrl(redis_.url());
      EXPECT_TRUE(url.ok()) << url.status();
      client_ = std::make_shared<runnel::RedisClient>(io_.executor(), *url);
    }
    options.log = runnel::LogLinesTo(lines_, "feed");
    auto feed = std::make_unique<Feed>(client_, name, options);
    EXPECT_EQ(io_.BlockOn(feed->Loaded()), absl::OkStatus());
    return feed;
  }
  absl::Status Publish(Feed& feed, const std::string& text) {
    Text message;
    message.set_value(text);
    return io_.BlockOn(feed.Publish(message)).status();
  }

  const std::shared_ptr<KeptLines> lines_ = std::make_shared<KeptLines>();
  runnel::RedisServer redis_;
  runnel::IoThread io_;
  std::shared_ptr<runnel::RedisClient> client_;
};

TEST_F(FeedOperationsTest, CountsWhatBecomesOfPublishes) {
  const auto prices = Open("prices");
  const auto trades = Open("trades");
  runnel::MetricsHandler metrics;
  metrics.Add(runnel::RedisTopicMetrics::Of(*prices, *trades));
  auto subscription = prices->Subscribe(io_.executor());
  ASSERT_TRUE(subscription.ok()) << subscription.status();
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Publish(*prices, "p"), absl::OkStatus());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(io_.BlockOn(subscription->Next()).ok());
  const std::string text = metrics.Text();
  for (const char* line :
       {"runnel_feed_connected{feed=\"prices\"} 1\n", "runnel_feed_publishing{feed=\"prices\"} 1\n",
        "runnel_feed_loaded{feed=\"prices\"} 1\n", "runnel_feed_durable{feed=\"prices\"} 0\n",
        "runnel_feed_subscribers{feed=\"prices\"} 1\n",
        "runnel_feed_subscribers{feed=\"trades\"} 0\n",
        "runnel_feed_waiting_publishes{feed=\"prices\"} 0\n",
        "runnel_feed_waiting_bytes{feed=\"prices\"} 0\n",
        "runnel_feed_connections_total{feed=\"prices\"} 1\n",
        "runnel_feed_read_total{feed=\"prices\"} 3\n",
        "runnel_feed_missed_total{feed=\"prices\"} 0\n",
        "runnel_feed_restarts_total{feed=\"prices\"} 0\n",
        "runnel_feed_published_total{feed=\"prices\"} 3\n",
        "runnel_feed_published_total{feed=\"trades\"} 0\n",
        "runnel_feed_publish_failed_total{feed=\"prices\",reason=\"refused\"} 0\n",
        "runnel_feed_publish_failed_total{feed=\"prices\",reason=\"failed\"} 0\n",
        "runnel_feed_publish_seconds_count{feed=\"prices\"} 3\n",
        "runnel_feed_publish_seconds_bucket{feed=\"prices\",le=\"60\"} 3\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text,
              ContainsRegex("runnel_feed_publish_seconds_sum.feed=\"prices\". [0-9.e-]*[1-9]"));
  // A name is said once, however many feeds there are.
  const std::string type = "# TYPE runnel_feed_connected gauge\n";
  EXPECT_THAT(text.substr(text.find(type) + type.size()), Not(HasSubstr(type)));
}

TEST_F(FeedOperationsTest, ShowsThatRedisIsAway) {
  runnel::RedisTopicOptions options;
  options.publish_timeout = absl::Milliseconds(50);
  options.max_waiting_bytes = 10;
  const auto prices = Open("prices", options);
  runnel::MetricsHandler metrics;
  metrics.Add(runnel::RedisTopicMetrics::Of(*prices));
  redis_.Kill();
  EXPECT_EQ(Publish(*prices, "late").code(), absl::StatusCode::kUnavailable);
  const std::string away = metrics.Text();
  EXPECT_THAT(away, HasSubstr("runnel_feed_connected{feed=\"prices\"} 0\n"));
  EXPECT_THAT(away, HasSubstr("runnel_feed_publishing{feed=\"prices\"} 0\n"));
  EXPECT_THAT(away, HasSubstr("runnel_feed_loaded{feed=\"prices\"} 1\n"));
  EXPECT_THAT(away, HasSubstr("failed_total{feed=\"prices\",reason=\"failed\"} 1\n"));
  EXPECT_THAT(away, HasSubstr("runnel_feed_publish_seconds_count{feed=\"prices\"} 0\n"));
  ASSERT_EQ(redis_.Start(), absl::OkStatus());
  while (true) {  // as long as Redis takes
    const absl::Status published = Publish(*prices, "back");
    if (published.ok()) break;
    ASSERT_EQ(published.code(), absl::StatusCode::kUnavailable) << published;
  }
  EXPECT_THAT(metrics.Text(), HasSubstr("runnel_feed_publishing{feed=\"prices\"} 1\n"));
  // Where one says it is not durable, what was published before is not there.
  EXPECT_THAT(
      lines_->lines(),
      Contains(ContainsRegex("^time=[0-9TZ:.-]+ event=feed message=\"feed \\\\\"prices\\\\\": "
                             "publishes do not arrive: .*\"\n$")));
  EXPECT_THAT(lines_->lines(), Contains(HasSubstr("publishes arrive again")));
  EXPECT_THAT(lines_->lines(), Contains(HasSubstr("lost when Redis ends")));
}

TEST_F(FeedOperationsTest, LeavesOutAFeedThatHasEnded) {
  auto prices = Open("prices");
  runnel::MetricsHandler metrics;
  metrics.Add(runnel::RedisTopicMetrics::Of(*prices));
  EXPECT_THAT(metrics.Text(), HasSubstr("runnel_feed_"));
  prices.reset();
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("runnel_feed_")));
}

}  // namespace
}  // namespace operations
