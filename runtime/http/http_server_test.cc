#include "runtime/http/http_server.h"

#include <boost/asio/write.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/http/http_test_peer.h"

namespace runnel {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpServerTest : public HttpTest {
 protected:
  HttpServerTest() {
    HttpServerOptions options;
    options.clock = &clock_;
    server_ = std::make_unique<HttpServer>(context_.get_executor(), handler_, options);
    const absl::StatusOr<int> port = server_->Listen("127.0.0.1:0");
    EXPECT_TRUE(port.ok()) << port.status();
    port_ = *port;
  }

  // A target whose response has the body that the result controls.
  std::shared_ptr<BodyProbe> StreamAt(const std::string& target) {
    auto probe = std::make_shared<BodyProbe>();
    handler_.On(target, [probe](HttpRequest) -> Awaitable<HttpResponse> {
      HttpResponse response;
      response.body = ProbeBody(probe);
      co_return response;
    });
    return probe;
  }

  FakeHandler handler_;
  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
};

TEST_F(HttpServerTest, AnswersRequestsOneAfterTheOther) {
  RawPeer peer(context_, port_);
  for (int i = 0; i < 2; ++i) {
    peer.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string response = peer.ReadResponse();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"));
    EXPECT_THAT(response, EndsWith("Content-Length: 5\r\n\r\nhello"));
  }
  EXPECT_EQ(server_->connection_count(), 1u);
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  RawPeer peer(context_, port_);
  peer.Send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none"
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
      "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(peer.ReadResponse(), EndsWith("\r\n\r\none"));
  EXPECT_THAT(peer.ReadResponse(), EndsWith("\r\n\r\ntwo"));
  EXPECT_THAT(peer.ReadResponse(), EndsWith("\r\n\r\nhello"));
}

TEST_F(HttpServerTest, TakesARequestAtEverySplit) {
  const std::string request =
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
  RawPeer peer(context_, port_);
  for (size_t i = 1; i < request.size(); ++i) {
    peer.Send(request.substr(0, i));
    context_.poll();
    peer.Send(request.substr(i));
    EXPECT_THAT(peer.ReadResponse(), EndsWith("\r\n\r\nhello")) << i;
  }
}

TEST_F(HttpServerTest, ClosesAfterTheResponseWhenAskedTo) {
  RawPeer peer(context_, port_);
  peer.Send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(peer.ReadToEnd(), HasSubstr("Connection: close\r\n"));
  EXPECT_FALSE(peer.was_reset());
}

TEST_F(HttpServerTest, Http10ConnectionIsKeptOnlyWhenAsked) {
  RawPeer peer(context_, port_);
  peer.Send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(peer.ReadResponse(), HasSubstr("Connection: keep-alive\r\n"));
  peer.Send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_THAT(peer.ReadToEnd(), EndsWith("\r\n\r\nhello"));
}

TEST_F(HttpServerTest, Http10StreamEndsWithTheConnection) {
  auto probe = StreamAt("/stream");
  RawPeer peer(context_, port_);
  peer.Send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  probe->Push("one,");
  probe->Push("two");
  probe->End();
  const std::string response = peer.ReadToEnd();
  EXPECT_THAT(response, EndsWith("\r\n\r\none,two"));
  EXPECT_THAT(response, Not(HasSubstr("chunked")));
  EXPECT_FALSE(peer.was_reset());
}

TEST_F(HttpServerTest, Http10StreamThatFailsIsReset) {
  auto probe = StreamAt("/stream");
  RawPeer peer(context_, port_);
  peer.Send("GET /stream HTTP/1.0\r\n\r\n");
  probe->Push("one");
  peer.ReadThrough("one");
  probe->error = absl::InternalError("broken");
  probe->changed.Notify();
  peer.ReadToEnd();
  EXPECT_TRUE(peer.was_reset());
}

TEST_F(HttpServerTest, StreamsChunksAsTheyAreMade) {
  auto probe = StreamAt("/stream");
  RawPeer peer(context_, port_);
  peer.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(peer.ReadThrough("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"));
  probe->Push("hello, world");
  EXPECT_EQ(peer.ReadThrough("world\r\n"), "c\r\nhello, world\r\n");
  probe->Push("!");
  EXPECT_EQ(peer.ReadThrough("!\r\n"), "1\r\n!\r\n");
  probe->End();
  EXPECT_EQ(peer.ReadThrough("\r\n\r\n"), "0\r\n\r\n");
  EXPECT_TRUE(probe->destroyed);
  peer.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(peer.ReadResponse(), EndsWith("hello"));
}

TEST_F(HttpServerTest, StreamThatFailsLacksItsLastChunk) {
  auto probe = StreamAt("/stream");
  RawPeer peer(context_, port_);
  peer.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  probe->Push("one");
  probe->error = absl::InternalError("broken");
  EXPECT_THAT(peer.ReadToEnd(), EndsWith("3\r\none\r\n"));
}

TEST_F(HttpServerTest, BodyWithASizeHasAContentLength) {
  auto probe = StreamAt("/stream");
  probe->size = 6;
  RawPeer peer(context_, port_);
  peer.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  probe->Push("one");
  probe->Push("two");
  EXPECT_THAT(peer.ReadResponse(), EndsWith("Content-Length: 6\r\n\r\nonetwo"));
}

TEST_F(HttpServerTest, BodyShorterThanItsSizeCutsTheConnection) {
  auto probe = StreamAt("/stream");
  probe->size = 6;
  RawPeer peer(context_, port_);
  peer.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  probe->Push("one");
  probe->End();
  EXPECT_THAT(peer.ReadToEnd(), EndsWith("Content-Length: 6\r\n\r\none"));
}

TEST_F(HttpServerTest, HeadHasTheHeadOfGet) {
  RawPeer peer(context_, port_);
  peer.Send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(peer.ReadThrough("\r\n\r\n"), HasSubstr("Content-Length: 5\r\n"));
  peer.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(peer.ReadResponse(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpServerTest, NoContentHasNoLength) {
  handler_.On("/none", [](HttpRequest) -> Awaitable<HttpResponse> {
    HttpResponse response;
    response.status = 204;
    co_return response;
  });
  RawPeer peer(context_, port_);
  peer.Send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(peer.ReadThrough("\r\n\r\n"), Not(HasSubstr("Content-Length")));
}

TEST_F(HttpServerTest, ContinueIsSentWhenTheBodyIsWanted) {
  RawPeer peer(context_, port_);
  peer.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.ReadThrough("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.Send("hi");
  EXPECT_THAT(peer.ReadResponse(), EndsWith("\r\n\r\nhi"));
}

TEST_F(HttpServerTest, ContinueIsNotSentWhenTheBodyIsNotWanted) {
  RawPeer peer(context_, port_);
  peer.Send("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  const std::string response = peer.ReadResponse();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
}

TEST_F(HttpServerTest, BodyThatTheHandlerLeavesIsPassedOver) {
  RawPeer peer(context_, port_);
  peer.Send("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n" +
            std::string(30000, 'x') + "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(peer.ReadResponse(), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(peer.ReadResponse(), StartsWith("HTTP/1.1 404 Not Found\r\n"));
}

TEST_F(HttpServerTest, HugeBodyThatTheHandlerLeavesClosesTheConnection) {
  RawPeer peer(context_, port_);
  peer.Send("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n" +
            std::string(30000, 'x'));
  const std::string response = peer.ReadToEnd();
  // So that the client sends nothing more on it.
  EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(response, EndsWith("hello"));
}

TEST_F(HttpServerTest, ARequestsBodyCanBeTheResponses) {
  handler_.On("/mirror", [](HttpRequest request) -> Awaitable<HttpResponse> {
    HttpResponse response;
    response.body = std::move(request.body);
    co_return response;
  });
  RawPeer peer(context_, port_);
  peer.Send("POST /mirror HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\none");
  Settle();
  peer.Send("two");
  EXPECT_THAT(peer.ReadResponse(), EndsWith("onetwo"));
}

TEST_F(HttpServerTest, ChunksThatTheHandlerLeavesArePassedOverWhereTheyHaveArrived) {
  RawPeer peer(context_, port_);
  peer.Send(
      "POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n"
      "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(peer.ReadResponse(), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(peer.ReadResponse(), StartsWith("HTTP/1.1 404 Not Found\r\n"));
}

TEST_F(HttpServerTest, ChunksThatAreStillToComeCloseTheConnection) {
  RawPeer peer(context_, port_);
  peer.Send("POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
  const std::string response = peer.ReadToEnd();
  EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(response, EndsWith("hello"));
}

TEST_F(HttpServerTest, PeerThatSendsAllBeforeItReadsGetsTheResponse) {
  RawPeer peer(context_, port_);
  peer.Send("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n" +
            std::string(8'000'000, 'x'));
  peer.FinishWriting();
  EXPECT_THAT(peer.ReadToEnd(), EndsWith("hello"));
  EXPECT_FALSE(peer.was_reset());
}

TEST_F(HttpServerTest, LargeBodiesArriveWhole) {
  std::string body(5 << 20, 'x');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  RawPeer peer(context_, port_);
  peer.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body);
  const std::string response = peer.ReadResponse();
  EXPECT_TRUE(std::string_view(response).ends_with(body));
}

TEST_F(HttpServerTest, PeerThatDoesNotReadStopsTheProducer) {
  auto probe = StreamAt("/stream");
  probe->endless_piece = 64 * 1024;
  RawPeer peer(context_, port_);
  peer.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  size_t before = 0;
  ASSERT_TRUE(Until([&] {
    Settle();
    return before == std::exchange(before, probe->produced) && before > 0;
  }));
  EXPECT_LT(probe->produced, 64u << 20);
  peer.Close();
  EXPECT_TRUE(Until([&] { return probe->destroyed; }));
}

TEST_F(HttpServerTest, HandlerThatDoesNotReadStopsThePeer) {
  auto probe = std::make_shared<BodyProbe>();
  handler_.On("/wait", [probe](HttpRequest) -> Awaitable<HttpResponse> {
    const absl::Status waited = co_await probe->changed.Wait();
    probe->waited = waited.code();
    co_return Text("done");
  });
  asio::ip::tcp::socket socket(context_);
  socket.connect({asio::ip::address_v4::loopback(), static_cast<uint16_t>(port_)});
  socket.non_blocking(true);
  const std::string chunk(1 << 20, 'x');
  asio::write(socket, asio::buffer(std::string_view(
                          "POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")));
  size_t sent = 0;
  for (int quiet = 0; quiet < 5;) {
    boost::system::error_code error;
    const size_t n = socket.write_some(asio::buffer(chunk), error);
    sent += n;
    quiet = n == 0 ? quiet + 1 : 0;
    Settle();
  }
  EXPECT_LT(sent, 64u << 20);
}

TEST_F(HttpServerTest, PeerThatLeavesCancelsTheHandler) {
  auto probe = std::make_shared<BodyProbe>();
  handler_.On("/wait", [probe](HttpRequest) -> Awaitable<HttpResponse> {
    const absl::Status waited = co_await probe->changed.Wait();
    probe->waited = waited.code();
    co_return Text("done");
  });
  for (const char* request : {"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n",
                              "POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"}) {
    probe->waited = absl::StatusCode::kOk;
    RawPeer peer(context_, port_);
    peer.Send(request);
    ASSERT_TRUE(Until([&] { return probe->changed.has_waiters(); }));
    peer.Close();
    EXPECT_TRUE(Until([&] { return probe->waited == absl::StatusCode::kCancelled; }));
    EXPECT_TRUE(Until([&] { return server_->connection_count() == 0; }));
  }
}

TEST_F(HttpServerTest, PeerThatLeavesDestroysTheResponsesBody) {
  auto probe = StreamAt("/stream");
  RawPeer peer(context_, port_);
  peer.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  peer.ReadThrough("\r\n\r\n");
  peer.Close();
  EXPECT_TRUE(Until([&] { return probe->destroyed; }));
  EXPECT_EQ(probe->waited, absl::StatusCode::kCancelled);
  EXPECT_TRUE(Until([&] { return server_->connection_count() == 0; }));
}

TEST_F(HttpServerTest, PeerThatLeavesWithinABodyIsUnavailable) {
  absl::Status seen;
  handler_.On("/upload", [&seen](HttpRequest request) -> Awaitable<HttpResponse> {
    absl::StatusOr<std::string> body = co_await ReadAll(request.body.get(), 1000, "the test's");
    seen = body.status();
    co_return Text("");
  });
  RawPeer peer(context_, port_);
  peer.Send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
  ASSERT_TRUE(Until([&] { return handler_.handled == 1; }));
  peer.Close();
  ASSERT_TRUE(Until([&] { return !seen.ok(); }));
  EXPECT_EQ(seen.code(), absl::StatusCode::kUnavailable) << seen;
}

TEST_F(HttpServerTest, MalformedBodyIsInvalid) {
  RawPeer peer(context_, port_);
  peer.Send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n");
  const std::string response = peer.ReadToEnd();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(response, HasSubstr("INVALID_ARGUMENT"));
}

TEST_F(HttpServerTest, RequestAndResponseBodiesFlowAtTheSameTime) {
  class EchoBody : public HttpBody {
   public:
    explicit EchoBody(std::unique_ptr<HttpBody> source) : source_(std::move(source)) {}
    Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
      return source_->Read();
    }

   private:
    std::unique_ptr<HttpBody> source_;
  };
  handler_.On("/duplex", [](HttpRequest request) -> Awaitable<HttpResponse> {
    HttpResponse response;
    response.body = std::make_unique<EchoBody>(std::move(request.body));
    co_return response;
  });
  RawPeer peer(context_, port_);
  peer.Send("POST /duplex HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  peer.ReadThrough("\r\n\r\n");
  peer.Send("3\r\none\r\n");
  EXPECT_EQ(peer.ReadThrough("one\r\n"), "3\r\none\r\n");
  peer.Send("3\r\ntwo\r\n0\r\n\r\n");
  EXPECT_EQ(peer.ReadThrough("\r\n0\r\n\r\n"), "3\r\ntwo\r\n0\r\n\r\n");
  peer.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(peer.ReadResponse(), EndsWith("hello"));
}

TEST_F(HttpServerTest, HandlerThatThrowsIsAnError500) {
  handler_.On("/throw", [](HttpRequest) -> Awaitable<HttpResponse> {
    throw std::runtime_error("secret");
    co_return Text("");
  });
  RawPeer peer(context_, port_);
  peer.Send("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string response = peer.ReadToEnd();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 500 Internal Server Error\r\n"));
  EXPECT_THAT(response, Not(HasSubstr("secret")));
}

TEST_F(HttpServerTest, HeaderThatWouldSplitTheResponseIsRefused) {
  handler_.On("/split", [](HttpRequest) -> Awaitable<HttpResponse> {
    HttpResponse response = Text("");
    response.headers.Add("X", "a\r\nSet-Cookie: b");
    co_return response;
  });
  RawPeer peer(context_, port_);
  peer.Send("GET /split HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string response = peer.ReadResponse();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(response, Not(HasSubstr("Set-Cookie")));
}

TEST_F(HttpServerTest, StopClosesIdleConnectionsAndLetsOthersFinish) {
  auto probe = StreamAt("/stream");
  RawPeer idle(context_, port_);
  idle.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  idle.ReadResponse();
  RawPeer busy(context_, port_);
  busy.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  busy.ReadThrough("\r\n\r\n");
  server_->Stop();
  EXPECT_EQ(idle.ReadToEnd(), "");
  probe->Push("x");
  probe->End();
  EXPECT_EQ(busy.ReadToEnd(), "1\r\nx\r\n0\r\n\r\n");
  AwaitEnd(server_->Join());
  EXPECT_EQ(server_->connection_count(), 0u);
}

TEST_F(HttpServerTest, ShutdownCutsEveryConnection) {
  auto probe = StreamAt("/stream");
  RawPeer busy(context_, port_);
  busy.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  busy.ReadThrough("\r\n\r\n");
  server_->Shutdown();
  AwaitEnd(server_->Join());
  EXPECT_TRUE(probe->destroyed);
  EXPECT_EQ(busy.ReadToEnd(), "");
}

TEST_F(HttpServerTest, EndsWithConnectionsOpen) {
  auto probe = StreamAt("/stream");
  RawPeer idle(context_, port_);
  RawPeer busy(context_, port_);
  busy.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  busy.ReadThrough("\r\n\r\n");
  server_.reset();
  EXPECT_EQ(busy.ReadToEnd(), "");
  EXPECT_EQ(idle.ReadToEnd(), "");
  EXPECT_TRUE(Until([&] { return probe->destroyed; }));
}

TEST_F(HttpServerTest, PortInUseIsSaid) {
  HttpServer other(context_.get_executor(), handler_);
  const std::string address = "127.0.0.1:" + std::to_string(port_);
  const absl::Status status = other.Listen(address).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(status.message()), HasSubstr(address));
}

TEST_F(HttpServerTest, SharedPortIsNotTakenFromOthers) {
  HttpServerOptions options;
  options.sharing = PortSharing::kFirst;
  HttpServer first(context_.get_executor(), handler_, options);
  EXPECT_EQ(first.Listen("127.0.0.1:" + std::to_string(port_)).status().code(),
            absl::StatusCode::kAlreadyExists);
  const absl::StatusOr<int> port = first.Listen("127.0.0.1:0");
  ASSERT_TRUE(port.ok()) << port.status();
  HttpServer stranger(context_.get_executor(), handler_, options);
  EXPECT_EQ(stranger.Listen("127.0.0.1:" + std::to_string(*port)).status().code(),
            absl::StatusCode::kAlreadyExists);
  options.sharing = PortSharing::kJoin;
  HttpServer second(context_.get_executor(), handler_, options);
  EXPECT_TRUE(second.Listen("127.0.0.1:" + std::to_string(*port)).ok());
}

TEST_F(HttpServerTest, BadAddressIsSaid) {
  HttpServer other(context_.get_executor(), handler_);
  for (const char* address : {"", "8080", "127.0.0.1", "127.0.0.1:x", "192.0.2.1:0"}) {
    EXPECT_EQ(other.Listen(address).status().code(), absl::StatusCode::kInvalidArgument) << address;
  }
}

// The loop ends with everything open: what is left is destroyed with it.
TEST(HttpServerLifetimeTest, LoopEndsWithConnectionsOpen) {
  FakeHandler handler;
  auto probe = std::make_shared<BodyProbe>();
  handler.On("/stream", [probe](HttpRequest) -> Awaitable<HttpResponse> {
    HttpResponse response;
    response.body = ProbeBody(probe);
    co_return response;
  });
  asio::io_context peers(1);
  auto context = std::make_unique<asio::io_context>(1);
  auto server = std::make_unique<HttpServer>(context->get_executor(), handler);
  const absl::StatusOr<int> port = server->Listen("127.0.0.1:0");
  ASSERT_TRUE(port.ok()) << port.status();
  RawPeer idle(peers, *port);
  RawPeer busy(peers, *port);
  busy.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(RunUntil(*context, [&] { return probe->changed.has_waiters(); }));
  server.reset();
  context.reset();
  EXPECT_TRUE(probe->destroyed);
  EXPECT_EQ(idle.ReadToEnd(), "");
}

}  // namespace
}  // namespace runnel
