// RedisFeed is a RedisTopic<T> (redis_topic.h) without its type.

#ifndef RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_FEED_H_
#define RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_FEED_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "runtime/async/awaitable.h"
#include "runtime/redis/redis_client.h"
#include "runtime/server/server_stats.h"
#include "runtime/topic/message_topic.h"

namespace runnel {

struct RedisTopicOptions {
  RedisTopicOptions() = default;  // no aggregate: see CallOptions

  // What Redis keeps of the feed, and each server in its memory: so many of the newest messages, on
  // servers of so many bytes at most (see TopicOptions). The same on all servers.
  size_t max_messages = 1024;
  size_t max_bytes = size_t{8} << 20;

  // Publishes that wait for Redis, of this server: more of them fail at once, and each of them does
  // after this time. UNAVAILABLE.
  size_t max_waiting = 10'000;
  size_t max_waiting_bytes = size_t{16} << 20;
  absl::Duration publish_timeout = absl::Seconds(10);

  // How long a subscriber waits for a feed that has not been read from Redis yet, or not as far as
  // its Last-Event-ID; then its stream ends UNAVAILABLE, and it may try again.
  absl::Duration subscribe_timeout = absl::Seconds(5);
  // The longest that this server's reader waits for slow subscribers (WhenSlow::kWait).
  absl::Duration max_wait = absl::Seconds(1);

  // Called on the client's loop with what an operator should know: Redis goes away and comes back,
  // history is lost, an acknowledged publish is less durable than it could be. Without one these
  // lines go to stderr.
  std::function<void(std::string_view line)> log;
};

struct RedisTopicStatus {
  std::string name;  // the feed's

  // Reading: whether there is a connection to Redis and nothing wrong with the stream, since when
  // that is so, and what is wrong.
  bool connected = false;
  absl::Time since;
  std::string problem;
  uint64_t connections = 0;  // so many there have been
  bool loaded = false;       // subscribers are served
  size_t subscribers = 0;
  std::string last_id;  // of the newest message this server has; empty until it has read one
  uint64_t read = 0;    // messages
  uint64_t missed = 0;  // of which Redis had dropped before this server came to read them
  uint64_t lives = 0;   // so often streams were ended because messages are missing, and the first

  // Publishing.
  std::string publish_problem;  // while what is published does not arrive
  size_t waiting = 0;           // publishes that wait for Redis
  size_t waiting_bytes = 0;
  uint64_t published = 0;  // acknowledged by Redis
  uint64_t failed = 0;     // of which Publish said so
  uint64_t refused = 0;    // of those, at once, because too many waited
  uint64_t repeated = 0;   // batches of them that were sent again
  // How long those took that were acknowledged: one bucket for each of kLatencyBounds, and one for
  // the rest.
  std::array<uint64_t, kLatencyBounds.size() + 1> publish_latency{};
  absl::Duration publish_latency_sum;

  // What an acknowledged publish does not survive, as Redis is set; empty when it survives all that
  // Redis' disk does.
  std::string durability;
};

// Thread-safe. Streams it serves may outlive it.
class RedisFeed {
 public:
  // `prototype` lives for ever. The client's loop is that of the feed, whose reader has a
  // connection of its own, made with the client's options.
  RedisFeed(std::shared_ptr<RedisClient> client, std::string name,
            const google::protobuf::Message& prototype, RedisTopicOptions options);
  // As Close with UNAVAILABLE. The client's loop must still be there.
  ~RedisFeed();
  RedisFeed(const RedisFeed&) = delete;
  RedisFeed& operator=(const RedisFeed&) = delete;

  // See RedisTopic::Publish.
  Awaitable<absl::StatusOr<std::string>> Publish(const google::protobuf::Message& message);

  // Where somebody subscribes who has seen `last_event_id`.
  Awaitable<absl::StatusOr<std::shared_ptr<MessageTopic>>> TopicFor(std::string last_event_id);
  // The same for whoever has seen nothing. Null while nothing has been read yet.
  std::shared_ptr<MessageTopic> topic() const;

  void Close(const absl::Status& status);
  RedisTopicStatus status() const;
  // The same for whoever may outlive the feed: nullopt after its end.
  std::function<std::optional<RedisTopicStatus>()> status_source() const;

 private:
  class Core;
  struct Window;
  const std::shared_ptr<Core> core_;
  const std::shared_ptr<Window> window_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_FEED_H_
