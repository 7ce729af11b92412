#include "runtime/topic/topic_test.h"

#include <boost/asio/co_spawn.hpp>
#include <set>

namespace runnel {
namespace {

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

}  // namespace
}  // namespace runnel
