// Topic<T> is a feed: whoever publishes a message knows nothing of those who get it, and those come
// and go as they like. A server stream that serves it is one line:
//
//   Awaitable<absl::Status> Watch(ServerContext& context, const WatchRequest&,
//                                 Writer<Sample>& out) override {
//     return samples_.Serve(context, out);
//   }
//   runnel::Topic<Sample> samples_;
//
//   service.samples_.Publish(sample);  // on any thread, and it never waits
//
// Publishing appends to one log and wakes the loops that have subscribers, once each; a subscriber
// is a place in that log. A message is encoded once for each codec, by whoever needs it first.
//
// Every message has an id, "<epoch>-<number>". Where the method is declared resumable
// (`option (runnel.v1.resumable) = true`) the events of direct calls carry it, and a client that
// comes back with Last-Event-ID goes on after it, as far as the log reaches. Where it does not
// (SubscribeOptions::on_gap) the feed begins with the oldest message it has, and says so in the
// call's initial metadata: `feed-gap`, how many messages are missing, or "unknown". On a session a
// call resumes by itself, and needs no ids.

#ifndef RUNNEL_RUNTIME_TOPIC_TOPIC_H_
#define RUNNEL_RUNTIME_TOPIC_TOPIC_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/awaitable.h"
#include "runtime/call/writer.h"
#include "runtime/core/status_macros.h"
#include "runtime/server/server_context.h"
#include "runtime/topic/message_topic.h"

namespace runnel {

// Makes the message that tells a slow subscriber that so many are missing where it stands.
template <typename T>
using MissedMessage = std::function<T(uint64_t missed)>;

// One subscriber. Lives on its loop, where its functions are called; the topic may end before it.
template <typename T>
class Subscription {
 public:
  explicit Subscription(std::unique_ptr<MessageSubscription> messages)
      : messages_(std::move(messages)) {}

  // The next message, null at the end, or an error: see MessageSubscription::Next.
  Awaitable<absl::StatusOr<std::shared_ptr<const T>>> Next() {
    if (taken_.empty()) {
      RUNNEL_CO_ASSIGN_OR_RETURN(taken_, co_await messages_->Next());
      if (taken_.empty()) co_return std::shared_ptr<const T>();
    }
    const SharedMessagePtr& next = taken_.front();
    taken_ = taken_.subspan(1);
    co_return std::static_pointer_cast<const T>(next->shared());
  }

  // Writes what comes, until the end, or until nobody listens any more. `ids` is for methods that
  // are resumable. With `missed`, a subscriber who was too slow gets what that returns where
  // something is missing.
  using Ids = SharedMessage::Id;
  Awaitable<absl::Status> SendTo(Writer<T>& out, Ids ids, MissedMessage<T> missed = nullptr) {
    uint64_t told = messages_->missed();
    while (true) {
      if (taken_.empty()) {
        RUNNEL_CO_ASSIGN_OR_RETURN(taken_, co_await messages_->Next());
      }
      if (taken_.empty()) co_return absl::OkStatus();
      const uint64_t all_missed = messages_->missed();
      if (missed != nullptr && all_missed > told) {
        const T message = missed(all_missed - told);
        RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(message));
      }
      told = all_missed;
      const SharedMessages batch = std::exchange(taken_, SharedMessages());
      RUNNEL_CO_RETURN_IF_ERROR(co_await out.WriteShared(batch, ids));
    }
  }

  // The end comes after what had been published.
  void Close() { messages_->Close(); }
  // How many messages it has missed by being slow.
  uint64_t missed() const { return messages_->missed(); }
  const std::optional<MessageSubscription::Gap>& gap() const { return messages_->gap(); }

 private:
  std::unique_ptr<MessageSubscription> messages_;
  SharedMessages taken_;  // of what that returned last, what is still to come
};

namespace topic_internal {

// Serves what Topic<T> and KeyedTopic<T> have in common.
template <typename T>
Awaitable<absl::Status> Serve(MessageTopic& topic, ServerContext& context, Writer<T>& out,
                              SubscribeOptions options, MissedMessage<T> missed) {
  options.last_event_id = context.last_event_id();
  RUNNEL_CO_ASSIGN_OR_RETURN(std::unique_ptr<MessageSubscription> messages,
                             topic.Subscribe(context.executor(), std::move(options)));
  if (messages->gap()) {
    const std::optional<uint64_t> missing = messages->gap()->messages;
    context.AddInitialMetadata("feed-gap", missing ? std::to_string(*missing) : "unknown");
  }
  using Ids = typename Subscription<T>::Ids;
  const Ids ids = context.method().resumable ? Ids::kWith : Ids::kWithout;
  Subscription<T> subscription(std::move(messages));
  const absl::Status sent = co_await subscription.SendTo(out, ids, std::move(missed));
  co_return context.IsCancelled() ? context.cancel_status() : sent;
}

template <typename T>
absl::StatusOr<Subscription<T>> Subscribe(MessageTopic& topic, Executor executor,
                                          SubscribeOptions options) {
  RUNNEL_ASSIGN_OR_RETURN(std::unique_ptr<MessageSubscription> messages,
                          topic.Subscribe(std::move(executor), std::move(options)));
  return Subscription<T>(std::move(messages));
}

}  // namespace topic_internal

// Thread-safe. Streams that it serves may outlive it: they end UNAVAILABLE. A feed has no end of
// its own: close it before Server::Shutdown, which otherwise waits for its streams.
template <typename T>
class Topic {
 public:
  explicit Topic(TopicOptions options = TopicOptions())
      : messages_(MessageTopic::Kind::kPlain, std::move(options)) {}

  // Returns the message's id; FAILED_PRECONDITION when the topic is closed. A message that cannot
  // be encoded ends the streams that come to it, INVALID_ARGUMENT.
  absl::StatusOr<std::string> Publish(T message) {
    return messages_.Publish(std::make_shared<const T>(std::move(message)));
  }
  // As Publish, but waits before that while subscribers with WhenSlow::kWait are too far behind.
  // CANCELLED, with nothing published, when the wait is cancelled.
  Awaitable<absl::StatusOr<std::string>> PublishAndWait(T message) {
    return messages_.PublishAndWait(std::make_shared<const T>(std::move(message)));
  }

  // What a handler returns: the messages, until the client goes away or the topic is closed.
  Awaitable<absl::Status> Serve(ServerContext& context, Writer<T>& out,
                                SubscribeOptions options = SubscribeOptions(),
                                MissedMessage<T> missed = nullptr) {
    return topic_internal::Serve<T>(messages_, context, out, std::move(options), std::move(missed));
  }

  // For coroutines that make something else of the messages. `executor` is the loop they run on.
  absl::StatusOr<Subscription<T>> Subscribe(Executor executor,
                                            SubscribeOptions options = SubscribeOptions()) {
    return topic_internal::Subscribe<T>(messages_, std::move(executor), std::move(options));
  }

  // Nothing is published any more: streams end with `status` after what there is.
  void Close(const absl::Status& status = absl::OkStatus()) { messages_.Close(status); }
  size_t subscribers() const { return messages_.subscribers(); }

 private:
  MessageTopic messages_;
};

// KeyedTopic<T> is a feed of the newest value of each key: prices by symbol, machines by name. Who
// comes gets the current value of every key first, in the order in which they were published, and
// then what changes. Everything else is as with Topic<T>.
template <typename T>
class KeyedTopic {
 public:
  explicit KeyedTopic(TopicOptions options = TopicOptions())
      : messages_(MessageTopic::Kind::kKeyed, std::move(options)) {}

  // RESOURCE_EXHAUSTED for a new key that would be one too many.
  absl::StatusOr<std::string> Publish(std::string_view key, T value) {
    return messages_.Publish(std::make_shared<const T>(std::move(value)), key);
  }
  Awaitable<absl::StatusOr<std::string>> PublishAndWait(std::string key, T value) {
    return messages_.PublishAndWait(std::make_shared<const T>(std::move(value)), std::move(key));
  }
  // The key has no value any more. `last` says so to those who know it, in whatever way T can;
  // others never hear of it. NOT_FOUND when there is none.
  absl::StatusOr<std::string> Remove(std::string_view key, T last) {
    return messages_.Remove(std::make_shared<const T>(std::move(last)), key);
  }

  Awaitable<absl::Status> Serve(ServerContext& context, Writer<T>& out,
                                SubscribeOptions options = SubscribeOptions(),
                                MissedMessage<T> missed = nullptr) {
    return topic_internal::Serve<T>(messages_, context, out, std::move(options), std::move(missed));
  }
  absl::StatusOr<Subscription<T>> Subscribe(Executor executor,
                                            SubscribeOptions options = SubscribeOptions()) {
    return topic_internal::Subscribe<T>(messages_, std::move(executor), std::move(options));
  }

  void Close(const absl::Status& status = absl::OkStatus()) { messages_.Close(status); }
  size_t subscribers() const { return messages_.subscribers(); }

 private:
  MessageTopic messages_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_TOPIC_TOPIC_H_
