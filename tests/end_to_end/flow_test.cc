// A slow reader stops the writer: what is on the way is bounded by the windows.

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

constexpr int kCount = 1'000;

class FlowTest : public ::testing::TestWithParam<CallCase> {
 protected:
  static WorldOptions Options() {
    WorldOptions options = OptionsFor(GetParam());
    // One loop: a writer that is not stopped keeps it, so whatever is answered was answered after
    // the writer had stopped.
    options.server.threads = 1;
    return options;
  }

  // Returns when the handlers have done what they can.
  void LetTheServerRun() {
    if (GetParam().transport == Transport::kInProcess) {
      world_.Settle();
      return;
    }
    runnel::CallOptions direct;
    direct.route = Route::kDirect;
    for (int i = 0; i < 200; ++i) {
      ASSERT_EQ(world_.BlockOn(world_.stub().Unary(Request(), direct)).status(), absl::OkStatus());
    }
  }

  // In memory nothing but the windows holds bytes; the kernel holds some megabytes.
  static constexpr int kWindows = 256 * 1024;
  int MostWritten() const {
    const int kernel = GetParam().transport == Transport::kInProcess ? 0 : 24 * 1024 * 1024;
    return (kWindows + kernel) / PayloadBytes();
  }
  // So that all messages together are much more than that.
  int PayloadBytes() const {
    return GetParam().transport == Transport::kInProcess ? 4 * 1024 : 64 * 1024;
  }

  World world_{Options()};
};

using DownFlowTest = FlowTest;

TEST_P(DownFlowTest, AClientThatDoesNotReadStopsTheHandler) {
  Request request;
  request.mutable_script()->set_count(kCount);
  request.mutable_script()->set_payload_bytes(PayloadBytes());
  runnel::ClientReader<Reply> stream = world_.stub().Down(request);
  ASSERT_TRUE(world_.BlockOn(stream.Read())->has_value());
  LetTheServerRun();
  const int written = world_.journal().Count("written");
  EXPECT_GE(written, 1);
  EXPECT_LE(written, MostWritten());
  // Reading lets it go on, to the end.
  for (int i = 1; i < kCount; ++i) {
    absl::StatusOr<std::optional<Reply>> reply = world_.BlockOn(stream.Read());
    ASSERT_EQ(reply.status(), absl::OkStatus());
    ASSERT_TRUE(reply->has_value());
    ASSERT_EQ((*reply)->number(), i);
  }
  absl::StatusOr<std::optional<Reply>> end = world_.BlockOn(stream.Read());
  ASSERT_EQ(end.status(), absl::OkStatus());
  EXPECT_FALSE(end->has_value());
}

// A message without bytes takes memory all the same. In memory only: a kernel holds very many.
using EmptyFlowTest = FlowTest;

TEST_P(EmptyFlowTest, EmptyMessagesStopTheHandlerToo) {
  constexpr int kEmpty = 100'000;
  Request request;
  request.mutable_script()->set_count(kEmpty);
  request.mutable_script()->set_bare(true);
  runnel::ClientReader<Reply> stream = world_.stub().Down(request);
  ASSERT_TRUE(world_.BlockOn(stream.Read())->has_value());
  LetTheServerRun();
  EXPECT_LT(world_.journal().Count("written"), kEmpty);
}

std::vector<CallCase> Downs() {
  std::vector<CallCase> downs;
  for (const CallCase& call : AllCalls()) {
    if (call.kind == CallKind::kServerStream) downs.push_back(call);
  }
  return downs;
}

INSTANTIATE_TEST_SUITE_P(All, DownFlowTest, ::testing::ValuesIn(Downs()),
                         [](const auto& info) { return NameOf(info.param); });

std::vector<CallCase> DownsInProcess() {
  std::vector<CallCase> downs = Downs();
  std::erase_if(downs,
                [](const CallCase& call) { return call.transport != Transport::kInProcess; });
  return downs;
}

INSTANTIATE_TEST_SUITE_P(All, EmptyFlowTest, ::testing::ValuesIn(DownsInProcess()),
                         [](const auto& info) { return NameOf(info.param); });

using UpFlowTest = FlowTest;

// The handler of a call with wait_for_release and `early` reads one request and no more.
TEST_P(UpFlowTest, AHandlerThatDoesNotReadStopsTheClient) {
  Request first;
  first.mutable_script()->set_early(true);
  first.mutable_script()->set_wait_for_release(true);
  Request request;
  request.set_payload(std::string(PayloadBytes(), 'x'));

  struct Upload {
    static runnel::Awaitable<absl::Status> Run(runnel::ClientWriter<Request, Reply>& stream,
                                               Request first, Request request, Journal& journal) {
      absl::Status written = co_await stream.Write(first);
      for (int i = 0; i < kCount && written.ok(); ++i) {
        written = co_await stream.Write(request);
        if (written.ok()) journal.Add("uploaded");
      }
      co_return written;
    }
  };
  Journal uploads;
  runnel::ClientWriter<Request, Reply> stream = world_.stub().Up();
  std::future<absl::Status> uploaded =
      boost::asio::co_spawn(world_.io().executor(), Upload::Run(stream, first, request, uploads),
                            boost::asio::use_future);
  ASSERT_TRUE(world_.journal().Await("waiting"));
  LetTheServerRun();
  const int written = uploads.Count("uploaded");
  EXPECT_LE(written,
            GetParam().route == Route::kSession ? kWindows / PayloadBytes() : MostWritten());
  world_.journal().Add("release");
  // The handler returns, so the upload ends too: nobody will read the rest.
  EXPECT_FALSE(uploaded.get().ok());
  EXPECT_EQ(world_.BlockOn(stream.Finish()).status(), absl::OkStatus());
}

std::vector<CallCase> Ups() {
  std::vector<CallCase> ups;
  for (const CallCase& call : AllCalls()) {
    if (call.kind == CallKind::kClientStream) ups.push_back(call);
  }
  return ups;
}

INSTANTIATE_TEST_SUITE_P(All, UpFlowTest, ::testing::ValuesIn(Ups()),
                         [](const auto& info) { return NameOf(info.param); });

// Windows that the two sides set differently.
class WindowTest : public ::testing::TestWithParam<CallCase> {};

TEST_P(WindowTest, ServerWithSmallerWindowsThanItsClient) {
  WorldOptions options = OptionsFor(GetParam());
  options.server.limits.call_window_bytes = 4 * 1024;
  options.server.limits.session_window_bytes = 32 * 1024;
  World world(std::move(options));
  runnel::ClientStream<Request, Reply> stream = world.stub().Both();
  ASSERT_EQ(world.BlockOn(stream.Write(Request())), absl::OkStatus());
  struct Pump {
    static runnel::Awaitable<absl::Status> Write(runnel::ClientStream<Request, Reply>& stream) {
      Request request;
      request.set_payload(std::string(1024, 'x'));
      for (int i = 0; i < 500; ++i) {
        absl::Status written = co_await stream.Write(request);
        if (!written.ok()) co_return written;
      }
      co_return co_await stream.WritesDone();
    }
  };
  std::future<absl::Status> written =
      boost::asio::co_spawn(world.io().executor(), Pump::Write(stream), boost::asio::use_future);
  int received = 0;
  absl::Status status;
  while (true) {
    absl::StatusOr<std::optional<Reply>> reply = world.BlockOn(stream.Read());
    status = reply.status();
    if (!reply.ok() || !*reply) break;
    ++received;
  }
  EXPECT_EQ(status, absl::OkStatus());
  EXPECT_EQ(received, 500);
  EXPECT_EQ(written.get(), absl::OkStatus());
}

std::vector<CallCase> Bidis() {
  std::vector<CallCase> bidis;
  for (const CallCase& call : AllCalls()) {
    if (call.kind == CallKind::kBidi) bidis.push_back(call);
  }
  return bidis;
}

INSTANTIATE_TEST_SUITE_P(All, WindowTest, ::testing::ValuesIn(Bidis()),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace end_to_end
