#include "runtime/topic/topic_test.h"

namespace runnel {
namespace {

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
  static Awaitable<void> PublishAll(MessageTopic& topic, MessageTopic::Messages messages,
                                    absl::StatusOr<std::string>& id) {
    auto publish = topic.PublishAllAndWait(std::move(messages));
    id = co_await std::move(publish);
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

TEST_F(WaitingTopicTest, PublishesManyAsThereIsRoom) {
  MessageTopic topic(MessageTopic::Kind::kPlain, Options(8));
  auto made = topic.Subscribe(loop_.get_executor(), Slow(WhenSlow::kWait));
  ASSERT_TRUE(made.ok()) << made.status();
  subscriptions_.emplace_back(*std::move(made));
  Subscription<Text>& slow = subscriptions_.back();
  MessageTopic::Messages messages;
  for (int i = 1; i <= 20; ++i) {
    messages.push_back(std::make_shared<const Text>(Say(std::to_string(i))));
  }
  absl::StatusOr<std::string> id = absl::UnknownError("still at it");
  tasks_.Spawn(PublishAll(topic, messages, id));
  Poll();
  EXPECT_EQ(Take(slow, 1).texts, Texts{"1"});
  clock_.Advance(absl::Milliseconds(999));  // of a wait that begins anew with each that finds room
  EXPECT_EQ(Take(slow, 1).texts, Texts{"2"});
  clock_.Advance(absl::Milliseconds(999));
  for (int i = 3; i <= 20; ++i) EXPECT_EQ(Take(slow, 1).texts, Texts{std::to_string(i)});
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(*id, "e-20");
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

}  // namespace
}  // namespace runnel
