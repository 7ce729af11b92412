// RedisReader reads a feed's stream into a topic in memory, from which a server's subscribers are
// served.

#ifndef RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_READER_H_
#define RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_READER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/signal.h"
#include "runtime/client/backoff.h"
#include "runtime/redis/redis_client.h"
#include "runtime/redis_topic/entry_id.h"
#include "runtime/redis_topic/redis_feed.h"
#include "runtime/topic/message_topic.h"

namespace runnel {

// Lives on the client's loop, in a shared_ptr that its coroutines keep. topic() and AddTo are for
// any thread.
//
// Between the first message that it has and the last nothing is missing. Where something would be,
// a new life begins: a topic without what came before, while the streams of the old one end.
class RedisReader {
 public:
  using Log = std::function<void(std::string_view line)>;

  // Reads over a connection of its own, made as `client` makes its own. The prototype and the
  // options outlive it.
  RedisReader(std::shared_ptr<RedisClient> client, std::string name, std::string stream,
              const google::protobuf::Message& prototype, const RedisTopicOptions& options,
              Log log);
  RedisReader(const RedisReader&) = delete;
  RedisReader& operator=(const RedisReader&) = delete;

  // Reads until Close: after each loss of the connection from where it was.
  static Awaitable<void> Run(std::shared_ptr<RedisReader> self);
  // Streams end with `status` after what there is.
  void Close(const absl::Status& status);

  // Where somebody subscribes who has seen `last_event_id`.
  static Awaitable<absl::StatusOr<std::shared_ptr<MessageTopic>>> TopicFor(
      std::shared_ptr<RedisReader> self, std::string last_event_id);
  // Null while nothing has been read yet.
  std::shared_ptr<MessageTopic> topic() const;

  // Into what it has to say.
  void AddTo(RedisTopicStatus& status) const;

 private:
  Clock& clock() const { return *client_->options().clock; }

  static Awaitable<absl::Status> Open(std::shared_ptr<RedisReader> self, EntryId& newest);
  static Awaitable<absl::Status> ReadOn(std::shared_ptr<RedisReader> self, Backoff& backoff);
  static Awaitable<absl::Status> Take(std::shared_ptr<RedisReader> self, const RedisReply& entries);
  static Awaitable<absl::Status> Append(std::shared_ptr<RedisReader> self,
                                        MessageTopic::Messages messages, EntryId last,
                                        std::string last_publish);
  static Awaitable<absl::StatusOr<EntryId>> Newest(std::shared_ptr<RedisReader> self);
  static Awaitable<void> CheckDurability(std::shared_ptr<RedisReader> self);

  // Why what comes does not follow what there is.
  struct Break {
    EntryId before_first;  // of what comes
    std::string why;
    uint64_t missed = 0;  // messages, as far as that is known
  };
  static Break Dropped(EntryId last, EntryId before_first);
  static std::optional<Break> BreakBetween(EntryId last, EntryId next);
  void Begin(EntryId before_first);
  void BeginAgain(const Break& found);
  void ShowBuilding();
  void Show(std::shared_ptr<MessageTopic> topic);
  void SetProblem(const std::string& problem);

  const std::string name_;
  const std::string stream_;
  const google::protobuf::Message& prototype_;
  const RedisTopicOptions& options_;
  const Log log_;
  const std::shared_ptr<RedisClient> client_;
  RedisClient redis_;

  bool begun_ = false;
  bool closed_ = false;
  bool said_problem_ = false;
  EntryId last_;              // is in the topic
  std::string last_publish_;  // and whose it was
  // Filled from Redis before anybody subscribes to it.
  std::shared_ptr<MessageTopic> building_;
  Signal progress_;

  mutable std::mutex mutex_;
  std::shared_ptr<MessageTopic> topic_;
  RedisTopicStatus status_;  // its part
  std::string problem_;      // of the feed, though Redis is there
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_READER_H_
