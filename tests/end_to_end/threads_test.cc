// Many calls at once: blocking use from several threads, coroutines, a thousand calls on one
// session, and several loops in the server.

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>

#include "runtime/async/task_group.h"
#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

class ThreadsTest : public ::testing::TestWithParam<CallCase> {
 protected:
  static WorldOptions Options() {
    WorldOptions options = OptionsFor(GetParam());
    options.server.threads = 2;
    return options;
  }

  World world_{Options()};
};

TEST_P(ThreadsTest, BlockingCallsFromSeveralThreadsShareOneChannel) {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        Request request;
        request.mutable_script()->set_count(3);
        const Outcome outcome = Call(world_, GetParam().kind, request);
        if (outcome.status.ok() && !outcome.replies.empty()) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 100);
}

// A stub is used from a loop that is not the channel's.
TEST_P(ThreadsTest, CoroutinesOnAnotherLoopMayUseTheStub) {
  if (GetParam().kind != CallKind::kServerStream) GTEST_SKIP() << "one kind is enough";
  struct Use {
    static runnel::Awaitable<absl::StatusOr<int>> Run(Scripted::Stub& stub) {
      Request request;
      request.mutable_script()->set_count(50);
      runnel::ClientReader<Reply> stream = stub.Down(request);
      int received = 0;
      while (true) {
        absl::StatusOr<std::optional<Reply>> reply = co_await stream.Read();
        if (!reply.ok()) co_return reply.status();
        if (!*reply) co_return received;
        ++received;
      }
    }
  };
  runnel::IoThread other;
  absl::StatusOr<int> received = other.BlockOn(Use::Run(world_.stub()));
  ASSERT_EQ(received.status(), absl::OkStatus());
  EXPECT_EQ(*received, 50);
}

INSTANTIATE_TEST_SUITE_P(All, ThreadsTest, ::testing::ValuesIn(AllCalls()),
                         [](const auto& info) { return NameOf(info.param); });

class ManyCallsTest : public ::testing::TestWithParam<CallCase> {};

TEST_P(ManyCallsTest, AThousandRunOnOneSessionAtOnce) {
  constexpr int kCalls = 1000;
  WorldOptions options = OptionsFor(GetParam());
  options.server.threads = 2;
  World world(std::move(options));
  std::vector<std::unique_ptr<runnel::ClientStream<Request, Reply>>> streams;
  for (int i = 0; i < kCalls; ++i) {
    streams.push_back(std::make_unique<runnel::ClientStream<Request, Reply>>(world.stub().Both()));
  }
  struct Talk {
    static runnel::Awaitable<bool> Run(runnel::ClientStream<Request, Reply>& stream, int number,
                                       std::atomic<int>& open) {
      absl::Status written = co_await stream.Write(Request());
      Request request;
      request.set_number(number);
      if (written.ok()) written = co_await stream.Write(request);
      if (!written.ok()) co_return false;
      absl::StatusOr<std::optional<Reply>> reply = co_await stream.Read();
      if (!reply.ok() || !*reply || (*reply)->number() != number) co_return false;
      ++open;
      co_return true;
    }
    static runnel::Awaitable<absl::Status> End(runnel::ClientStream<Request, Reply>& stream) {
      absl::Status done = co_await stream.WritesDone();
      if (!done.ok()) co_return done;
      absl::StatusOr<std::optional<Reply>> end = co_await stream.Read();
      co_return end.status();
    }
  };
  std::atomic<int> open = 0;
  std::vector<std::future<bool>> talks;
  for (int i = 0; i < kCalls; ++i) {
    talks.push_back(boost::asio::co_spawn(world.io().executor(), Talk::Run(*streams[i], i, open),
                                          boost::asio::use_future));
  }
  int good = 0;
  for (std::future<bool>& talk : talks) good += talk.get() ? 1 : 0;
  EXPECT_EQ(good, kCalls);
  EXPECT_EQ(open, kCalls);
  // All thousand are open; one more is one too many.
  runnel::ClientStream<Request, Reply> extra = world.stub().Both();
  EXPECT_EQ(world.BlockOn(extra.Read()).status().code(), absl::StatusCode::kResourceExhausted);
  for (auto& stream : streams) {
    EXPECT_EQ(world.BlockOn(Talk::End(*stream)), absl::OkStatus());
  }
}

INSTANTIATE_TEST_SUITE_P(All, ManyCallsTest,
                         ::testing::Values(CallCase{CallKind::kBidi, Codec::kProto, Route::kSession,
                                                    Transport::kInProcess},
                                           CallCase{CallKind::kBidi, Codec::kJson, Route::kSession,
                                                    Transport::kLoopback}),
                         [](const auto& info) { return NameOf(info.param); });

// The two directions of one call, from two threads that block.
TEST(BlockingTest, OneThreadWritesWhileAnotherReads) {
  WorldOptions options;
  options.transport = Transport::kLoopback;
  World world(std::move(options));
  runnel::ClientStream<Request, Reply> stream = world.stub().Both();
  constexpr int kCount = 500;
  std::thread writer([&] {
    for (int i = 0; i <= kCount; ++i) {
      Request request;
      request.set_number(i);
      EXPECT_EQ(world.BlockOn(stream.Write(request)), absl::OkStatus());
    }
    EXPECT_EQ(world.BlockOn(stream.WritesDone()), absl::OkStatus());
  });
  for (int i = 1; i <= kCount; ++i) {
    absl::StatusOr<std::optional<Reply>> reply = world.BlockOn(stream.Read());
    ASSERT_EQ(reply.status(), absl::OkStatus());
    ASSERT_TRUE(reply->has_value());
    ASSERT_EQ((*reply)->number(), i);
  }
  writer.join();
  absl::StatusOr<std::optional<Reply>> end = world.BlockOn(stream.Read());
  ASSERT_EQ(end.status(), absl::OkStatus());
  EXPECT_FALSE(end->has_value());
}

}  // namespace
}  // namespace end_to_end
