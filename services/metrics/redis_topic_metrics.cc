#include "runnel/redis_topic_metrics.h"

#include <string>

#include "absl/time/time.h"
#include "services/metrics/families.h"

namespace runnel {
namespace {

using prometheus::MetricType;

struct Figure {
  const char* name;
  MetricType type;
  const char* help;
  uint64_t (*value)(const RedisTopicStatus& status);
};

constexpr Figure kFigures[] = {
    {"runnel_feed_connected", MetricType::Gauge, "1 while the feed is read from Redis.",
     [](const RedisTopicStatus& s) -> uint64_t { return s.connected ? 1 : 0; }},
    {"runnel_feed_publishing", MetricType::Gauge, "0 while what is published does not arrive.",
     [](const RedisTopicStatus& s) -> uint64_t { return s.publish_problem.empty() ? 1 : 0; }},
    {"runnel_feed_loaded", MetricType::Gauge, "1 once subscribers are served.",
     [](const RedisTopicStatus& s) -> uint64_t { return s.loaded ? 1 : 0; }},
    {"runnel_feed_durable", MetricType::Gauge,
     "1 if Redis is set so that an acknowledged publish survives its crash.",
     [](const RedisTopicStatus& s) -> uint64_t { return s.loaded && s.durability.empty(); }},
    {"runnel_feed_subscribers", MetricType::Gauge, "Subscribers of this server.",
     [](const RedisTopicStatus& s) -> uint64_t { return s.subscribers; }},
    {"runnel_feed_waiting_publishes", MetricType::Gauge, "Publishes that wait for Redis.",
     [](const RedisTopicStatus& s) -> uint64_t { return s.waiting; }},
    {"runnel_feed_waiting_bytes", MetricType::Gauge, "Bytes of publishes that wait for Redis.",
     [](const RedisTopicStatus& s) -> uint64_t { return s.waiting_bytes; }},
    {"runnel_feed_connections_total", MetricType::Counter,
     "Connections to Redis that the feed was read over.",
     [](const RedisTopicStatus& s) -> uint64_t { return s.connections; }},
    {"runnel_feed_read_total", MetricType::Counter, "Messages read from Redis.",
     [](const RedisTopicStatus& s) -> uint64_t { return s.read; }},
    {"runnel_feed_missed_total", MetricType::Counter,
     "Messages that Redis had dropped before this server read them.",
     [](const RedisTopicStatus& s) -> uint64_t { return s.missed; }},
    {"runnel_feed_restarts_total", MetricType::Counter,
     "How often streams were ended because messages are missing.",
     [](const RedisTopicStatus& s) -> uint64_t { return s.lives > 0 ? s.lives - 1 : 0; }},
    {"runnel_feed_published_total", MetricType::Counter, "Publishes that Redis has acknowledged.",
     [](const RedisTopicStatus& s) -> uint64_t { return s.published; }},
    {"runnel_feed_repeated_total", MetricType::Counter,
     "Batches of publishes that were sent again, their reply being lost.",
     [](const RedisTopicStatus& s) -> uint64_t { return s.repeated; }},
};

}  // namespace

std::vector<prometheus::MetricFamily> RedisTopicMetrics::Collect() const {
  std::vector<RedisTopicStatus> feeds;
  for (const Source& feed : feeds_) {
    if (std::optional<RedisTopicStatus> status = feed()) feeds.push_back(*std::move(status));
  }
  Families families;
  if (feeds.empty()) return families.Take();
  for (const Figure& figure : kFigures) {
    families.Begin(figure.name, figure.type, figure.help);
    for (const RedisTopicStatus& feed : feeds) {
      families.Add(figure.value(feed), {{"feed", feed.name}});
    }
  }
  families.Begin("runnel_feed_publish_failed_total", MetricType::Counter,
                 "Publishes that failed: refused at once because too many wait, or later.");
  for (const RedisTopicStatus& feed : feeds) {
    families.Add(feed.refused, {{"feed", feed.name}, {"reason", "refused"}});
    families.Add(feed.failed - feed.refused, {{"feed", feed.name}, {"reason", "failed"}});
  }
  families.Begin("runnel_feed_publish_seconds", MetricType::Histogram,
                 "Time from Publish to Redis' acknowledgement.");
  for (const RedisTopicStatus& feed : feeds) {
    families.AddHistogram(feed.publish_latency, feed.publish_latency_sum, {{"feed", feed.name}});
  }
  return families.Take();
}

}  // namespace runnel
