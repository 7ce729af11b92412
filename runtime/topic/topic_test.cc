#include "runtime/topic/topic.h"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <map>
#include <set>
#include <thread>

#include "google/protobuf/wrappers.pb.h"
#include "gtest/gtest.h"
#include "runtime/async/io_thread.h"
#include "runtime/async/task_group.h"
#include "runtime/testing/manual_clock.h"
#include "runtime/topic/memory_topic_log.h"

namespace runnel {
namespace {

using Text = google::protobuf::StringValue;
using Texts = std::vector<std::string>;

Text Say(const std::string& text) {
  Text message;
  message.set_value(text);
  return message;
}

// What one subscriber got, and how it ended.
struct Got {
  Texts texts;
  std::optional<absl::StatusCode> ended;
};

class TopicTest : public testing::Test {
 protected:
  ~TopicTest() override {
    tasks_.Cancel();
    Poll();
  }

  TopicOptions Options(size_t max_messages = 1024, size_t max_bytes = 1 << 20) {
    TopicOptions options;
    options.max_messages = max_messages;
    options.clock = &clock_;
    options.max_wait = absl::Seconds(1);
    options.log = std::make_unique<MemoryTopicLog>(max_messages, max_bytes, "e");
    return options;
  }

  template <typename TopicType>
  Subscription<Text>& Subscribe(TopicType& topic, SubscribeOptions options = SubscribeOptions()) {
    absl::StatusOr<Subscription<Text>> made =
        topic.Subscribe(loop_.get_executor(), std::move(options));
    EXPECT_TRUE(made.ok()) << made.status();
    subscriptions_.push_back(*std::move(made));
    return subscriptions_.back();
  }
  // Reads up to `count` messages of what is there.
  Got Take(Subscription<Text>& subscription, size_t count = 1000) {
    Got got;
    TaskGroup tasks(loop_.get_executor());
    tasks.Spawn(Read(subscription, count, got));
    Poll();
    tasks.Cancel();
    Poll();
    return got;
  }
  static Awaitable<void> Read(Subscription<Text>& subscription, size_t count, Got& got) {
    while (got.texts.size() < count) {
      absl::StatusOr<std::shared_ptr<const Text>> next = co_await subscription.Next();
      if (absl::IsCancelled(next.status())) co_return;
      if (!next.ok() || *next == nullptr) {
        got.ended = next.status().code();
        co_return;
      }
      got.texts.push_back((*next)->value());
    }
  }
  void Poll() {
    loop_.restart();
    loop_.poll();
  }

  asio::io_context loop_{1};
  ManualClock clock_;
  TaskGroup tasks_{loop_.get_executor()};
  std::deque<Subscription<Text>> subscriptions_;
};

SubscribeOptions After(const std::string& id) {
  SubscribeOptions options;
  options.last_event_id = id;
  return options;
}
SubscribeOptions Slow(WhenSlow when_slow, size_t max_behind = 0) {
  SubscribeOptions options;
  options.when_slow = when_slow;
  options.max_behind = max_behind;
  return options;
}
SubscribeOptions FromOldest() {
  SubscribeOptions options;
  options.start = SubscribeOptions::Start::kOldest;
  return options;
}

TEST_F(TopicTest, SendsWhatIsPublishedToEverySubscriber) {
  Topic<Text> topic(Options());
  topic.Publish(Say("before")).IgnoreError();
  Subscription<Text>& one = Subscribe(topic);
  Subscription<Text>& other = Subscribe(topic);
  topic.Publish(Say("a")).IgnoreError();
  topic.Publish(Say("b")).IgnoreError();
  EXPECT_EQ(Take(one).texts, (Texts{"a", "b"}));
  EXPECT_EQ(Take(other).texts, (Texts{"a", "b"}));
}

TEST_F(TopicTest, WakesSubscribersWhoWait) {
  Topic<Text> topic(Options());
  Got got;
  tasks_.Spawn(Read(Subscribe(topic), 2, got));
  Poll();
  topic.Publish(Say("a")).IgnoreError();
  Poll();
  EXPECT_EQ(got.texts, Texts{"a"});
  topic.Publish(Say("b")).IgnoreError();
  Poll();
  EXPECT_EQ(got.texts, (Texts{"a", "b"}));
}

// Whatever the number of subscribers and messages, the loop takes one step to hear of them.
TEST_F(TopicTest, WakesALoopOncePerBurst) {
  Topic<Text> topic(Options());
  std::deque<Got> got(100);
  for (Got& one : got) tasks_.Spawn(Read(Subscribe(topic), 3, one));
  Poll();
  for (int i = 0; i < 3; ++i) topic.Publish(Say("a")).IgnoreError();
  loop_.restart();
  EXPECT_LT(loop_.poll(), 125u);  // each subscriber once, and the bell for a few at a time
  for (const Got& one : got) EXPECT_EQ(one.texts.size(), 3u);
}

TEST_F(TopicTest, GivesMessagesIdsOfItsEpoch) {
  Topic<Text> topic(Options());
  EXPECT_EQ(*topic.Publish(Say("a")), "e-1");
  EXPECT_EQ(*topic.Publish(Say("b")), "e-2");
}

TEST_F(TopicTest, DrawsAnEpochForEachLife) {
  Topic<Text> one, other;
  EXPECT_NE(*one.Publish(Say("a")), *other.Publish(Say("a")));
}

TEST_F(TopicTest, BeginsWithTheOldestWhereAskedTo) {
  Topic<Text> topic(Options(2));
  for (const char* text : {"a", "b", "c"}) topic.Publish(Say(text)).IgnoreError();
  EXPECT_EQ(Take(Subscribe(topic, FromOldest())).texts, (Texts{"b", "c"}));
}

TEST_F(TopicTest, KeepsNoMoreBytesThanItMay) {
  Topic<Text> topic(Options(1000, 3 * (MemoryTopicLog::kOverhead + 1003)));
  for (int i = 0; i < 10; ++i) topic.Publish(Say(std::string(1000, 'x'))).IgnoreError();
  EXPECT_EQ(Take(Subscribe(topic, FromOldest())).texts.size(), 3u);
  topic.Publish(Say(std::string(100'000, 'y'))).IgnoreError();  // the last one is always there
  EXPECT_EQ(Take(Subscribe(topic, FromOldest())).texts, Texts{std::string(100'000, 'y')});
}

TEST_F(TopicTest, EndsAfterAsManyMessagesAsASubscriberWants) {
  Topic<Text> topic(Options());
  SubscribeOptions options = FromOldest();
  options.limit = 40;  // more than are taken at a time
  auto& limited = Subscribe(topic, options);
  for (int i = 1; i <= 50; ++i) topic.Publish(Say(std::to_string(i))).IgnoreError();
  const Got got = Take(limited);
  ASSERT_EQ(got.texts.size(), 40u);
  EXPECT_EQ(got.texts.back(), "40");
  EXPECT_EQ(got.ended, absl::StatusCode::kOk);
}

TEST_F(TopicTest, ResumesAfterAnId) {
  Topic<Text> topic(Options());
  for (const char* text : {"a", "b", "c"}) topic.Publish(Say(text)).IgnoreError();
  EXPECT_EQ(Take(Subscribe(topic, After("e-1"))).texts, (Texts{"b", "c"}));
  EXPECT_EQ(Take(Subscribe(topic, After("e-3"))).texts, Texts{});
  EXPECT_FALSE(Subscribe(topic, After("e-1")).gap());
}

TEST_F(TopicTest, ResumesAfterTheMessageBeforeItsOldest) {
  Topic<Text> topic(Options(2));
  for (const char* text : {"a", "b", "c"}) topic.Publish(Say(text)).IgnoreError();
  Subscription<Text>& resumed = Subscribe(topic, After("e-1"));
  EXPECT_FALSE(resumed.gap());
  EXPECT_EQ(Take(resumed).texts, (Texts{"b", "c"}));
}

TEST_F(TopicTest, BeginsWithItsOldestAfterAnIdThatItHasLostAndSaysHowManyAreMissing) {
  Topic<Text> topic(Options(2));
  for (const char* text : {"a", "b", "c", "d"}) topic.Publish(Say(text)).IgnoreError();
  Subscription<Text>& resumed = Subscribe(topic, After("e-1"));
  ASSERT_TRUE(resumed.gap());
  EXPECT_EQ(resumed.gap()->messages, 1u);
  EXPECT_EQ(Take(resumed).texts, (Texts{"c", "d"}));
}

TEST_F(TopicTest, TakesIdsThatItNeverGaveForGaps) {
  Topic<Text> topic(Options());
  for (const char* text : {"a", "b"}) topic.Publish(Say(text)).IgnoreError();
  for (const char* id : {"f-1", "e-3", "e-01", "e-+1", "e-", "e", "-", "1", "e-1-1", "e- 1",
                         "e-99999999999999999999", "e-18446744073709551615"}) {
    Subscription<Text>& resumed = Subscribe(topic, After(id));
    ASSERT_TRUE(resumed.gap()) << id;
    EXPECT_FALSE(resumed.gap()->messages) << id;
    EXPECT_EQ(Take(resumed).texts, (Texts{"a", "b"})) << id;
  }
}

TEST_F(TopicTest, RefusesToGoOnAfterAGapWhereAskedTo) {
  Topic<Text> topic(Options());
  SubscribeOptions options = After("f-1");
  options.on_gap = SubscribeOptions::OnGap::kFail;
  const absl::Status refused = topic.Subscribe(loop_.get_executor(), std::move(options)).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(topic.subscribers(), 0u);
}

TEST_F(TopicTest, DropsTheOldestForSlowSubscribersAndCounts) {
  Topic<Text> topic(Options(4));
  Subscription<Text>& slow = Subscribe(topic);
  for (int i = 1; i <= 10; ++i) topic.Publish(Say(std::to_string(i))).IgnoreError();
  EXPECT_EQ(Take(slow).texts, (Texts{"7", "8", "9", "10"}));
  EXPECT_EQ(slow.missed(), 6u);
}

TEST_F(TopicTest, DropsWhatIsBeyondASubscribersOwnBound) {
  Topic<Text> topic(Options());
  Subscription<Text>& slow = Subscribe(topic, Slow(WhenSlow::kDropOldest, 2));
  EXPECT_EQ(Take(slow).texts, Texts{});
  for (int i = 1; i <= 10; ++i) topic.Publish(Say(std::to_string(i))).IgnoreError();
  EXPECT_EQ(Take(slow).texts, (Texts{"9", "10"}));
  EXPECT_EQ(slow.missed(), 8u);
}

TEST_F(TopicTest, EndsSlowSubscribersWhereAskedTo) {
  Topic<Text> topic(Options(4));
  Subscription<Text>& slow = Subscribe(topic, Slow(WhenSlow::kEnd));
  for (int i = 1; i <= 5; ++i) topic.Publish(Say(std::to_string(i))).IgnoreError();
  EXPECT_EQ(Take(slow).ended, absl::StatusCode::kResourceExhausted);
}

TEST_F(TopicTest, EndsSubscribersBeyondTheirOwnBound) {
  Topic<Text> topic(Options());
  Subscription<Text>& slow = Subscribe(topic, Slow(WhenSlow::kEnd, 2));
  EXPECT_EQ(Take(slow).texts, Texts{});
  for (int i = 1; i <= 3; ++i) topic.Publish(Say(std::to_string(i))).IgnoreError();
  EXPECT_EQ(Take(slow).ended, absl::StatusCode::kResourceExhausted);
}

// Who comes back after a while is behind, but not slow.
TEST_F(TopicTest, LetsSubscribersThatResumeCatchUpFirst) {
  Topic<Text> topic(Options());
  for (int i = 1; i <= 5; ++i) topic.Publish(Say(std::to_string(i))).IgnoreError();
  SubscribeOptions options = Slow(WhenSlow::kEnd, 2);
  options.last_event_id = "e-1";
  EXPECT_EQ(Take(Subscribe(topic, options)).texts, (Texts{"2", "3", "4", "5"}));
}

class WaitingTopicTest : public TopicTest {
 protected:
  static Awaitable<void> Publish(Topic<Text>& topic, int count, int& published,
                                 absl::StatusCode& last) {
    for (int i = 1; i <= count; ++i) {
      const absl::StatusOr<std::string> id = co_await topic.PublishAndWait(Say(std::to_string(i)));
      last = id.status().code();
      if (!id.ok()) co_return;
      ++published;
    }
  }
  int published_ = 0;
  absl::StatusCode last_ = absl::StatusCode::kUnknown;
};

TEST_F(WaitingTopicTest, HoldsUpThePublisherAtHalfOfTheLog) {
  Topic<Text> topic(Options(8));
  Subscription<Text>& slow = Subscribe(topic, Slow(WhenSlow::kWait));
  tasks_.Spawn(Publish(topic, 100, published_, last_));
  Poll();
  EXPECT_EQ(published_, 5);  // and the sixth waits
  EXPECT_EQ(Take(slow, 1).texts, Texts{"1"});
  Poll();
  EXPECT_EQ(published_, 6);
}

TEST_F(WaitingTopicTest, DropsNothing) {
  Topic<Text> topic(Options(8));
  Subscription<Text>& slow = Subscribe(topic, Slow(WhenSlow::kWait));
  tasks_.Spawn(Publish(topic, 100, published_, last_));
  Texts all;
  while (all.size() < 100) {
    Poll();
    Got got = Take(slow, 1);
    ASSERT_EQ(got.texts.size(), 1u);
    all.push_back(got.texts[0]);
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(all[i], std::to_string(i + 1));
  EXPECT_EQ(slow.missed(), 0u);
}

TEST_F(WaitingTopicTest, HoldsUpThePublisherAtHalfOfTheBytes) {
  Topic<Text> topic(Options(1000, 10 * (MemoryTopicLog::kOverhead + 3)));
  Subscribe(topic, Slow(WhenSlow::kWait));
  tasks_.Spawn(Publish(topic, 9, published_, last_));
  Poll();
  EXPECT_EQ(published_, 6);
}

TEST_F(WaitingTopicTest, GivesUpASubscriberWhoMakesItWaitTooLong) {
  Topic<Text> topic(Options(8));
  Subscription<Text>& slow = Subscribe(topic, Slow(WhenSlow::kWait));
  tasks_.Spawn(Publish(topic, 7, published_, last_));
  Poll();
  clock_.Advance(absl::Milliseconds(999));
  Poll();
  EXPECT_EQ(published_, 5);
  clock_.Advance(absl::Milliseconds(1));
  Poll();
  EXPECT_EQ(published_, 7);  // the others did not wait again
  EXPECT_EQ(Take(slow).ended, absl::StatusCode::kResourceExhausted);
}

TEST_F(WaitingTopicTest, LeavesOffWaitingForASubscriberWhoGoes) {
  Topic<Text> topic(Options(8));
  Subscribe(topic, Slow(WhenSlow::kWait));
  tasks_.Spawn(Publish(topic, 7, published_, last_));
  Poll();
  subscriptions_.clear();
  Poll();
  EXPECT_EQ(published_, 7);
}

TEST_F(WaitingTopicTest, PublishesNothingWhenTheWaitIsCancelled) {
  Topic<Text> topic(Options(2));
  Subscription<Text>& slow = Subscribe(topic, Slow(WhenSlow::kWait));
  tasks_.Spawn(Publish(topic, 100, published_, last_));
  Poll();
  tasks_.Cancel();
  Poll();
  EXPECT_EQ(last_, absl::StatusCode::kCancelled);
  EXPECT_EQ(Take(slow).texts, (Texts{"1", "2"}));
}

TEST_F(WaitingTopicTest, LeavesOffWaitingWhenItIsClosed) {
  Topic<Text> topic(Options(2));
  Subscribe(topic, Slow(WhenSlow::kWait));
  tasks_.Spawn(Publish(topic, 100, published_, last_));
  Poll();
  topic.Close();
  Poll();
  EXPECT_EQ(last_, absl::StatusCode::kFailedPrecondition);
}

TEST_F(WaitingTopicTest, EndsSubscribersWhomPublishOvertakes) {
  Topic<Text> topic(Options(4));
  Subscription<Text>& slow = Subscribe(topic, Slow(WhenSlow::kWait));
  for (int i = 1; i <= 5; ++i) topic.Publish(Say(std::to_string(i))).IgnoreError();
  EXPECT_EQ(Take(slow).ended, absl::StatusCode::kResourceExhausted);
}

TEST_F(TopicTest, EndsWithItsStatusAfterWhatThereIs) {
  Topic<Text> topic(Options());
  Subscription<Text>& one = Subscribe(topic);
  topic.Publish(Say("a")).IgnoreError();
  topic.Close(absl::AbortedError("over"));
  const Got got = Take(one);
  EXPECT_EQ(got.texts, Texts{"a"});
  EXPECT_EQ(got.ended, absl::StatusCode::kAborted);
  EXPECT_EQ(topic.Publish(Say("b")).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(TopicTest, ClosesSubscribersWhoWait) {
  Topic<Text> topic(Options());
  Got got;
  tasks_.Spawn(Read(Subscribe(topic), 1, got));
  Poll();
  topic.Close();
  Poll();
  EXPECT_EQ(got.ended, absl::StatusCode::kOk);
}

TEST_F(TopicTest, EndsUnavailableWhenItIsGone) {
  Got got;
  {
    Topic<Text> topic(Options());
    tasks_.Spawn(Read(Subscribe(topic), 1, got));
    Poll();
  }
  Poll();
  EXPECT_EQ(got.ended, absl::StatusCode::kUnavailable);
}

TEST_F(TopicTest, OneSubscriptionCanBeClosedAlone) {
  Topic<Text> topic(Options());
  Subscription<Text>& one = Subscribe(topic);
  Got got, other;
  tasks_.Spawn(Read(Subscribe(topic), 2, other));
  topic.Publish(Say("a")).IgnoreError();
  one.Close();
  tasks_.Spawn(Read(one, 2, got));
  Poll();
  EXPECT_EQ(got.texts, Texts{"a"});
  EXPECT_EQ(got.ended, absl::StatusCode::kOk);
  topic.Publish(Say("b")).IgnoreError();
  Poll();
  EXPECT_EQ(other.texts, (Texts{"a", "b"}));
}

TEST_F(TopicTest, ForgetsSubscribersWhoAreCancelledAndGo) {
  Topic<Text> topic(Options());
  Got got;
  tasks_.Spawn(Read(Subscribe(topic), 1, got));
  Poll();
  EXPECT_EQ(topic.subscribers(), 1u);
  tasks_.Cancel();
  Poll();
  subscriptions_.clear();
  EXPECT_EQ(topic.subscribers(), 0u);
  topic.Publish(Say("a")).IgnoreError();
  EXPECT_EQ(got.texts, Texts{});
}

TEST_F(TopicTest, OutlivesALoopThatEndsWithSubscribers) {
  Topic<Text> topic(Options());
  Got got;
  {
    asio::io_context loop;
    auto run = [](Topic<Text>& of, Executor on, Got& into) -> Awaitable<void> {
      Subscription<Text> subscription = *of.Subscribe(on);
      co_await Read(subscription, 1, into);
    };
    asio::co_spawn(loop, run(topic, loop.get_executor(), got), [](std::exception_ptr) {});
    loop.poll();
    EXPECT_EQ(topic.subscribers(), 1u);
  }
  EXPECT_EQ(topic.subscribers(), 0u);
  topic.Publish(Say("a")).IgnoreError();
  EXPECT_EQ(got.texts, Texts{});
}

// --- sending ---

// Takes messages when the test says so.
class Gate final : public MessageWriter {
 public:
  Awaitable<absl::Status> Write(const google::protobuf::Message& message,
                                const WriteOptions& options) override {
    sent.push_back(static_cast<const Text&>(message).value() +
                   (options.event_id.empty() ? "" : " " + options.event_id));
    while (closed) RUNNEL_CO_RETURN_IF_ERROR(co_await opened.Wait());
    co_return status;
  }
  Texts sent;
  absl::Status status;
  bool closed = false;
  Signal opened;
};

class SendingTest : public TopicTest {
 protected:
  static Awaitable<void> Send(Subscription<Text>& subscription, Writer<Text>& out,
                              Subscription<Text>::Ids ids, MissedMessage<Text> missed,
                              absl::StatusCode& ended) {
    const absl::Status sent = co_await subscription.SendTo(out, ids, std::move(missed));
    ended = sent.code();
  }
  using Ids = Subscription<Text>::Ids;
  Gate gate_;
  Writer<Text> out_{gate_};
  absl::StatusCode ended_ = absl::StatusCode::kUnknown;
};

TEST_F(SendingTest, WritesMessagesWithTheirIdsOrWithout) {
  Topic<Text> topic(Options());
  tasks_.Spawn(Send(Subscribe(topic), out_, Ids::kWith, nullptr, ended_));
  topic.Publish(Say("a")).IgnoreError();
  Poll();
  tasks_.Cancel();
  Poll();
  EXPECT_EQ(ended_, absl::StatusCode::kCancelled);
  tasks_.Spawn(Send(Subscribe(topic), out_, Ids::kWithout, nullptr, ended_));
  topic.Publish(Say("b")).IgnoreError();
  Poll();
  EXPECT_EQ(gate_.sent, (Texts{"a e-1", "b"}));
}

// Counts how often it is given something.
class BatchCounter final : public MessageWriter {
 public:
  Awaitable<absl::Status> Write(const google::protobuf::Message&, const WriteOptions&) override {
    co_return absl::UnimplementedError("feeds share their messages");
  }
  Awaitable<absl::Status> WriteShared(SharedMessages messages, SharedMessage::Id) override {
    sizes.push_back(messages.size());
    co_return absl::OkStatus();
  }
  std::vector<size_t> sizes;
};

TEST_F(SendingTest, WritesWhatIsThereTogether) {
  Topic<Text> topic(Options());
  BatchCounter counter;
  Writer<Text> out(counter);
  tasks_.Spawn(Send(Subscribe(topic), out, Ids::kWith, nullptr, ended_));
  Poll();
  for (int i = 1; i <= 20; ++i) topic.Publish(Say("a")).IgnoreError();
  Poll();
  EXPECT_EQ(counter.sizes, std::vector<size_t>{20});
  tasks_.Cancel();
  Poll();
}

TEST_F(SendingTest, GoesOnWhereNextHasStopped) {
  Topic<Text> topic(Options());
  auto& subscription = Subscribe(topic);
  for (const char* text : {"a", "b", "c"}) topic.Publish(Say(text)).IgnoreError();
  EXPECT_EQ(Take(subscription, 1).texts, Texts{"a"});
  tasks_.Spawn(Send(subscription, out_, Ids::kWithout, nullptr, ended_));
  Poll();
  EXPECT_EQ(gate_.sent, (Texts{"b", "c"}));
}

TEST_F(SendingTest, TellsWhereHowManyAreMissing) {
  Topic<Text> topic(Options(2));
  gate_.closed = true;
  tasks_.Spawn(Send(
      Subscribe(topic), out_, Ids::kWithout,
      [](uint64_t n) { return Say("missed " + std::to_string(n)); }, ended_));
  for (int i = 1; i <= 6; ++i) {
    topic.Publish(Say(std::to_string(i))).IgnoreError();
    Poll();
  }
  EXPECT_EQ(gate_.sent, Texts{"1"});
  gate_.closed = false;
  gate_.opened.Notify();
  Poll();
  EXPECT_EQ(gate_.sent, (Texts{"1", "missed 3", "5", "6"}));
}

TEST_F(SendingTest, EndsWhenNobodyListensAnyMore) {
  Topic<Text> topic(Options());
  gate_.status = absl::UnavailableError("gone");
  tasks_.Spawn(Send(Subscribe(topic), out_, Ids::kWithout, nullptr, ended_));
  topic.Publish(Say("a")).IgnoreError();
  Poll();
  EXPECT_EQ(ended_, absl::StatusCode::kUnavailable);
}

// --- keyed ---

class KeyedTopicTest : public TopicTest {
 protected:
  void Put(const std::string& key, const std::string& value) {
    const absl::Status put = topic_.Publish(key, Say(key + value)).status();
    EXPECT_TRUE(put.ok()) << put;
  }
  void Remove(const std::string& key) {
    const absl::Status removed = topic_.Remove(key, Say("-" + key)).status();
    EXPECT_TRUE(removed.ok()) << removed;
  }
  KeyedTopic<Text> topic_{Options(4)};
};

TEST_F(KeyedTopicTest, BeginsWithTheNewestOfEveryKeyInTheOrderOfPublishing) {
  Put("a", "1");
  Put("b", "1");
  Put("a", "2");
  Subscription<Text>& one = Subscribe(topic_);
  EXPECT_EQ(Take(one).texts, (Texts{"b1", "a2"}));
  Put("b", "2");
  EXPECT_EQ(Take(one).texts, Texts{"b2"});
  EXPECT_EQ(one.missed(), 0u);
}

// What it would have begun with has been replaced before it came to that.
TEST_F(KeyedTopicTest, BeginsWithWhatIsNewestWhenItIsRead) {
  Put("a", "1");
  Subscription<Text>& one = Subscribe(topic_);
  Put("a", "2");
  EXPECT_EQ(Take(one).texts, Texts{"a2"});
  EXPECT_EQ(one.missed(), 0u);
}

TEST_F(KeyedTopicTest, EndsAfterAsManyMessagesAsASubscriberWants) {
  for (const char* key : {"a", "b", "c"}) Put(key, "1");
  SubscribeOptions options;
  options.limit = 2;
  const Got got = Take(Subscribe(topic_, options));
  EXPECT_EQ(got.texts, (Texts{"a1", "b1"}));
  EXPECT_EQ(got.ended, absl::StatusCode::kOk);
}

TEST_F(KeyedTopicTest, SendsEveryChangeAfterwards) {
  Subscription<Text>& one = Subscribe(topic_);
  Put("a", "1");
  Put("a", "2");
  EXPECT_EQ(Take(one).texts, (Texts{"a1", "a2"}));
}

TEST_F(KeyedTopicTest, HasKeysThatAreOlderThanItsLog) {
  Put("old", "1");
  for (int i = 0; i < 10; ++i) Put("a", std::to_string(i));
  EXPECT_EQ(Take(Subscribe(topic_)).texts, (Texts{"old1", "a9"}));
}

TEST_F(KeyedTopicTest, TellsOfRemovedKeysWhoKnowsThem) {
  Subscription<Text>& one = Subscribe(topic_);
  Put("a", "1");
  Put("b", "1");
  Remove("a");
  EXPECT_EQ(Take(one).texts, (Texts{"a1", "b1", "-a"}));
  EXPECT_EQ(Take(Subscribe(topic_)).texts, Texts{"b1"});
  Put("a", "2");
  EXPECT_EQ(Take(Subscribe(topic_)).texts, (Texts{"b1", "a2"}));
}

TEST_F(KeyedTopicTest, RemovesNoKeyThatHasNoValue) {
  EXPECT_EQ(topic_.Remove("a", Say("-a")).status().code(), absl::StatusCode::kNotFound);
  Put("a", "1");
  Remove("a");
  EXPECT_EQ(topic_.Remove("a", Say("-a")).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(KeyedTopicTest, BringsSlowSubscribersToTheNewestOfWhatHasChanged) {
  Put("same", "1");
  Put("gone", "1");
  Subscription<Text>& slow = Subscribe(topic_);
  EXPECT_EQ(Take(slow).texts, (Texts{"same1", "gone1"}));
  Remove("gone");
  for (int i = 0; i < 10; ++i) Put("a", std::to_string(i));
  EXPECT_EQ(Take(slow).texts, (Texts{"-gone", "a9"}));
  EXPECT_EQ(slow.missed(), 9u);
}

TEST_F(KeyedTopicTest, ResumesAfterAnIdThatTheLogHasLost) {
  Put("same", "1");
  Put("gone", "1");  // e-2
  Remove("gone");
  for (int i = 0; i < 10; ++i) Put("a", std::to_string(i));
  Subscription<Text>& resumed = Subscribe(topic_, After("e-2"));
  EXPECT_FALSE(resumed.gap());
  EXPECT_EQ(Take(resumed).texts, (Texts{"-gone", "a9"}));
}

TEST_F(KeyedTopicTest, BeginsAnewWhenRemovalsHaveBeenForgotten) {
  Put("same", "1");  // e-1
  for (int i = 0; i < 6; ++i) {
    Put("k" + std::to_string(i), "");
    Remove("k" + std::to_string(i));
  }
  Subscription<Text>& resumed = Subscribe(topic_, After("e-1"));
  EXPECT_TRUE(resumed.gap());
  EXPECT_EQ(Take(resumed).texts, Texts{"same1"});
}

TEST_F(KeyedTopicTest, ReadsALargeStateWhileItChanges) {
  TopicOptions options = Options(16);
  options.max_keys = 1000;
  KeyedTopic<Text> topic(std::move(options));
  for (int i = 0; i < 500; ++i) topic.Publish(std::to_string(i), Say("old")).IgnoreError();
  Subscription<Text>& one = Subscribe(topic);
  EXPECT_EQ(Take(one, 7).texts.size(), 7u);
  topic.Publish("400", Say("new")).IgnoreError();
  const Texts rest = Take(one).texts;
  EXPECT_EQ(rest.size(), 493u);  // 400 comes once: at the end
  EXPECT_EQ(rest.back(), "new");
}

TEST_F(KeyedTopicTest, HasNoMoreKeysThanItMay) {
  TopicOptions options = Options();
  options.max_keys = 1;
  KeyedTopic<Text> topic(std::move(options));
  EXPECT_TRUE(topic.Publish("a", Say("1")).ok());
  EXPECT_TRUE(topic.Publish("a", Say("2")).ok());
  EXPECT_EQ(topic.Publish("b", Say("1")).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(topic.Remove("a", Say("-")).ok());
  EXPECT_TRUE(topic.Publish("b", Say("1")).ok());
}

// --- threads ---

Awaitable<int> CountUntilEnd(Topic<Text>& topic, Executor executor, std::atomic<int>& ready) {
  Subscription<Text> subscription = *topic.Subscribe(executor);
  ++ready;
  std::map<std::string, int> last;  // of each publisher
  int count = 0;
  while (true) {
    absl::StatusOr<std::shared_ptr<const Text>> next = co_await subscription.Next();
    if (!next.ok() || *next == nullptr) co_return count;
    const std::string& value = (*next)->value();
    const int number = std::stoi(value.substr(1));
    EXPECT_EQ(number, ++last[value.substr(0, 1)]);
    ++count;
  }
}

TEST(TopicThreadsTest, AnyThreadPublishesToSubscribersOnSeveralLoops) {
  constexpr int kMessages = 200;
  TopicOptions options;
  options.max_messages = 4 * kMessages;
  Topic<Text> topic(std::move(options));
  std::atomic<int> ready = 0;
  std::vector<std::unique_ptr<IoThread>> loops;
  std::vector<std::thread> threads;
  std::vector<int> counts(6);
  for (int i = 0; i < 3; ++i) loops.push_back(std::make_unique<IoThread>());
  for (size_t i = 0; i < counts.size(); ++i) {
    threads.emplace_back([&, i] {
      IoThread& io = *loops[i % loops.size()];
      counts[i] = io.BlockOn(CountUntilEnd(topic, io.executor(), ready));
    });
  }
  while (ready < 6) std::this_thread::yield();
  std::vector<std::thread> publishers;
  for (const char* name : {"a", "b", "c"}) {
    publishers.emplace_back([&topic, name] {
      for (int i = 1; i <= kMessages; ++i) {
        topic.Publish(Say(name + std::to_string(i))).IgnoreError();
      }
    });
  }
  for (std::thread& publisher : publishers) publisher.join();
  topic.Close();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counts, std::vector<int>(6, 3 * kMessages));
  EXPECT_EQ(topic.subscribers(), 0u);
}

Awaitable<int> ReadSome(Topic<Text>& topic, Executor executor, int count) {
  SubscribeOptions options;
  options.start = SubscribeOptions::Start::kOldest;
  options.when_slow = WhenSlow::kWait;
  absl::StatusOr<Subscription<Text>> subscription = topic.Subscribe(executor, options);
  int read = 0;
  while (read < count) {
    absl::StatusOr<std::shared_ptr<const Text>> next = co_await subscription->Next();
    if (!next.ok() || *next == nullptr) break;
    ++read;
  }
  co_return read;
}

Awaitable<int> PublishUntil(Topic<Text>& topic, std::atomic<bool>& stop) {
  int published = 0;
  while (!stop) {
    const absl::StatusOr<std::string> id = co_await topic.PublishAndWait(Say("x"));
    if (!id.ok()) break;
    ++published;
  }
  co_return published;
}

TEST(TopicThreadsTest, SubscribersComeAndGoWhileAPublisherWaitsForThem) {
  TopicOptions options;
  options.max_messages = 16;
  options.max_wait = absl::Hours(1);
  Topic<Text> topic(std::move(options));
  std::atomic<bool> stop = false;
  IoThread one, other, publisher;
  std::thread publishing([&] { EXPECT_GT(publisher.BlockOn(PublishUntil(topic, stop)), 0); });
  std::vector<std::thread> threads;
  for (IoThread* io : {&one, &other, &one}) {
    threads.emplace_back([&topic, io] {
      for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(io->BlockOn(ReadSome(topic, io->executor(), 50)), 50);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  stop = true;
  publishing.join();
}

}  // namespace
}  // namespace runnel
