#include "runtime/async/io_thread.h"

#include <boost/asio/this_coro.hpp>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "runtime/async/clock.h"

namespace runnel {
namespace {

Awaitable<std::thread::id> ThreadId() { co_return std::this_thread::get_id(); }

Awaitable<std::thread::id> ThreadIdOn(Executor executor) {
  co_return co_await OnExecutor(executor, ThreadId());
}

Awaitable<bool> ComesBackAfter(Executor executor) {
  const std::thread::id before = std::this_thread::get_id();
  const std::thread::id there = co_await OnExecutor(executor, ThreadId());
  co_return there != before&& std::this_thread::get_id() == before;
}

TEST(IoThreadTest, BlockOnReturnsTheResultOfATaskThatRanOnTheLoop) {
  IoThread io;
  const std::thread::id loop = io.BlockOn(ThreadId());
  EXPECT_NE(loop, std::this_thread::get_id());
  EXPECT_EQ(io.BlockOn(ThreadId()), loop);
}

TEST(IoThreadTest, OnExecutorStaysWhereItIs) {
  IoThread io;
  EXPECT_EQ(io.BlockOn(ThreadIdOn(io.executor())), io.BlockOn(ThreadId()));
}

TEST(IoThreadTest, OnExecutorGoesToAnotherLoopAndComesBack) {
  IoThread here;
  IoThread there;
  EXPECT_TRUE(here.BlockOn(ComesBackAfter(there.executor())));
}

Awaitable<int> BlockInside(IoThread& io) { co_return io.BlockOn(ThreadId()) == std::thread::id(); }

TEST(IoThreadDeathTest, BlockOnItsOwnLoopSaysSo) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        IoThread io;
        io.BlockOn(BlockInside(io));
      },
      "on its own event loop");
}

}  // namespace
}  // namespace runnel
