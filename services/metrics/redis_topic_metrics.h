// RedisTopicMetrics shows feeds over Redis to a Prometheus, beside their server:
//
//   metrics.Add(runnel::RedisTopicMetrics::Of(prices, trades));  // a MetricsHandler
//
// All feeds of a server in one: a name may be in a scrape once. Names begin with runnel_feed_, and
// `feed` is the feed's. What to watch: runnel_feed_connected and runnel_feed_publishing, which are
// 0 while Redis is away; runnel_feed_waiting_publishes, and the failed ones by reason.

#ifndef RUNNEL_REDIS_TOPIC_METRICS_H_
#define RUNNEL_REDIS_TOPIC_METRICS_H_

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "prometheus/collectable.h"
#include "runnel/redis_topic.h"

namespace runnel {

// Thread-safe once it is added. A feed that has ended is no longer in it.
class RedisTopicMetrics final : public prometheus::Collectable {
 public:
  using Source = std::function<std::optional<RedisTopicStatus>()>;

  explicit RedisTopicMetrics(std::vector<Source> feeds) : feeds_(std::move(feeds)) {}
  // Feeds of any types.
  template <typename... T>
  static std::shared_ptr<RedisTopicMetrics> Of(const RedisTopic<T>&... feeds) {
    return std::make_shared<RedisTopicMetrics>(std::vector<Source>{feeds.status_source()...});
  }

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::vector<Source> feeds_;
};

}  // namespace runnel

#endif  // RUNNEL_REDIS_TOPIC_METRICS_H_
