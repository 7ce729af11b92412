// One of two servers gets SIGTERM while 1,000 calls are open there and new ones are made all the
// time: calls finish, or move to the other, or end UNAVAILABLE when its time is up.

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/async/io_thread.h"
#include "runtime/async/task_group.h"
#include "runtime/client/channel.h"
#include "tests/end_to_end/child_process.h"
#include "tests/end_to_end/scripted.runnel.h"

namespace end_to_end {
namespace {

using runnel::Awaitable;
using runnel::Route;
using v1::Reply;
using v1::Request;
using v1::Scripted;

constexpr int kOpenCalls = 1'000;
constexpr int kFlows = 8;
// What Server::Shutdown takes beside its grace, and what a busy machine does.
constexpr absl::Duration kSlack = absl::Seconds(3 + 20);

struct Way {
  runnel::CallKind kind;
  Route route;
};
constexpr Way kWays[] = {
    {runnel::CallKind::kUnary, Route::kDirect},
    {runnel::CallKind::kUnary, Route::kSession},
    {runnel::CallKind::kServerStream, Route::kDirect},
    {runnel::CallKind::kServerStream, Route::kSession},
    {runnel::CallKind::kClientStream, Route::kSession},
    {runnel::CallKind::kBidi, Route::kSession},
};

// How a handler waits: see draining_peer.cc.
enum Wait { kNotAtAll = 0, kUntilDrained = 1, kUntilCancelled = 2 };

struct Ended {
  absl::Status status;
  absl::Time begun;
  absl::Time at;
  Way way;
};

// The calls of the test, by their names. Lives on the channel's loop.
struct Calls {
  explicit Calls(runnel::Executor executor, std::vector<std::string> urls)
      : stub(runnel::Channel::Connect(executor, urls)), tasks(executor) {}

  Scripted::Stub stub;
  runnel::TaskGroup tasks;
  std::map<std::string, Ended> ended;
  std::atomic<bool> stop{false};
};

template <typename Stream>
Awaitable<absl::Status> ReadAll(Stream& stream) {
  while (true) {
    absl::StatusOr<std::optional<Reply>> reply = co_await stream.Read();
    if (!reply.ok() || !*reply) co_return reply.status();
  }
}

Awaitable<absl::Status> Make(Scripted::Stub& stub, Way way, Wait wait, std::string name) {
  runnel::CallOptions options;
  options.route = way.route;
  options.metadata.Add("x-call", name);
  Request request;
  request.set_number(wait);
  switch (way.kind) {
    case runnel::CallKind::kUnary: {
      absl::StatusOr<Reply> reply = co_await stub.Unary(request, options);
      co_return reply.status();
    }
    case runnel::CallKind::kServerStream: {
      runnel::ClientReader<Reply> down = stub.Down(request, options);
      co_return co_await ReadAll(down);
    }
    case runnel::CallKind::kClientStream: {
      runnel::ClientWriter<Request, Reply> up = stub.Up(options);
      absl::Status written = co_await up.Write(request);
      written.IgnoreError();  // Finish tells
      absl::StatusOr<Reply> reply = co_await up.Finish();
      co_return reply.status();
    }
    case runnel::CallKind::kBidi: {
      runnel::ClientStream<Request, Reply> both = stub.Both(options);
      absl::Status written = co_await both.Write(request);
      written.IgnoreError();  // Read tells
      co_return co_await ReadAll(both);
    }
  }
  co_return absl::InternalError("no such kind");
}

Awaitable<void> Note(Calls& calls, Way way, Wait wait, std::string name) {
  Ended ended;
  ended.way = way;
  ended.begun = absl::Now();
  ended.status = co_await Make(calls.stub, way, wait, name);
  ended.at = absl::Now();
  calls.ended.emplace(name, ended);
}

// One call after the other, until somebody says stop.
Awaitable<void> Flow(Calls& calls, int flow) {
  for (size_t i = 0; !calls.stop; ++i) {
    const Way way = kWays[(i + static_cast<size_t>(flow)) % std::size(kWays)];
    co_await Note(calls, way, kNotAtAll, absl::StrCat("flow-", flow, "-", i));
  }
}

Awaitable<bool> Open(Calls& calls) {
  for (int i = 0; i < kOpenCalls; ++i) {
    const Way way = kWays[static_cast<size_t>(i) % std::size(kWays)];
    // Every way both ways.
    const bool stays = static_cast<size_t>(i) / std::size(kWays) % 2 == 1;
    calls.tasks.Spawn(Note(calls, way, stays ? kUntilCancelled : kUntilDrained,
                           absl::StrCat(stays ? "long-" : "short-", i)));
  }
  co_return true;
}

Awaitable<bool> BeginFlows(Calls& calls) {
  for (int flow = 0; flow < kFlows; ++flow) calls.tasks.Spawn(Flow(calls, flow));
  co_return true;
}

Awaitable<bool> JoinAll(Calls& calls) {
  co_await calls.tasks.Join();
  co_return true;
}

std::multiset<std::string> LinesOf(const std::string& path) {
  std::multiset<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.insert(line);
  return lines;
}

std::vector<std::string> Peer(const std::string& journal, int grace_ms) {
  return {"tests/end_to_end/draining_peer", journal, absl::StrCat(kOpenCalls),
          absl::StrCat(grace_ms)};
}

void DrainOneOfTwo(int grace_ms, absl::Duration grace) {
  const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string first_journal = ::testing::TempDir() + name + ".first";
  const std::string second_journal = ::testing::TempDir() + name + ".second";
  ChildProcess first(Peer(first_journal, grace_ms));
  ChildProcess second(Peer(second_journal, grace_ms));
  const std::string first_url = first.ReadLine();
  const std::string second_url = second.ReadLine();
  runnel::IoThread io;
  Calls calls(io.executor(), {first_url, second_url});
  io.BlockOn(Open(calls));
  ASSERT_EQ(first.ReadLine(), "open");
  io.BlockOn(BeginFlows(calls));
  const absl::Time signalled = absl::Now();
  first.Signal(SIGTERM);
  EXPECT_EQ(first.Wait(), 0);
  const absl::Time exited = absl::Now();
  EXPECT_LT(exited - signalled, grace + kSlack);
  calls.stop = true;
  io.BlockOn(JoinAll(calls));

  const std::multiset<std::string> on_first = LinesOf(first_journal);
  const std::multiset<std::string> on_second = LinesOf(second_journal);
  int moved = 0;
  for (const auto& [call, ended] : calls.ended) {
    SCOPED_TRACE(absl::StrCat(call, " by way ", static_cast<int>(ended.way.kind), "/",
                              static_cast<int>(ended.way.route), ", begun ",
                              absl::FormatDuration(ended.begun - signalled), " and ended ",
                              absl::FormatDuration(ended.at - signalled), " after the signal"));
    const size_t ran_first = on_first.count(call);
    const size_t ran_second = on_second.count(call);
    EXPECT_EQ(ran_first + ran_second, 1u);
    if (call.starts_with("long-")) {
      EXPECT_EQ(ended.status.code(), absl::StatusCode::kUnavailable) << ended.status;
      // The clocks of both are the same one.
      EXPECT_GE(ended.at - signalled, grace);
      EXPECT_EQ(ran_first, 1u);
    } else {
      EXPECT_EQ(ended.status, absl::OkStatus());
    }
    if (call.starts_with("short-")) {
      EXPECT_EQ(ran_first, 1u);
    }
    if (call.starts_with("flow-") && ran_second > 0) ++moved;
  }
  EXPECT_GT(moved, 0);
  std::cout << "calls: " << calls.ended.size() << ", of which on the second server: " << moved
            << "; the first ended " << absl::FormatDuration(exited - signalled)
            << " after the signal\n";
  EXPECT_GE(calls.ended.size(), static_cast<size_t>(kOpenCalls) + kFlows);
}

TEST(DrainTest, AServerLosesNoCallWithinItsGrace) { DrainOneOfTwo(2'000, absl::Seconds(2)); }

TEST(DrainTest, AServerLosesNoCallWhenSignalled) { DrainOneOfTwo(0, absl::Seconds(10)); }

}  // namespace
}  // namespace end_to_end
