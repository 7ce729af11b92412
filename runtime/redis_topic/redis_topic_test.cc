// Feeds over a real Redis: what several nodes see. A node is a RedisTopic with connections of its
// own.

#include "runtime/redis_topic/redis_topic_test.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Texts Numbers(int first, int last) {
  Texts texts;
  for (int i = first; i <= last; ++i) texts.push_back(std::to_string(i));
  return texts;
}

TEST_F(RedisTopicTest, ReachesTheSubscribersOfEveryNodeInOrder) {
  const std::string name = NewName();
  const auto a = Node(SharedServer().url(), name);
  const auto b = Node(SharedServer().url(), name);
  Subscription<Text> on_a = Subscribe(*a);
  Subscription<Text> on_b = Subscribe(*b);
  const auto ids = io_.BlockOn(PublishTexts(*a, Numbers(1, 1000)));
  std::string epoch;
  for (size_t i = 0; i < ids.size(); ++i) {
    ASSERT_TRUE(ids[i].ok()) << ids[i].status();
    epoch = ids[i]->substr(0, ids[i]->find('-'));
    ASSERT_EQ(*ids[i], epoch + "-" + std::to_string(i + 1));
  }
  EXPECT_EQ(Take(on_a, 1000).texts, Numbers(1, 1000));
  EXPECT_EQ(Take(on_b, 1000).texts, Numbers(1, 1000));
  EXPECT_EQ(Publish(*b, "next"), epoch + "-1001");
  EXPECT_THAT(Take(on_a, 1).texts, ElementsAre("next"));
  EXPECT_EQ(a->status().published, 1000u);
  EXPECT_EQ(a->status().last_id, epoch + "-1001");
  EXPECT_EQ(a->status().waiting, 0u);
}

TEST_F(RedisTopicTest, ResumesOnAnotherNodeAndAfterARestartOfAll) {
  const std::string name = NewName();
  std::string second;
  {
    const auto a = Node(SharedServer().url(), name);
    Publish(*a, "1");
    second = Publish(*a, "2");
    Publish(*a, "3");
  }
  const auto b = Node(SharedServer().url(), name);
  Subscription<Text> resumed = Subscribe(*b, After(second));
  EXPECT_FALSE(resumed.gap().has_value());
  EXPECT_THAT(Take(resumed, 1).texts, ElementsAre("3"));
  Publish(*b, "4");
  EXPECT_THAT(Take(resumed, 1).texts, ElementsAre("4"));
  Subscription<Text> oldest = Subscribe(*b, FromOldest());
  EXPECT_EQ(Take(oldest, 4).texts, Numbers(1, 4));
}

TEST_F(RedisTopicTest, WaitsForWhatAnotherNodeHasShownAlready) {
  const std::string name = NewName();
  RedisFeed feed(Client(SharedServer().url()), name, Text::default_instance(), Options());
  ASSERT_TRUE(io_.BlockOn(feed.TopicFor("")).ok());
  // Its reader has not read what is published here: the loop has had no turn for that.
  const auto a = Node(SharedServer().url(), name);
  for (int i = 0; i < 20; ++i) {
    const std::string id = Publish(*a, "new");
    const absl::StatusOr<std::shared_ptr<MessageTopic>> topic = io_.BlockOn(feed.TopicFor(id));
    ASSERT_TRUE(topic.ok()) << topic.status();
    auto messages = (*topic)->Subscribe(io_.executor(), After(id));
    ASSERT_TRUE(messages.ok()) << messages.status();
    EXPECT_FALSE((*messages)->gap().has_value());
  }
  // And not for what there never was.
  const absl::StatusOr<std::shared_ptr<MessageTopic>> topic =
      io_.BlockOn(feed.TopicFor("9999999999999-7"));
  ASSERT_TRUE(topic.ok()) << topic.status();
  auto messages = (*topic)->Subscribe(io_.executor(), After("9999999999999-7"));
  ASSERT_TRUE(messages.ok()) << messages.status();
  ASSERT_TRUE((*messages)->gap().has_value());
  EXPECT_FALSE((*messages)->gap()->messages.has_value());
}

TEST_F(RedisTopicTest, KeepsAsManyMessagesAsItShould) {
  const std::string name = NewName();
  RedisTopicOptions options = Options();
  options.max_messages = 10;
  const auto a = Node(SharedServer().url(), name, options);
  const auto ids = io_.BlockOn(PublishTexts(*a, Numbers(1, 500)));
  ASSERT_TRUE(ids[0].ok()) << ids[0].status();
  ASSERT_TRUE(ids[499].ok()) << ids[499].status();
  const auto b = Node(SharedServer().url(), name, options);
  Subscription<Text> all = Subscribe(*b, FromOldest());
  EXPECT_EQ(Take(all, 10).texts, Numbers(491, 500));
  Subscription<Text> resumed = Subscribe(*b, After(*ids[0]));
  ASSERT_TRUE(resumed.gap().has_value());
  EXPECT_EQ(resumed.gap()->messages, 489u);
  const absl::StatusOr<RedisReply> length =
      Do(SharedServer().url(), {"XLEN", "runnel:feed:{" + name + "}"});
  ASSERT_TRUE(length.ok()) << length.status();
  EXPECT_LT(length->integer, 250);  // Redis drops a hundred at a time
}

TEST_F(RedisTopicTest, EndsStreamsWhenTheFeedWasDeleted) {
  const std::string name = NewName();
  const auto a = Node(SharedServer().url(), name);
  const std::string before = Publish(*a, "1");
  Subscription<Text> subscription = Subscribe(*a, FromOldest());
  EXPECT_EQ(Take(subscription, 1).texts, Numbers(1, 1));
  ASSERT_TRUE(Do(SharedServer().url(), {"DEL", "runnel:feed:{" + name + "}"}).ok());
  const std::string after = Publish(*a, "2");
  EXPECT_NE(before.substr(0, before.find('-')), after.substr(0, after.find('-')));
  const Got end = Take(subscription, 1);
  ASSERT_TRUE(end.ended.has_value());
  EXPECT_THAT(*end.ended, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("has lost messages")));
  Subscription<Text> resumed = Subscribe(*a, After(before));
  ASSERT_TRUE(resumed.gap().has_value());
  EXPECT_FALSE(resumed.gap()->messages.has_value());
  EXPECT_EQ(Take(resumed, 1).texts, Numbers(2, 2));
  EXPECT_THAT(Lines(), Contains(HasSubstr("begins anew")));
}

TEST_F(RedisTopicTest, SkipsWhatIsNoMessageAndSaysSo) {
  const std::string name = NewName();
  const auto a = Node(SharedServer().url(), name);
  const std::string first = Publish(*a, "1");
  const std::string epoch = first.substr(0, first.find('-'));
  ASSERT_TRUE(Do(SharedServer().url(),
                 {"XADD", "runnel:feed:{" + name + "}", epoch + "-2", "m", "\xff\xff"})
                  .ok());
  Publish(*a, "3");
  const auto b = Node(SharedServer().url(), name);
  Subscription<Text> resumed = Subscribe(*b, After(first));
  ASSERT_TRUE(resumed.gap().has_value());
  EXPECT_EQ(resumed.gap()->messages, 1u);
  EXPECT_EQ(Take(resumed, 1).texts, Numbers(3, 3));
}

TEST_F(RedisTopicTest, FailsPublishesBeyondItsBoundsWhileRedisIsAway) {
  RedisTopicOptions options = Options();
  options.publish_timeout = absl::Milliseconds(50);
  options.subscribe_timeout = absl::Milliseconds(50);
  options.max_waiting = 2;
  TextTopic topic(Client("unix:///tmp/runnel-no-such.sock"), "feed", options);
  const auto ids = io_.BlockOn(PublishTexts(topic, Numbers(1, 3)));
  EXPECT_THAT(ids[2], StatusIs(absl::StatusCode::kUnavailable,
                               AllOf(HasSubstr("not published"), HasSubstr("max_waiting"))));
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(ids[i], StatusIs(absl::StatusCode::kUnavailable, HasSubstr("No such file")));
  }
  EXPECT_THAT(io_.BlockOn(topic.Loaded()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("has not been read")));
  EXPECT_THAT(topic.Subscribe(io_.executor()), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_FALSE(topic.status().connected);
  EXPECT_THAT(topic.status().problem, HasSubstr("No such file"));
  EXPECT_EQ(topic.status().failed, 3u);
  EXPECT_EQ(topic.status().waiting, 0u);
}

TEST_F(RedisTopicTest, RefusesAMessageLargerThanAllThatMayWait) {
  RedisTopicOptions options = Options();
  options.max_waiting_bytes = 100;
  const auto a = Node(SharedServer().url(), NewName(), options);
  EXPECT_THAT(io_.BlockOn(a->Publish(Say(std::string(200, 'x')))),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(RedisTopicTest, EndsWhenItIsClosed) {
  const auto a = Node(SharedServer().url(), NewName());
  Subscription<Text> subscription = Subscribe(*a);
  Publish(*a, "1");
  a->Close(absl::AbortedError("the show is over"));
  const Got got = Take(subscription, 2);
  EXPECT_EQ(got.texts, Numbers(1, 1));
  ASSERT_TRUE(got.ended.has_value());
  EXPECT_THAT(*got.ended, StatusIs(absl::StatusCode::kAborted, "the show is over"));
  EXPECT_THAT(io_.BlockOn(a->Publish(Say("2"))), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(RedisTopicTest, SaysHowDurableAnAcknowledgedPublishIs) {
  const auto a = Node(SharedServer().url(), NewName());
  EXPECT_THAT(a->status().durability, HasSubstr("appendonly no"));
  EXPECT_THAT(Lines(), Contains(HasSubstr("lost when Redis ends")));

  RedisServer second({"--appendonly", "yes", "--appendfsync", "everysec"});
  ASSERT_TRUE(second.Start().ok());
  EXPECT_THAT(Node(second.url(), NewName())->status().durability, HasSubstr("everysec"));

  RedisServer always({"--appendonly", "yes", "--appendfsync", "always"});
  ASSERT_TRUE(always.Start().ok());
  EXPECT_EQ(Node(always.url(), NewName())->status().durability, "");
  ASSERT_TRUE(Do(always.url(),
                 {"ACL", "SETUSER", "feeds", "on", ">pw", "~runnel:feed:*", "+@all", "-config"})
                  .ok());
  const std::string url = "unix://feeds:pw@" + always.url().substr(7);
  const auto limited = Node(url, NewName());
  EXPECT_THAT(limited->status().durability, HasSubstr("does not tell"));
  EXPECT_NE(Publish(*limited, "1"), "");
}

// These rights are in the README.
TEST_F(RedisTopicTest, NeedsNoMoreRightsThanItSays) {
  RedisServer server({"--requirepass", "s3cret-of-admins"});
  ASSERT_TRUE(server.Start().ok());
  const std::string path = server.url().substr(7);
  const std::string admin = "unix://:s3cret-of-admins@" + path;
  ASSERT_TRUE(Do(admin, {"ACL", "SETUSER", "feeds", "on", ">s3cret-of-feeds", "~runnel:feed:*",
                         "+@connection", "+@scripting", "+@stream", "+get", "+set", "+exists",
                         "+time", "+config|get"})
                  .ok());
  const std::string url = "unix://feeds:s3cret-of-feeds@" + path;
  const auto a = Node(url, "feed");
  const auto b = Node(url, "feed");
  const std::string first = Publish(*a, "1");
  Publish(*a, "2");
  Subscription<Text> resumed = Subscribe(*b, After(first));
  EXPECT_THAT(Take(resumed, 1).texts, ElementsAre("2"));
  // A message that there never was: it asks Redis.
  RedisFeed feed(Client(url), "feed", Text::default_instance(), Options());
  EXPECT_TRUE(io_.BlockOn(feed.TopicFor("9999999999999-7")).ok());
  EXPECT_THAT(a->status().durability, HasSubstr("appendonly no"));
  EXPECT_EQ(a->status().problem, "");
  for (const std::string& line : Lines()) EXPECT_THAT(line, Not(HasSubstr("NOPERM")));
}

TEST_F(RedisTopicTest, SaysThatItMayNotAndNotThePassword) {
  RedisServer server({"--requirepass", "s3cret-of-admins"});
  ASSERT_TRUE(server.Start().ok());
  const std::string path = server.url().substr(7);
  RedisTopicOptions options = Options();
  options.subscribe_timeout = absl::Milliseconds(50);
  options.publish_timeout = absl::Milliseconds(50);
  TextTopic wrong(Client("unix://feeds:wr0ng-word@" + path), "feed", options);
  EXPECT_THAT(io_.BlockOn(wrong.Loaded()),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("WRONGPASS"), Not(HasSubstr("wr0ng-word")))));
  EXPECT_THAT(io_.BlockOn(wrong.Publish(Say("1"))),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("WRONGPASS"), Not(HasSubstr("wr0ng-word")))));
  EXPECT_THAT(wrong.status().problem, HasSubstr("WRONGPASS"));
  EXPECT_THAT(Lines(), Contains(HasSubstr("WRONGPASS")));
  for (const std::string& line : Lines()) EXPECT_THAT(line, Not(HasSubstr("wr0ng-word")));

  // Who may read may not publish, and hears it at once.
  const std::string admin = "unix://:s3cret-of-admins@" + path;
  Publish(*Node(admin, "feed"), "1");
  ASSERT_TRUE(Do(admin, {"ACL", "SETUSER", "readers", "on", ">pass", "~runnel:feed:*",
                         "+@connection", "+@scripting", "+@stream", "+exists"})
                  .ok());
  const auto reader = Node("unix://readers:pass@" + path, "feed");
  Subscription<Text> oldest = Subscribe(*reader, FromOldest());
  EXPECT_THAT(Take(oldest, 1).texts, ElementsAre("1"));
  EXPECT_THAT(io_.BlockOn(reader->Publish(Say("2"))),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("can't run this command")));
  EXPECT_THAT(reader->status().publish_problem, HasSubstr("can't run this command"));
}

TEST_F(RedisTopicTest, SaysHowDurableItIsWhereNobodyTakesLines) {
  RedisTopicOptions options = Options();
  options.log = nullptr;
  testing::internal::CaptureStderr();
  Node(SharedServer().url(), "stderr", options);
  EXPECT_THAT(
      testing::internal::GetCapturedStderr(),
      HasSubstr("runnel: feed \"stderr\": acknowledged publishes are lost when Redis ends"));
}

}  // namespace
}  // namespace runnel
