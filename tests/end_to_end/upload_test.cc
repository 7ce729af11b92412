// Sessions whose calls send much and often: their frames leave in one request that is kept open.

#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "runtime/testing/manual_clock.h"
#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

// What the client has asked for. Thread-safe.
class Requests {
 public:
  void Add(const std::string& target) {
    const std::lock_guard lock(mutex_);
    ++counts_[target.substr(target.rfind('/') + 1)];
  }
  void Clear() {
    const std::lock_guard lock(mutex_);
    counts_.clear();
  }
  int Count(const std::string& method) const {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(method);
    return found == counts_.end() ? 0 : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, int> counts_;
};

class UploadTest : public ::testing::TestWithParam<Codec> {
 protected:
  // `cut` says where the Upload with this number, from 1, is to be cut.
  void Start(std::function<runnel::InProcessCut(int)> cut = nullptr,
             runnel::ServerOptions server = {}) {
    WorldOptions options;
    options.clock = &clock_;
    options.channel.codec = GetParam();
    options.channel.route = Route::kSession;
    options.server = std::move(server);
    options.cut = [this, cut = std::move(cut)](const std::string& target) {
      requests_.Add(target);
      const bool upload = target.ends_with("/Upload");
      return upload && cut ? cut(requests_.Count("Upload")) : runnel::InProcessCut();
    };
    world_ = std::make_unique<World>(std::move(options));
    stream_.emplace(world_->stub().Both());
    ASSERT_EQ(world_->BlockOn(stream_->Write(Request())), absl::OkStatus());
  }

  // Sends numbers, one after another, each when the last one has come back.
  void Talk(int messages) {
    for (int i = 0; i < messages; ++i) {
      Request request;
      request.set_number(++said_);
      ASSERT_EQ(world_->BlockOn(stream_->Write(request)), absl::OkStatus());
      absl::StatusOr<std::optional<Reply>> reply = world_->BlockOn(stream_->Read());
      ASSERT_EQ(reply.status(), absl::OkStatus());
      ASSERT_TRUE(reply->has_value());
      ASSERT_EQ((*reply)->number(), said_);
    }
  }
  void Pass(absl::Duration time) {
    constexpr int kSteps = 10;
    for (int i = 0; i < kSteps; ++i) {
      world_->Settle();
      clock_.Advance(time / kSteps);
    }
    world_->Settle();
  }
  void Finish() {
    ASSERT_EQ(world_->BlockOn(stream_->WritesDone()), absl::OkStatus());
    absl::StatusOr<std::optional<Reply>> end = world_->BlockOn(stream_->Read());
    ASSERT_EQ(end.status(), absl::OkStatus());
    EXPECT_FALSE(end->has_value());
    EXPECT_EQ(world_->journal().Count("received"), said_);
    EXPECT_EQ(world_->journal().Count("started"), 1);
  }
  int Sent(const std::string& method) const { return requests_.Count(method); }

  runnel::ManualClock clock_;
  Requests requests_;
  std::unique_ptr<World> world_;
  std::optional<runnel::ClientStream<Request, Reply>> stream_;
  int64_t said_ = 0;
};

TEST_P(UploadTest, ManyPostsGoOverToOneRequest) {
  Start();
  Talk(100);
  EXPECT_EQ(Sent("Upload"), 1);
  const int posts = Sent("Send");
  Talk(100);
  EXPECT_EQ(Sent("Send"), posts);
  EXPECT_EQ(Sent("Upload"), 1);
  Finish();
}

TEST_P(UploadTest, PostsWithPausesStayPosts) {
  Start();
  for (int i = 0; i < 40; ++i) {
    Talk(1);
    clock_.Advance(absl::Milliseconds(200));
  }
  EXPECT_EQ(Sent("Upload"), 0);
  Finish();
}

TEST_P(UploadTest, EndsWhenNothingIsSent) {
  Start();
  Talk(100);
  const int posts = Sent("Send");
  EXPECT_EQ(world_->open_exchanges(), 2u) << "a down-stream and an Upload";
  Pass(absl::Seconds(12));  // after the ping that a silent stream gets
  EXPECT_EQ(world_->open_exchanges(), 1u);
  // What was taken was acknowledged, so nothing is sent again.
  EXPECT_LE(Sent("Send"), posts + 1) << "an acknowledgement at most";
  Talk(100);
  EXPECT_EQ(Sent("Upload"), 2);
  Finish();
}

TEST_P(UploadTest, OneThatIsCutLosesNothing) {
  for (const uint64_t bytes : {60u, 100u, 500u, 1000u, 2000u}) {
    SCOPED_TRACE(bytes);
    Start([bytes](int number) {
      return number == 1 ? runnel::InProcessCut{.request_bytes = bytes, .response_bytes = {}}
                         : runnel::InProcessCut();
    });
    Talk(150);
    EXPECT_EQ(Sent("Upload"), 1) << "not again at once";
    Finish();
    stream_.reset();
    world_.reset();
    requests_.Clear();
    said_ = 0;
  }
}

TEST_P(UploadTest, OneThatDoesNotGetThroughIsTriedAgainAfterAWhile) {
  Start([](int number) {
    return number <= 2 ? runnel::InProcessCut{.request_bytes = 0, .response_bytes = {}}
                       : runnel::InProcessCut();
  });
  Talk(60);
  EXPECT_EQ(Sent("Upload"), 1);
  EXPECT_GT(Sent("Send"), 50);
  Pass(absl::Seconds(61));
  Talk(60);
  EXPECT_EQ(Sent("Upload"), 2);
  Pass(absl::Seconds(61));
  Talk(50);
  EXPECT_EQ(Sent("Upload"), 2) << "more and more seldom";
  Pass(absl::Seconds(61));
  Talk(50);
  EXPECT_EQ(Sent("Upload"), 3);
  const int posts = Sent("Send");
  Talk(50);
  EXPECT_EQ(Sent("Send"), posts);
  Finish();
}

TEST_P(UploadTest, ConnectionsThatBreakLoseNothing) {
  Start();
  for (int i = 0; i < 4; ++i) {
    Talk(40);
    world_->CutConnections();
    Pass(absl::Seconds(61));
  }
  EXPECT_GE(Sent("Upload"), 3);
  Finish();
}

TEST_P(UploadTest, TheServerEndsOneAfterAWhile) {
  runnel::ServerOptions server;
  server.times.rotation = absl::Seconds(20);
  Start(nullptr, server);
  for (int i = 0; i < 40; ++i) {
    Talk(30);
    clock_.Advance(absl::Seconds(1));
  }
  EXPECT_GE(Sent("Upload"), 2);
  EXPECT_LE(Sent("Upload"), 4);
  Finish();
}

TEST_P(UploadTest, LargeMessagesGetThroughInParts) {
  Start();
  Talk(100);
  Request request;
  request.set_number(++said_);
  request.set_payload(std::string(1'000'000, 'x'));
  ASSERT_EQ(world_->BlockOn(stream_->Write(request)), absl::OkStatus());
  absl::StatusOr<std::optional<Reply>> reply = world_->BlockOn(stream_->Read());
  ASSERT_EQ(reply.status(), absl::OkStatus());
  ASSERT_TRUE(reply->has_value());
  EXPECT_EQ((*reply)->payload(), request.payload());
  Finish();
}

// The session stays what it is: its calls end with it.
TEST_P(UploadTest, ClosingTheChannelEndsIt) {
  Start();
  Talk(100);
  stream_.reset();
  EXPECT_TRUE(world_->journal().Await("cancelled CANCELLED"));
  world_->DropChannel();
  world_->Settle();
  EXPECT_EQ(world_->open_exchanges(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Codecs, UploadTest, ::testing::Values(Codec::kJson, Codec::kProto),
                         [](const auto& info) {
                           return info.param == Codec::kJson ? "Json" : "Proto";
                         });

}  // namespace
}  // namespace end_to_end
