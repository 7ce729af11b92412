#include "runtime/topic/topic_test.h"

namespace runnel {
namespace {

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

}  // namespace
}  // namespace runnel
