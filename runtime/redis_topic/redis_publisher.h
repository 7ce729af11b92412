// RedisPublisher appends one server's messages to a feed's stream, each once, in order.

#ifndef RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_PUBLISHER_H_
#define RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_PUBLISHER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/signal.h"
#include "runtime/redis/redis_client.h"
#include "runtime/redis_topic/redis_feed.h"

namespace runnel {

// Lives on the client's loop, in a shared_ptr that its coroutines keep.
//
// One batch is on its way at a time, with all that has come meanwhile in the next one. A batch
// whose reply is lost is sent again as it was: Redis knows by its number whether it has it.
class RedisPublisher {
 public:
  RedisPublisher(std::shared_ptr<RedisClient> client, std::string stream,
                 const RedisTopicOptions& options);

  // The id. See RedisTopic::Publish.
  static Awaitable<absl::StatusOr<std::string>> Publish(std::shared_ptr<RedisPublisher> self,
                                                        std::string message);

  // Sends until Stop.
  static Awaitable<void> Run(std::shared_ptr<RedisPublisher> self);
  // What waits ends with `status`, and so does what comes.
  void Stop(const absl::Status& status);

  // Into what it has to say.
  void AddTo(RedisTopicStatus& status) const;
  // Called when those figures have changed.
  std::function<void()> on_change;

 private:
  struct Item {
    std::string message;
    bool sent = false;
    bool given_up = false;  // nobody waits for it
    std::optional<absl::StatusOr<std::string>> id;
    Signal done;
  };
  using Items = std::vector<std::shared_ptr<Item>>;

  Items TakeBatch();
  void Finish(const Items& batch, const absl::StatusOr<RedisReply>& reply);
  void Leave(Item& item);

  const std::shared_ptr<RedisClient> client_;
  const std::string stream_;
  const RedisTopicOptions& options_;
  const std::string name_;

  std::deque<std::shared_ptr<Item>> queue_;
  Signal arrived_;
  absl::Status stopped_;
  uint64_t next_ = 1;  // number of the next message
  size_t waiting_ = 0;
  size_t waiting_bytes_ = 0;
  uint64_t published_ = 0;
  uint64_t failed_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_PUBLISHER_H_
