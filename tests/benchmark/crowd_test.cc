#include "tests/benchmark/crowd.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

constexpr int kSubscribers = 20;

Plan SmallPlan() {
  Plan plan;
  plan.subscribers = kSubscribers;
  plan.messages = 1;
  return plan;
}

// A feed that reaches everybody at once, and can go wrong.
class FakePeer final : public CrowdPeer {
 public:
  explicit FakePeer(Crowd& crowd) : crowd_(crowd) {}

  int loses = -1;        // this sequence number, for one subscriber
  absl::Status refuses;  // to publish
  int opened = 0;
  int64_t published = 0;

  void Open(int subscriber) override {
    ++opened;
    Send(subscriber, 0);
  }
  void Publish(const PublishRequest& request, Published done) override {
    if (!refuses.ok()) return done(refuses);
    for (int i = 0; i < request.messages(); ++i) {
      ++published;
      for (int subscriber = 0; subscriber < opened; ++subscriber) Send(subscriber, published);
    }
    PublishResponse response;
    response.set_last(published);
    done(response);
  }

 private:
  void Send(int subscriber, int64_t sequence) {
    if (subscriber == 7 && sequence == loses) return;
    Tick tick = MakeTick(100);
    SetSequence(tick, sequence);
    crowd_.Arrived(subscriber, tick);
  }

  Crowd& crowd_;
};

TEST(CrowdTest, MeasuresWhatEverybodyGets) {
  Crowd crowd(SmallPlan());
  FakePeer peer(crowd);
  const absl::StatusOr<std::string> figures = crowd.Measure(peer);
  ASSERT_EQ(figures.status(), absl::OkStatus());
  EXPECT_EQ(peer.opened, kSubscribers);
  for (const char* key : {"\"p50_us\":", "\"p99_us\":", "\"rate\":", "\"cpu_us\":"}) {
    EXPECT_NE(figures->find(key), std::string::npos) << key << " is not in " << *figures;
  }
  // Without the server's process.
  EXPECT_EQ(figures->find("_kb"), std::string::npos) << *figures;
}

// It is noticed when the next comes; whoever waits for that in vain is ended by bench.py.
TEST(CrowdTest, FailsWhenOneMessageIsMissingForOneSubscriber) {
  for (int lost : {1, 4, 20}) {
    Crowd crowd(SmallPlan());
    FakePeer peer(crowd);
    peer.loses = lost;
    EXPECT_EQ(crowd.Measure(peer).status().code(), absl::StatusCode::kDataLoss) << lost;
  }
}

TEST(CrowdTest, FailsWhenNothingCanBePublished) {
  Crowd crowd(SmallPlan());
  FakePeer peer(crowd);
  peer.refuses = absl::UnavailableError("not now");
  EXPECT_EQ(crowd.Measure(peer).status(), peer.refuses);
}

TEST(CrowdTest, FailsWithTheFirstStreamThatFails) {
  Crowd crowd(SmallPlan());
  FakePeer peer(crowd);
  crowd.Fail(absl::ResourceExhaustedError("too many"));
  crowd.Fail(absl::UnavailableError("closed"));
  EXPECT_EQ(crowd.Measure(peer).status(), absl::ResourceExhaustedError("too many"));
  EXPECT_EQ(peer.opened, 0);
}

}  // namespace
}  // namespace runnel::benchmark
