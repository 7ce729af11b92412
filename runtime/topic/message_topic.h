// MessageTopic is a Topic<T> or KeyedTopic<T> (topic.h) without its type: one log of messages, and
// subscribers that each have a place in it.

#ifndef RUNNEL_RUNTIME_TOPIC_MESSAGE_TOPIC_H_
#define RUNNEL_RUNTIME_TOPIC_MESSAGE_TOPIC_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/async/signal.h"
#include "runtime/topic/topic_log.h"

namespace runnel {

struct TopicOptions {
  TopicOptions() = default;  // no aggregate: see CallOptions

  // What the log keeps: so many of the newest messages, of so many bytes in their binary form (and
  // 256 for each). In memory a message takes a few times that: itself, and its bytes in each codec
  // that is in use.
  size_t max_messages = 1024;
  size_t max_bytes = size_t{8} << 20;
  // Keyed topics: the most keys that have a value.
  size_t max_keys = 10'000;
  // The longest that PublishAndWait waits for slow subscribers.
  absl::Duration max_wait = absl::Seconds(1);
  Clock* clock = &Clock::Real();
  // Instead of a MemoryTopicLog of the bounds above.
  std::unique_ptr<TopicLog> log;
};

// What becomes of a subscriber who is too far behind: further than SubscribeOptions::max_behind, or
// than the log reaches.
enum class WhenSlow {
  // It goes on with the oldest message it may still have, and learns how many it has missed. In a
  // keyed topic it goes on with the newest message of each key that has changed meanwhile, and
  // those in between are what it has missed.
  kDropOldest,
  // Its stream ends, RESOURCE_EXHAUSTED.
  kEnd,
  // Nothing is dropped: PublishAndWait waits while this subscriber is behind by more than half of
  // what the log may hold, for at most TopicOptions::max_wait. One that has not caught up then ends
  // RESOURCE_EXHAUSTED; so does one that is overtaken by Publish, which never waits, or by a
  // message of more than half of the log. max_behind has no meaning here.
  kWait,
};

struct SubscribeOptions {
  SubscribeOptions() = default;

  WhenSlow when_slow = WhenSlow::kDropOldest;
  // In messages; 0: as far as the log reaches.
  size_t max_behind = 0;

  // Where to begin: after what has been published, or with the oldest message in the log. Keyed
  // topics begin with the newest message of every key, either way.
  enum class Start { kNow, kOldest };
  Start start = Start::kNow;

  // The stream ends after so many messages; 0: it goes on.
  uint64_t limit = 0;

  // Go on after the message with this id, if there is one. Topic::Serve takes it from the call.
  std::string last_event_id;
  // When that message is no longer in the log, or is of another epoch (a server that has been
  // restarted), or was never there: begin with the oldest message in the log (in a keyed topic,
  // with the newest of every key), or fail with OUT_OF_RANGE, reason FEED_GAP.
  enum class OnGap { kOldest, kFail };
  OnGap on_gap = OnGap::kOldest;
};

class MessageSubscription;

// Thread-safe. Subscriptions may outlive it: what has been published they still get.
class MessageTopic {
 public:
  enum class Kind { kPlain, kKeyed };
  MessageTopic(Kind kind, TopicOptions options);
  // As Close with UNAVAILABLE.
  ~MessageTopic();
  MessageTopic(const MessageTopic&) = delete;
  MessageTopic& operator=(const MessageTopic&) = delete;

  // Returns the message's id. Never waits. FAILED_PRECONDITION when the topic is closed,
  // RESOURCE_EXHAUSTED for a new key that would be too many (TopicOptions::max_keys).
  absl::StatusOr<std::string> Publish(std::shared_ptr<const google::protobuf::Message> message,
                                      std::string_view key = {});
  // `message`, which says so, is the last about `key`. NOT_FOUND when that has no value.
  absl::StatusOr<std::string> Remove(std::shared_ptr<const google::protobuf::Message> message,
                                     std::string_view key);

  // As Publish, but when no subscriber with WhenSlow::kWait holds publishers up. Those that do so
  // for `max_wait` are given up. CANCELLED when the caller is: then nothing has been published.
  Awaitable<absl::StatusOr<std::string>> PublishAndWait(
      std::shared_ptr<const google::protobuf::Message> message, std::string key = {});

  // PublishAndWait for one after the other of a plain topic, and the last one's id. Subscribers are
  // woken once for as many as there is room for: each then writes them in one go.
  using Messages = std::vector<std::shared_ptr<const google::protobuf::Message>>;
  Awaitable<absl::StatusOr<std::string>> PublishAllAndWait(Messages messages);

  // Nothing is published any more. Subscribers get what there is and then end with `status`.
  void Close(const absl::Status& status);

  // Where the subscriber's coroutine runs is `executor`, one loop.
  absl::StatusOr<std::unique_ptr<MessageSubscription>> Subscribe(Executor executor,
                                                                 SubscribeOptions options);
  size_t subscribers() const;

 private:
  friend class MessageSubscription;
  struct State;
  struct Loop;
  class Visit;
  struct Unpublished;

  static Awaitable<absl::StatusOr<std::string>> AppendAll(std::shared_ptr<State> state,
                                                          std::vector<Unpublished> messages);

  const std::shared_ptr<State> state_;
};

// Lives on its loop; its destructor may also run when that loop has ended.
class MessageSubscription {
 public:
  ~MessageSubscription();
  MessageSubscription(const MessageSubscription&) = delete;
  MessageSubscription& operator=(const MessageSubscription&) = delete;

  // The next messages, as many as a subscriber takes at a time, which stay as they are until it
  // asks again; none when the topic was closed with OK or this subscription was. Otherwise the
  // status of the topic's end; RESOURCE_EXHAUSTED for one who is too slow (WhenSlow); CANCELLED
  // when the caller is. One call at a time.
  Awaitable<absl::StatusOr<SharedMessages>> Next();

  // Next returns null once it has handed out what had been published.
  void Close();

  // How many messages the subscriber has missed by being slow: all of them before what Next
  // returned last.
  uint64_t missed() const { return missed_; }

  // What lies between the id to go on after and the first message, if that is a gap: how many
  // messages, where that is known.
  struct Gap {
    std::optional<uint64_t> messages;
  };
  const std::optional<Gap>& gap() const { return gap_; }

 private:
  friend class MessageTopic;

  MessageSubscription(std::shared_ptr<MessageTopic::State> state, SubscribeOptions options);

  // With the topic's mutex locked.
  absl::Status Begin();
  absl::Status Take();
  absl::Status FallBack();
  void TakeState();
  void MoveTo(uint64_t position);
  // What the log must not lose before this subscriber has it comes after this.
  uint64_t needed_after() const { return catch_up_ ? catch_up_->until : position_; }
  // How many messages it may take at once; none when it has got as many as it is to get.
  size_t room() const;
  bool holds_up() const { return options_.when_slow == WhenSlow::kWait && !given_up_; }

  const std::shared_ptr<MessageTopic::State> state_;
  const SubscribeOptions options_;

  // On the loop.
  std::vector<SharedMessagePtr> batch_;  // what Next returned last
  Signal news_;
  uint64_t missed_ = 0;
  std::optional<Gap> gap_;

  // What follows is guarded by the topic's mutex.

  // On its way through a keyed topic's state, which it reads instead of the log.
  struct CatchUp {
    uint64_t from = 0;
    uint64_t until = 0;
    bool knows_keys = false;  // and so has to hear of those that are gone
    bool missing = false;     // what it does not get on the way it has missed
    uint64_t taken = 0;
  };
  std::optional<CatchUp> catch_up_;
  MessageTopic::Loop* loop_ = nullptr;
  uint64_t position_ = 0;         // all up to here has been taken
  uint64_t taken_ = 0;            // messages
  bool has_caught_up_ = false;    // max_behind holds from then on
  bool given_up_ = false;         // it held a publisher up too long
  bool ended_ = false;            // nothing comes after batch_
  std::optional<uint64_t> last_;  // closed: no more than up to here
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_TOPIC_MESSAGE_TOPIC_H_
