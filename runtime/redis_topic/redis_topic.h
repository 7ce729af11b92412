// RedisTopic<T> is a Topic<T> (topic.h) of several servers, over a stream of Redis: whoever
// publishes on one of them reaches the subscribers of all. Handlers are the same:
//
//   runnel::IoThread io;
//   auto redis = std::make_shared<runnel::RedisClient>(io.executor(), options);
//   runnel::RedisTopic<Sample> samples(redis, "samples");
//
//   co_return co_await samples.Serve(context, out);   // in a handler
//   co_await samples.Publish(sample);                 // anywhere; returns when Redis has it
//
// Each server reads the stream once, over a connection of its own, into a log in memory, which
// serves its subscribers as a Topic does. An event's id is the stream's: a client goes on after its
// Last-Event-ID on any server, and after a restart of all of them.
//
// While Redis is away, subscribers keep their streams and new ones get what their server has.
// Publishes wait, so many of them and so long as RedisTopicOptions say, and then fail UNAVAILABLE.
// Afterwards reading goes on where it was: nothing is lost or comes twice, and one publisher's
// messages stay in order. What Redis itself has lost (it keeps nothing on disk, or a replica took
// over that lacked the end) is noticed: streams end UNAVAILABLE, and clients that come back get
// `feed-gap: unknown`. A server that was away for longer than the stream reaches back ends its
// streams, too, and there `feed-gap` says how many messages they miss.
//
// An acknowledged publish survives a crash of Redis with `appendonly yes` and `appendfsync always`;
// with `everysec` that of its process, but the last second is lost with the machine. The feed asks
// Redis (CONFIG GET, where it may) and says what is weaker.
//
// There is no KeyedTopic of this kind. Its subscribers begin with the newest message of every key,
// however old that is, and a stream forgets its oldest: a second structure in Redis would have to
// keep them, with the bound on keys and the memory of removed ones, for scripts to change together
// with the stream and for servers to load before they read on. Publish whole states from time to
// time, or ask a store of your own for them.

#ifndef RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_TOPIC_H_
#define RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_TOPIC_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/call/writer.h"
#include "runtime/core/status_macros.h"
#include "runtime/redis_topic/redis_feed.h"
#include "runtime/server/server_context.h"
#include "runtime/topic/topic.h"

namespace runnel {

// Thread-safe. Streams that it serves may outlive it: they end UNAVAILABLE. Destroy it while the
// loop of its client is there.
template <typename T>
class RedisTopic {
 public:
  // Feeds of one name are one feed. Several may share a client.
  RedisTopic(std::shared_ptr<RedisClient> redis, std::string name,
             RedisTopicOptions options = RedisTopicOptions())
      : feed_(std::move(redis), std::move(name), T::default_instance(), std::move(options)) {}

  // Returns the message's id once Redis has it. Messages go in the order of the calls. Await it.
  //
  // UNAVAILABLE when Redis is away for too long, or too many wait already; its message says whether
  // it is known that nothing was published. RESOURCE_EXHAUSTED for a message larger than all that
  // may wait, or when Redis is full; INVALID_ARGUMENT for one without a required field;
  // FAILED_PRECONDITION when the topic is closed. CANCELLED, where it may have been published, when
  // the caller is.
  Awaitable<absl::StatusOr<std::string>> Publish(const T& message) {
    return feed_.Publish(message);
  }

  // As Topic::Serve, and UNAVAILABLE when the feed has not been read from Redis in time.
  Awaitable<absl::Status> Serve(ServerContext& context, Writer<T>& out,
                                SubscribeOptions options = SubscribeOptions(),
                                MissedMessage<T> missed = nullptr) {
    auto found = feed_.TopicFor(std::string(context.last_event_id()));
    RUNNEL_CO_ASSIGN_OR_RETURN(const std::shared_ptr<MessageTopic> topic,
                               co_await std::move(found));
    co_return co_await topic_internal::Serve<T>(*topic, context, out, std::move(options),
                                                std::move(missed));
  }

  // For coroutines that make something else of the messages. Does not wait: UNAVAILABLE until the
  // feed has been read from Redis (Loaded).
  absl::StatusOr<Subscription<T>> Subscribe(Executor executor,
                                            SubscribeOptions options = SubscribeOptions()) {
    const std::shared_ptr<MessageTopic> topic = feed_.topic();
    if (topic == nullptr) return absl::UnavailableError("the feed has not been read yet");
    return topic_internal::Subscribe<T>(*topic, std::move(executor), std::move(options));
  }

  // OK once subscribers are served. UNAVAILABLE after RedisTopicOptions::subscribe_timeout.
  Awaitable<absl::Status> Loaded() {
    auto found = feed_.TopicFor("");
    const absl::StatusOr<std::shared_ptr<MessageTopic>> topic = co_await std::move(found);
    co_return topic.status();
  }

  // On this server: nothing is published any more, publishes that wait fail, and streams end with
  // `status` after what there is.
  void Close(const absl::Status& status = absl::OkStatus()) { feed_.Close(status); }

  size_t subscribers() const {
    const std::shared_ptr<MessageTopic> topic = feed_.topic();
    return topic == nullptr ? 0 : topic->subscribers();
  }
  // For metrics (services/metrics/redis_topic_metrics.h), health and logs.
  RedisTopicStatus status() const { return feed_.status(); }
  std::function<std::optional<RedisTopicStatus>()> status_source() const {
    return feed_.status_source();
  }

 private:
  RedisFeed feed_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_TOPIC_H_
