// RedisPublisher appends one server's messages to a feed's stream, each once, in order.

#ifndef RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_PUBLISHER_H_
#define RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_PUBLISHER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/signal.h"
#include "runtime/redis/redis_client.h"
#include "runtime/redis_topic/redis_feed.h"

namespace runnel {

// Lives on the client's loop, in a shared_ptr that its coroutines keep. AddTo is for any thread.
//
// One batch is on its way at a time, with all that has come meanwhile in the next one. A batch
// whose reply is lost is sent again as it was: Redis knows by its number whether it has it.
class RedisPublisher {
 public:
  using Log = std::function<void(std::string_view line)>;

  // The options outlive it.
  RedisPublisher(std::shared_ptr<RedisClient> client, std::string stream,
                 const RedisTopicOptions& options, Log log);
  RedisPublisher(const RedisPublisher&) = delete;
  RedisPublisher& operator=(const RedisPublisher&) = delete;

  // The id. See RedisTopic::Publish.
  static Awaitable<absl::StatusOr<std::string>> Publish(std::shared_ptr<RedisPublisher> self,
                                                        std::string message);

  // Sends until Stop.
  static Awaitable<void> Run(std::shared_ptr<RedisPublisher> self);
  // What waits ends with `status`, and so does what comes.
  void Stop(const absl::Status& status);

  // Into what it has to say.
  void AddTo(RedisTopicStatus& status) const;

 private:
  struct Item {
    std::string message;
    absl::Time begun;
    bool sent = false;
    bool given_up = false;  // nobody waits for it
    std::optional<absl::StatusOr<std::string>> id;
    Signal done;
  };
  using Items = std::vector<std::shared_ptr<Item>>;

  Items TakeBatch();
  void Finish(const Items& batch, const absl::StatusOr<RedisReply>& reply);
  enum class Outcome { kPublished, kFailed };
  void Leave(const Item& item, Outcome outcome);
  void SetProblem(std::string_view problem);

  const std::shared_ptr<RedisClient> client_;
  const std::string stream_;
  const RedisTopicOptions& options_;
  const Log log_;
  const std::string name_;

  std::deque<std::shared_ptr<Item>> queue_;
  Signal arrived_;
  absl::Status stopped_;
  uint64_t next_ = 1;  // number of the next message

  mutable std::mutex mutex_;
  RedisTopicStatus status_;  // its part; written on the loop alone
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_PUBLISHER_H_
