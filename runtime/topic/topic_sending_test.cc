#include "runtime/topic/topic_test.h"

namespace runnel {
namespace {

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

}  // namespace
}  // namespace runnel
