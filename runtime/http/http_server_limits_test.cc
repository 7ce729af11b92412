#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/http/http_server.h"
#include "runtime/http/http_test_peer.h"

namespace runnel {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class HttpServerLimitsTest : public HttpTest {
 protected:
  HttpServerLimitsTest() {
    HttpServerOptions options;
    options.clock = &clock_;
    options.limits.max_header_bytes = 500;
    options.limits.max_header_fields = 5;
    options.limits.max_target_bytes = 100;
    options.limits.max_connections = 2;
    limits_ = options.limits;
    server_ = std::make_unique<HttpServer>(context_.get_executor(), handler_, options);
    const absl::StatusOr<int> port = server_->Listen("127.0.0.1:0");
    EXPECT_TRUE(port.ok()) << port.status();
    port_ = *port;
  }

  std::string ResponseTo(const std::string& request) {
    RawPeer peer(context_, port_);
    peer.Send(request);
    std::string response = peer.ReadToEnd();
    EXPECT_FALSE(peer.was_reset());
    peer.Close();
    EXPECT_TRUE(Until([&] { return server_->connection_count() == 0; }));
    return response;
  }

  Limits limits_;
  FakeHandler handler_;
  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
};

TEST_F(HttpServerLimitsTest, LongTargetIs414) {
  const std::string response =
      ResponseTo("GET /" + std::string(100, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 414 URI Too Long\r\n"));
  EXPECT_THAT(response, HasSubstr("limit is max_target_bytes"));
}

TEST_F(HttpServerLimitsTest, LargeHeaderIs431) {
  const std::string response =
      ResponseTo("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
  EXPECT_THAT(response, HasSubstr("limit is max_header_bytes"));
}

TEST_F(HttpServerLimitsTest, ManyHeadersAre431) {
  const std::string response =
      ResponseTo("GET / HTTP/1.1\r\nHost: a\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\n\r\n");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(response, HasSubstr("limit is max_header_fields"));
}

TEST_F(HttpServerLimitsTest, ConflictingFramingIs400AndTheEnd) {
  const std::string response = ResponseTo(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(response, testing::Not(HasSubstr("hello")));
  EXPECT_EQ(handler_.handled, 0);
}

TEST_F(HttpServerLimitsTest, HeadThatDoesNotEndIs408) {
  RawPeer peer(context_, port_);
  peer.Send("GET / HTTP/1.1\r\nHo");
  ASSERT_TRUE(Until([&] { return clock_.NextDue() == clock_.Now() + limits_.header_timeout; }));
  clock_.Advance(limits_.header_timeout);
  const std::string response = peer.ReadToEnd();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_THAT(response, HasSubstr("limit is header_timeout"));
}

TEST_F(HttpServerLimitsTest, IdleConnectionIsClosed) {
  RawPeer peer(context_, port_);
  peer.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  peer.ReadResponse();
  clock_.Advance(limits_.keep_alive_timeout - absl::Seconds(1));
  Settle();
  EXPECT_EQ(server_->connection_count(), 1u);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(peer.ReadToEnd(), "");
  EXPECT_TRUE(Until([&] { return server_->connection_count() == 0; }));
}

TEST_F(HttpServerLimitsTest, EveryRequestRestartsTheIdleTime) {
  RawPeer peer(context_, port_);
  for (int i = 0; i < 3; ++i) {
    peer.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(peer.ReadResponse(), EndsWith("hello"));
    clock_.Advance(limits_.keep_alive_timeout - absl::Seconds(1));
    Settle();
  }
  EXPECT_EQ(server_->connection_count(), 1u);
}

TEST_F(HttpServerLimitsTest, BodyThatStallsFailsTheRead) {
  RawPeer peer(context_, port_);
  peer.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
  ASSERT_TRUE(
      Until([&] { return clock_.NextDue() == clock_.Now() + limits_.body_progress_timeout; }));
  clock_.Advance(limits_.body_progress_timeout);
  const std::string response = peer.ReadToEnd();
  EXPECT_THAT(response, HasSubstr("DEADLINE_EXCEEDED"));
  EXPECT_THAT(response, HasSubstr("limit is body_progress_timeout"));
}

TEST_F(HttpServerLimitsTest, BodyThatMakesProgressMayTakeLong) {
  RawPeer peer(context_, port_);
  peer.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  for (char c : std::string("hello")) {
    Settle();
    clock_.Advance(limits_.body_progress_timeout - absl::Seconds(1));
    peer.Send(std::string(1, c));
  }
  EXPECT_THAT(peer.ReadResponse(), EndsWith("\r\n\r\nhello"));
}

TEST_F(HttpServerLimitsTest, StreamIsNotTimed) {
  auto probe = std::make_shared<BodyProbe>();
  handler_.On("/stream", [probe](HttpRequest) -> Awaitable<HttpResponse> {
    HttpResponse response;
    response.body = ProbeBody(probe);
    co_return response;
  });
  RawPeer peer(context_, port_);
  peer.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  peer.ReadThrough("\r\n\r\n");
  clock_.Advance(absl::Hours(24));
  Settle();
  probe->Push("x");
  EXPECT_EQ(peer.ReadThrough("x\r\n"), "1\r\nx\r\n");
}

TEST_F(HttpServerLimitsTest, OneConnectionTooManyIs503) {
  RawPeer first(context_, port_);
  RawPeer second(context_, port_);
  ASSERT_TRUE(Until([&] { return server_->connection_count() == 2; }));
  RawPeer third(context_, port_);
  third.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string response = third.ReadToEnd();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_THAT(response, HasSubstr("limit is Limits::max_connections"));
  third.Close();
  first.Close();
  ASSERT_TRUE(Until([&] { return server_->connection_count() == 1; }));
  RawPeer fourth(context_, port_);
  fourth.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(fourth.ReadResponse(), EndsWith("hello"));
}

TEST_F(HttpServerLimitsTest, PipelinedRequestsWaitOutsideWhenThereAreMany) {
  auto probe = std::make_shared<BodyProbe>();
  handler_.On("/wait", [probe](HttpRequest) -> Awaitable<HttpResponse> {
    const absl::Status waited = co_await probe->changed.Wait();
    probe->waited = waited.code();
    co_return Text("done");
  });
  RawPeer peer(context_, port_);
  peer.Send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  for (int i = 0; i < 1000; ++i) peer.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  Settle();
  probe->changed.Notify();
  EXPECT_THAT(peer.ReadResponse(), EndsWith("done"));
  for (int i = 0; i < 1000; ++i) ASSERT_THAT(peer.ReadResponse(), EndsWith("hello")) << i;
}

}  // namespace
}  // namespace runnel
