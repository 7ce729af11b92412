// Streams of requests in one HTTP exchange: what is particular to them, as the matrix of the other
// tests has them too.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "runtime/http/http_client.h"
#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

using ::testing::HasSubstr;
using Upload = runnel::ClientWriter<Request, Reply>;
using Both = runnel::ClientStream<Request, Reply>;

// Writes until that fails.
template <typename Stream>
runnel::Awaitable<absl::Status> WriteOn(Stream& stream, Request first) {
  Request next;
  next.set_payload(std::string(16 * 1024, 'x'));
  absl::Status written = co_await stream.Write(first);
  while (written.ok()) written = co_await stream.Write(next);
  co_return Copy(written);
}

template <typename Stream>
std::future<absl::Status> StartWriting(World& world, Stream& stream, Request first) {
  return boost::asio::co_spawn(world.io().executor(), WriteOn(stream, std::move(first)),
                               boost::asio::use_future);
}

class HalfDuplexTest : public ::testing::TestWithParam<CallCase> {
 protected:
  // A handler that reads one request and no more.
  static Request Early() {
    Request request;
    request.mutable_script()->set_early(true);
    return request;
  }

  World world_{OptionsFor(GetParam())};
};

TEST_P(HalfDuplexTest, AnEarlyErrorStopsTheWriter) {
  Request request = Early();
  request.mutable_script()->mutable_fail()->set_code(8);
  request.mutable_script()->mutable_fail()->set_message("enough");
  {
    Upload stream = world_.stub().Up();
    EXPECT_FALSE(StartWriting(world_, stream, request).get().ok());
    EXPECT_EQ(world_.BlockOn(stream.Finish()).status(), absl::ResourceExhaustedError("enough"));
  }
  Both stream = world_.stub().Both();
  EXPECT_FALSE(StartWriting(world_, stream, request).get().ok());
  EXPECT_EQ(world_.BlockOn(stream.Read()).status(), absl::ResourceExhaustedError("enough"));
}

TEST_P(HalfDuplexTest, AnEarlyAnswerStopsTheWriterAndIsRead) {
  {
    Upload stream = world_.stub().Up();
    EXPECT_FALSE(StartWriting(world_, stream, Early()).get().ok());
    EXPECT_EQ(world_.BlockOn(stream.Finish()).status(), absl::OkStatus());
  }
  Request request = Early();
  request.mutable_script()->set_count(3);
  Both stream = world_.stub().Both();
  EXPECT_FALSE(StartWriting(world_, stream, request).get().ok());
  for (int i = 0; i < 3; ++i) {
    const absl::StatusOr<std::optional<Reply>> reply = world_.BlockOn(stream.Read());
    ASSERT_EQ(reply.status(), absl::OkStatus());
    ASSERT_TRUE(reply->has_value());
    EXPECT_EQ((*reply)->number(), i);
  }
  const absl::StatusOr<std::optional<Reply>> end = world_.BlockOn(stream.Read());
  ASSERT_EQ(end.status(), absl::OkStatus());
  EXPECT_FALSE(end->has_value());
}

TEST_P(HalfDuplexTest, ACancelEndsAWriteThatWaits) {
  Request request = Early();
  request.mutable_script()->set_wait_for_cancel(true);
  Upload stream = world_.stub().Up();
  std::future<absl::Status> written = StartWriting(world_, stream, request);
  ASSERT_TRUE(world_.journal().Await("waiting"));
  stream.Cancel();
  EXPECT_EQ(written.get().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(world_.BlockOn(stream.Finish()).status().code(), absl::StatusCode::kCancelled);
  // A server that does not read finds what was sent, instead of the connection's end.
  if (GetParam().transport == Transport::kLoopback) return;
  EXPECT_TRUE(world_.journal().Await("cancelled CANCELLED"));
}

TEST_P(HalfDuplexTest, AReadThatComesFirstWaitsForTheRequestsEnd) {
  Both stream = world_.stub().Both();
  std::future<absl::StatusOr<std::optional<Reply>>> read = boost::asio::co_spawn(
      world_.io().executor(), Detached(stream.Read()), boost::asio::use_future);
  Request request;
  for (int i = 0; i < 3; ++i) {
    request.set_number(i);
    ASSERT_EQ(world_.BlockOn(stream.Write(request)), absl::OkStatus());
  }
  ASSERT_TRUE(world_.journal().Await("received", 2));
  ASSERT_EQ(world_.BlockOn(stream.WritesDone()), absl::OkStatus());
  const absl::StatusOr<std::optional<Reply>> first = read.get();
  ASSERT_EQ(first.status(), absl::OkStatus());
  EXPECT_EQ((*first)->number(), 1);
  EXPECT_EQ((*world_.BlockOn(stream.Read()))->number(), 2);
  EXPECT_EQ(world_.BlockOn(stream.Read())->has_value(), false);
}

TEST_P(HalfDuplexTest, AThousandRequestsHaveAThousandReplies) {
  Both stream = world_.stub().Both();
  Request request;
  for (int i = 0; i <= 1000; ++i) {
    request.set_number(i);
    ASSERT_EQ(world_.BlockOn(stream.Write(request)), absl::OkStatus());
  }
  ASSERT_EQ(world_.BlockOn(stream.WritesDone()), absl::OkStatus());
  for (int i = 1; i <= 1000; ++i) {
    const absl::StatusOr<std::optional<Reply>> reply = world_.BlockOn(stream.Read());
    ASSERT_EQ(reply.status(), absl::OkStatus());
    ASSERT_EQ((*reply)->number(), i);
  }
  EXPECT_EQ(world_.BlockOn(stream.Read())->has_value(), false);
}

std::vector<CallCase> HalfDuplexes() {
  std::vector<CallCase> cases;
  for (const CallCase& call : AllCalls()) {
    if (call.kind == CallKind::kBidi && call.route == Route::kDirect) cases.push_back(call);
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, HalfDuplexTest, ::testing::ValuesIn(HalfDuplexes()),
                         [](const auto& info) { return NameOf(info.param); });

TEST(FullDuplexTest, OnADirectCallIsRefusedAndNamesTheSession) {
  WorldOptions options;
  options.transport = Transport::kLoopback;
  options.channel.route = Route::kDirect;
  options.server.limits.body_progress_timeout = absl::Milliseconds(50);
  World world(std::move(options));
  Both stream = world.stub().Both();
  ASSERT_EQ(world.BlockOn(stream.Write(Request())), absl::OkStatus());
  ASSERT_EQ(world.BlockOn(stream.Write(Request())), absl::OkStatus());
  const absl::Status status = world.BlockOn(stream.Read()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("Route::kSession"));
}

// Exchanges that are cut: the client cannot know what became of the call.
class CutTest : public ::testing::TestWithParam<CallKind> {};

TEST_P(CutTest, IsUnavailableInEitherDirection) {
  for (const bool request : {true, false}) {
    for (uint64_t at : {0, 3, 12}) {
      WorldOptions options;
      options.channel.protocol = Protocol::kConnect;
      options.cut = [&](const std::string&) {
        runnel::InProcessCut cut;
        (request ? cut.request_bytes : cut.response_bytes) = at;
        return cut;
      };
      World world(std::move(options));
      Request large;
      large.mutable_script()->set_count(1);
      large.set_payload("0123456789");
      const absl::Status status = Call(world, GetParam(), large).status;
      EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable)
          << status << (request ? " request" : " response") << " cut at " << at;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, CutTest,
                         ::testing::Values(CallKind::kServerStream, CallKind::kClientStream,
                                           CallKind::kBidi));

// A channel that speaks Connect alone, with compression and GET.
class ConnectTest : public ::testing::TestWithParam<CallCase> {
 protected:
  static WorldOptions Options() {
    WorldOptions options = OptionsFor(GetParam());
    options.channel.route = Route::kAuto;
    options.channel.protocol = Protocol::kConnect;
    options.channel.compression = runnel::Compression::kGzip;
    options.channel.compress_min_bytes = 0;
    options.channel.use_get = true;
    return options;
  }

  World world_{Options()};
};

TEST_P(ConnectTest, CompressedMessagesArriveAsTheyWere) {
  Request request;
  request.mutable_script()->set_count(3);
  request.mutable_script()->set_payload_bytes(100'000);
  request.set_payload(std::string(100'000, 'y'));
  const Outcome outcome = Call(world_, GetParam().kind, request);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  for (const Reply& reply : outcome.replies) EXPECT_EQ(reply.payload(), std::string(100'000, 'x'));
  EXPECT_EQ(Call(world_, GetParam().kind, Request()).status, absl::OkStatus());
}

TEST_P(ConnectTest, SoItIsBetweenRunnelsOwnEnds) {
  WorldOptions options = Options();
  options.channel.protocol = Protocol::kRunnel;
  options.channel.route = Route::kDirect;
  World world(std::move(options));
  Request request;
  request.mutable_script()->set_count(1);
  request.set_payload(std::string(100'000, 'y'));
  const Outcome outcome = Call(world, GetParam().kind, request);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.replies.size(), 1u);
}

TEST_P(ConnectTest, CallsWithoutSideEffectsGoByGetWhatTheirLength) {
  for (int size : {0, 100, 100'000}) {
    Request request;
    request.set_number(7);
    request.mutable_script()->set_payload_bytes(10);
    std::string payload(size, 0);
    for (int i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 2654435761u >> 13);
    request.set_payload(payload);
    const absl::StatusOr<Reply> reply = world_.BlockOn(world_.stub().Peek(request));
    ASSERT_EQ(reply.status(), absl::OkStatus()) << size;
    EXPECT_EQ(reply->number(), 7);
  }
  Request request;
  request.mutable_script()->mutable_fail()->set_code(5);
  EXPECT_EQ(world_.BlockOn(world_.stub().Peek(request)).status().code(),
            absl::StatusCode::kNotFound);
}

std::vector<CallCase> Directs() {
  std::vector<CallCase> cases;
  for (const CallCase& call : AllCalls()) {
    if (call.route == Route::kDirect && call.protocol == Protocol::kRunnel) cases.push_back(call);
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, ConnectTest, ::testing::ValuesIn(Directs()),
                         [](const auto& info) { return NameOf(info.param); });

// A stream that has ended leaves its connection to the next.
TEST(ConnectionTest, ServesOneCallAfterAnother) {
  WorldOptions options;
  options.transport = Transport::kLoopback;
  World world(std::move(options));
  absl::StatusOr<std::shared_ptr<runnel::TcpHttpClient>> http =
      runnel::TcpHttpClient::Create(world.io().executor(), world.server().url());
  ASSERT_EQ(http.status(), absl::OkStatus());
  runnel::ChannelOptions channel;
  channel.protocol = Protocol::kConnect;
  {
    Scripted::Stub stub(runnel::Channel::Over(world.io().executor(), *http, channel));
    for (CallKind kind : {CallKind::kClientStream, CallKind::kServerStream, CallKind::kBidi}) {
      Request request;
      request.mutable_script()->set_count(1);
      EXPECT_EQ(PendingCall(world.io().executor(), stub, kind, request).Await().status,
                absl::OkStatus());
      struct Count {
        static runnel::Awaitable<size_t> Idle(runnel::TcpHttpClient& http) {
          co_return http.idle_connections();
        }
      };
      EXPECT_EQ(world.BlockOn(Count::Idle(**http)), 1u) << static_cast<int>(kind);
    }
  }
  struct Last {
    static runnel::Awaitable<bool> Drop(std::shared_ptr<runnel::TcpHttpClient> http) {
      http.reset();
      co_return true;
    }
  };
  world.BlockOn(Last::Drop(*std::move(http)));
}

}  // namespace
}  // namespace end_to_end
