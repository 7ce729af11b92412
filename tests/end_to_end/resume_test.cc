// Connections that are cut under a session: nothing is lost and nothing comes twice.

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "absl/strings/match.h"
#include "runtime/core/status_details.h"
#include "runtime/testing/manual_clock.h"
#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

constexpr int kCount = 60;

// Sends numbers up on a bidi call and reads them back.
struct Conversation {
  static runnel::Awaitable<absl::Status> Write(runnel::ClientStream<Request, Reply>& stream) {
    Request request;
    request.set_payload(std::string(50, 'x'));
    for (int i = 0; i <= kCount; ++i) {  // the first is not echoed
      request.set_number(i);
      absl::Status written = co_await stream.Write(request);
      if (!written.ok()) co_return written;
    }
    co_return co_await stream.WritesDone();
  }

  // What came back, in order.
  static absl::StatusOr<std::vector<int64_t>> Run(World& world) {
    runnel::ClientStream<Request, Reply> stream = world.stub().Both();
    std::future<absl::Status> written =
        boost::asio::co_spawn(world.io().executor(), Write(stream), boost::asio::use_future);
    std::vector<int64_t> numbers;
    while (true) {
      absl::StatusOr<std::optional<Reply>> reply = world.BlockOn(stream.Read());
      if (!reply.ok()) {
        written.get().IgnoreError();
        return reply.status();
      }
      if (!*reply) break;
      numbers.push_back((*reply)->number());
    }
    absl::Status up = written.get();
    if (!up.ok()) return up;
    return numbers;
  }
};

std::vector<int64_t> AllNumbers() {
  std::vector<int64_t> numbers;
  for (int i = 1; i <= kCount; ++i) numbers.push_back(i);
  return numbers;
}

class ResumeTest : public ::testing::TestWithParam<Codec> {
 protected:
  // Cuts the first `times` requests whose target ends with `method` as `cut` says.
  void Expect(const std::string& method, runnel::InProcessCut cut, int times) {
    WorldOptions options;
    options.channel.codec = GetParam();
    options.channel.route = Route::kSession;
    auto left = std::make_shared<int>(times);
    options.cut = [=](const std::string& target) {
      if (!absl::EndsWith(target, method) || *left == 0) return runnel::InProcessCut();
      --*left;
      return cut;
    };
    World world(std::move(options));
    absl::StatusOr<std::vector<int64_t>> numbers = Conversation::Run(world);
    ASSERT_EQ(numbers.status(), absl::OkStatus());
    EXPECT_EQ(*numbers, AllNumbers());
    EXPECT_EQ(world.journal().Count("received"), kCount);
    EXPECT_EQ(world.journal().Count("started"), 1);
    EXPECT_EQ(*left, 0) << "not every cut was made";
  }
};

TEST_P(ResumeTest, AStreamThatIsCutAfterItsFirstBytes) {
  for (size_t bytes : {300u, 400u, 600u, 1000u, 2000u}) {
    Expect("Channel/Open", {.request_bytes = {}, .response_bytes = bytes}, 1);
  }
}

TEST_P(ResumeTest, AnOpenWhoseAnswerIsCutIsRepeated) {
  for (size_t bytes : {1u, 10u, 100u}) {
    Expect("Channel/Open", {.request_bytes = {}, .response_bytes = bytes}, 1);
  }
}

TEST_P(ResumeTest, APostThatNeverArrives) {
  Expect("Channel/Send", {.request_bytes = 0, .response_bytes = {}}, 1);
}

TEST_P(ResumeTest, APostThatArrivesInPart) {
  Expect("Channel/Send", {.request_bytes = 40, .response_bytes = {}}, 1);
}

TEST_P(ResumeTest, APostWhoseReplyIsLost) {
  Expect("Channel/Send", {.request_bytes = {}, .response_bytes = 0}, 1);
}

TEST_P(ResumeTest, APostWhoseReplyIsCut) {
  Expect("Channel/Send", {.request_bytes = {}, .response_bytes = 1}, 1);
}

INSTANTIATE_TEST_SUITE_P(Codecs, ResumeTest, ::testing::Values(Codec::kJson, Codec::kProto),
                         [](const auto& info) {
                           return info.param == Codec::kJson ? "Json" : "Proto";
                         });

// A stream that is cut again and again, each time a little further on.
TEST(CutTest, EveryStreamIsCut) {
  WorldOptions options;
  options.channel.codec = Codec::kJson;
  options.channel.route = Route::kSession;
  auto streams = std::make_shared<std::atomic<int>>(0);
  options.cut = [streams](const std::string& target) {
    runnel::InProcessCut cut;
    if (absl::EndsWith(target, "/Open")) cut.response_bytes = 800;
    if (absl::EndsWith(target, "/Attach")) cut.response_bytes = 900 + 3000 * ++*streams;
    return cut;
  };
  World world(std::move(options));
  Request request;
  request.mutable_script()->set_count(300);
  request.mutable_script()->set_payload_bytes(40);
  const Outcome outcome = Call(world, CallKind::kServerStream, request);
  EXPECT_EQ(outcome.status, absl::OkStatus());
  ASSERT_EQ(outcome.replies.size(), 300u);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(outcome.replies[i].number(), i);
  EXPECT_GE(streams->load(), 3);
}

TEST(CutTest, ADirectStreamThatIsCutIsUnavailable) {
  WorldOptions options;
  options.channel.route = Route::kDirect;
  options.cut = [](const std::string&) {
    return runnel::InProcessCut{.request_bytes = {}, .response_bytes = 100};
  };
  World world(std::move(options));
  Request request;
  request.mutable_script()->set_count(10);
  request.mutable_script()->set_payload_bytes(30);
  request.mutable_script()->set_wait_for_cancel(true);
  const Outcome outcome = Call(world, CallKind::kServerStream, request);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnavailable) << outcome.status;
  EXPECT_TRUE(world.journal().Await("cancelled CANCELLED"));
}

// The server's side of a client that stays away.
TEST(CutTest, TheServerGivesASessionUpAfterItsResumeWindow) {
  runnel::ManualClock clock;
  WorldOptions options;
  options.clock = &clock;
  options.channel.route = Route::kSession;
  options.server.times.resume_window = absl::Seconds(10);
  options.cut = [](const std::string& target) {
    runnel::InProcessCut cut;
    if (absl::EndsWith(target, "/Attach")) cut.request_bytes = 0;
    return cut;
  };
  World world(std::move(options));
  Request request;
  request.mutable_script()->set_wait_for_cancel(true);
  PendingCall call(world, CallKind::kServerStream, request);
  ASSERT_TRUE(world.journal().Await("waiting"));
  world.Settle();
  world.CutConnections();
  world.Settle();
  clock.Advance(absl::Seconds(9));
  world.Settle();
  EXPECT_EQ(world.journal().Count("cancelled for SESSION_LOST"), 0);
  clock.Advance(absl::Seconds(2));
  EXPECT_TRUE(world.journal().Await("cancelled for SESSION_LOST"));
  // The client finds out by itself, with its next attempts.
  for (int second = 0; second < 20; ++second) {
    world.Settle();
    clock.Advance(absl::Seconds(1));
  }
  const absl::Status status = call.Await().status;
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(runnel::ReasonOf(status), "SESSION_LOST");
}

// Whoever comes back in time finds everything as it was.
TEST(CutTest, AClientThatComesBackInTimeGoesOn) {
  WorldOptions options;
  options.channel.route = Route::kSession;
  World world(std::move(options));
  Request request;
  request.mutable_script()->set_wait_for_release(true);
  request.mutable_script()->set_count(1);
  PendingCall call(world, CallKind::kServerStream, request);
  ASSERT_TRUE(world.journal().Await("waiting"));
  world.CutConnections();
  world.journal().Add("release");
  const Outcome outcome = call.Await();
  EXPECT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.replies.size(), 1u);
}

}  // namespace
}  // namespace end_to_end
