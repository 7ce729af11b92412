#include "runtime/http/http_client.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/http/http_server.h"
#include "runtime/http/http_test_peer.h"

namespace runnel {
namespace {

using asio::ip::tcp;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class HttpClientTest : public HttpTest {
 protected:
  HttpClientTest() {
    HttpServerOptions options;
    options.clock = &clock_;
    server_ = std::make_unique<HttpServer>(context_.get_executor(), handler_, options);
    const absl::StatusOr<int> port = server_->Listen("127.0.0.1:0");
    EXPECT_TRUE(port.ok()) << port.status();
    client_ = ClientOf(*port);
  }

  std::unique_ptr<TcpHttpClient> ClientOf(int port, HttpClientOptions options = {}) {
    options.clock = &clock_;
    absl::StatusOr<std::unique_ptr<TcpHttpClient>> client = TcpHttpClient::Create(
        context_.get_executor(), "http://127.0.0.1:" + std::to_string(port), options);
    EXPECT_TRUE(client.ok()) << client.status();
    return *std::move(client);
  }

  static HttpRequest Get(std::string target) {
    HttpRequest request;
    request.method = "GET";
    request.target = std::move(target);
    return request;
  }
  static HttpRequest Post(std::string target, std::string body) {
    HttpRequest request;
    request.target = std::move(target);
    request.body = StringBody(std::move(body));
    return request;
  }

  // The response's status and body, or the error.
  Awaitable<std::string> TextOf(HttpClient& client, HttpRequest request) {
    absl::StatusOr<HttpResponse> response = co_await client.Send(std::move(request));
    if (!response.ok()) co_return response.status().ToString();
    absl::StatusOr<std::string> body =
        co_await ReadAll(response->body.get(), 100 << 20, "the test's");
    if (!body.ok()) co_return body.status().ToString();
    co_return std::to_string(response->status) + " " + *body;
  }
  std::string Exchange(HttpRequest request) { return Await(TextOf(*client_, std::move(request))); }

  FakeHandler handler_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<TcpHttpClient> client_;
};

// A server that is a script: accepts by hand, answers with bytes.
class RawServerTest : public HttpClientTest {
 protected:
  RawServerTest() { raw_client_ = ClientOf(port()); }

  int port() const { return acceptor_.local_endpoint().port(); }
  RawPeer Accept() {
    std::optional<tcp::socket> accepted;
    acceptor_.async_accept([&](boost::system::error_code error, tcp::socket socket) {
      EXPECT_FALSE(error) << error.message();
      accepted.emplace(std::move(socket));
    });
    EXPECT_TRUE(Until([&] { return accepted.has_value(); }));
    return RawPeer(context_, *std::move(accepted));
  }
  void Start(HttpRequest request) {
    result_.reset();
    tasks_.Spawn(Keep(TextOf(*raw_client_, std::move(request)), &result_));
  }
  std::string Result() {
    EXPECT_TRUE(Until([&] { return result_.has_value(); }));
    return result_.value_or("nothing");
  }
  // What the client makes of `bytes`, after which the connection ends.
  std::string ResultOf(const std::string& bytes, HttpRequest request = Get("/")) {
    Start(std::move(request));
    RawPeer peer = Accept();
    peer.ReadThrough("\r\n\r\n");
    peer.Send(bytes);
    peer.Close();
    return Result();
  }

  tcp::acceptor acceptor_{context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::unique_ptr<TcpHttpClient> raw_client_;
  std::optional<std::string> result_;
};

TEST_F(HttpClientTest, KeepsItsConnection) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Exchange(Get("/hello")), "200 hello");
    EXPECT_EQ(client_->idle_connections(), 1u);
  }
  EXPECT_EQ(Exchange(Post("/echo", "")), "200 ");
  EXPECT_EQ(Exchange(Post("/echo", "hi")), "200 hi");
  EXPECT_EQ(server_->connection_count(), 1u);
}

TEST_F(HttpClientTest, SendsHeaders) {
  HttpRequest request = Get("/hello");
  request.headers.Add("X-A", "b");
  Exchange(std::move(request));
  EXPECT_EQ(handler_.last_headers.Get("x-a"), "b");
  EXPECT_THAT(std::string(handler_.last_headers.Get("host").value_or("")),
              StartsWith("127.0.0.1:"));
}

TEST_F(HttpClientTest, RefusesHeadersThatWouldSplitTheRequest) {
  HttpRequest request = Get("/hello");
  request.headers.Add("X-A", "b\r\nX-C: d");
  EXPECT_THAT(Exchange(std::move(request)), StartsWith("INVALID_ARGUMENT"));
  EXPECT_THAT(Exchange(Get("/a b")), StartsWith("INVALID_ARGUMENT"));
}

TEST_F(HttpClientTest, HeadIsAnsweredWithoutBody) {
  HttpRequest request = Get("/hello");
  request.method = "HEAD";
  EXPECT_EQ(Exchange(std::move(request)), "200 ");
  EXPECT_EQ(client_->idle_connections(), 1u);
}

TEST_F(HttpClientTest, LargeBodiesGoBothWays) {
  std::string body(5 << 20, 'x');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  EXPECT_TRUE(Exchange(Post("/echo", body)) == "200 " + body);
  EXPECT_EQ(client_->idle_connections(), 1u);
}

TEST_F(HttpClientTest, UploadsABodyAsItIsMade) {
  auto probe = std::make_shared<BodyProbe>();
  HttpRequest request;
  request.target = "/echo";
  request.body = ProbeBody(probe);
  std::optional<std::string> result;
  tasks_.Spawn(Keep(TextOf(*client_, std::move(request)), &result));
  ASSERT_TRUE(Until([&] { return handler_.handled == 1; }));
  probe->Push("one,");
  Settle();
  probe->Push("two");
  probe->End();
  ASSERT_TRUE(Until([&] { return result.has_value(); }));
  EXPECT_EQ(*result, "200 one,two");
  EXPECT_EQ(client_->idle_connections(), 1u);
}

TEST_F(HttpClientTest, ResponseThatIsNotReadStopsTheServer) {
  auto probe = std::make_shared<BodyProbe>();
  probe->endless_piece = 64 * 1024;
  handler_.On("/stream", [probe](HttpRequest) -> Awaitable<HttpResponse> {
    HttpResponse response;
    response.body = ProbeBody(probe);
    co_return response;
  });
  absl::StatusOr<HttpResponse> response = Await(client_->Send(Get("/stream")));
  ASSERT_TRUE(response.ok()) << response.status();
  size_t before = 0;
  ASSERT_TRUE(Until([&] {
    Settle();
    return before == std::exchange(before, probe->produced) && before > 0;
  }));
  EXPECT_LT(probe->produced, 64u << 20);
  response->body.reset();  // abandons the exchange
  EXPECT_TRUE(Until([&] { return probe->destroyed; }));
  EXPECT_EQ(client_->idle_connections(), 0u);
}

TEST_F(HttpClientTest, CancellingSendClosesTheConnection) {
  auto probe = std::make_shared<BodyProbe>();
  handler_.On("/wait", [probe](HttpRequest) -> Awaitable<HttpResponse> {
    const absl::Status waited = co_await probe->changed.Wait();
    probe->waited = waited.code();
    co_return Text("");
  });
  std::optional<std::string> result;
  const Task task = tasks_.Spawn(Keep(TextOf(*client_, Get("/wait")), &result));
  ASSERT_TRUE(Until([&] { return probe->changed.has_waiters(); }));
  task.Cancel();
  ASSERT_TRUE(Until([&] { return result.has_value(); }));
  EXPECT_THAT(*result, StartsWith("CANCELLED"));
  EXPECT_TRUE(Until([&] { return probe->waited == absl::StatusCode::kCancelled; }));
}

TEST_F(HttpClientTest, SendsAtTheSameTimeUseConnectionsOfTheirOwn) {
  auto probe = std::make_shared<BodyProbe>();
  handler_.On("/wait", [probe](HttpRequest) -> Awaitable<HttpResponse> {
    const absl::Status waited = co_await probe->changed.Wait();
    waited.IgnoreError();
    co_return Text("done");
  });
  std::optional<std::string> first;
  std::optional<std::string> second;
  tasks_.Spawn(Keep(TextOf(*client_, Get("/wait")), &first));
  tasks_.Spawn(Keep(TextOf(*client_, Get("/wait")), &second));
  ASSERT_TRUE(Until([&] { return handler_.handled == 2; }));
  Settle();
  probe->changed.Notify();
  ASSERT_TRUE(Until([&] { return first.has_value() && second.has_value(); }));
  EXPECT_EQ(*first + *second, "200 done200 done");
  EXPECT_EQ(client_->idle_connections(), 2u);
}

TEST_F(HttpClientTest, ConnectionThatTheServerClosedFailsNoRequest) {
  EXPECT_EQ(Exchange(Get("/hello")), "200 hello");
  clock_.Advance(absl::Seconds(76));  // the server's keep-alive ends
  ASSERT_TRUE(Until([&] { return server_->connection_count() == 0; }));
  EXPECT_EQ(Exchange(Post("/echo", "hi")), "200 hi");
}

TEST_F(HttpClientTest, IdleConnectionsAreClosedInTime) {
  EXPECT_EQ(Exchange(Get("/hello")), "200 hello");
  clock_.Advance(absl::Seconds(60));
  EXPECT_TRUE(Until([&] { return client_->idle_connections() == 0; }));
  EXPECT_TRUE(Until([&] { return server_->connection_count() == 0; }));
}

TEST_F(HttpClientTest, NobodyThereIsUnavailable) {
  int port = 0;
  {
    tcp::acceptor unused(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    port = unused.local_endpoint().port();
  }
  auto client = ClientOf(port);
  const std::string text = Await(TextOf(*client, Get("/")));
  EXPECT_THAT(text, testing::HasSubstr("UNAVAILABLE: cannot connect to 127.0.0.1:" +
                                       std::to_string(port) + ": Connection refused"));
  EXPECT_THAT(text, testing::HasSubstr("not-sent"));
}

TEST_F(HttpClientTest, ServerThatDiesWithinABodyIsUnavailable) {
  auto probe = std::make_shared<BodyProbe>();
  handler_.On("/stream", [probe](HttpRequest) -> Awaitable<HttpResponse> {
    HttpResponse response;
    response.body = ProbeBody(probe);
    co_return response;
  });
  std::optional<std::string> result;
  tasks_.Spawn(Keep(TextOf(*client_, Get("/stream")), &result));
  probe->Push("one");
  ASSERT_TRUE(Until([&] { return probe->produced == 3; }));
  Settle();
  server_.reset();
  ASSERT_TRUE(Until([&] { return result.has_value(); }));
  EXPECT_THAT(*result, StartsWith("UNAVAILABLE: 127.0.0.1:"));
}

TEST_F(HttpClientTest, ExchangeOutlivesItsClient) {
  auto probe = std::make_shared<BodyProbe>();
  handler_.On("/stream", [probe](HttpRequest) -> Awaitable<HttpResponse> {
    HttpResponse response;
    response.body = ProbeBody(probe);
    co_return response;
  });
  std::optional<std::string> result;
  tasks_.Spawn(Keep(TextOf(*client_, Get("/stream")), &result));
  ASSERT_TRUE(Until([&] { return probe->changed.has_waiters(); }));
  client_.reset();
  probe->Push("one");
  probe->End();
  ASSERT_TRUE(Until([&] { return result.has_value(); }));
  EXPECT_EQ(*result, "200 one");
}

TEST_F(HttpClientTest, BadUrlIsInvalid) {
  for (const char* url : {"", "127.0.0.1:80", "ftp://a", "http://a:0"}) {
    EXPECT_EQ(TcpHttpClient::Create(context_.get_executor(), url).status().code(),
              absl::StatusCode::kInvalidArgument)
        << url;
  }
}

TEST_F(RawServerTest, ReadsEveryFraming) {
  EXPECT_EQ(ResultOf("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), "200 hi");
  EXPECT_EQ(ResultOf("HTTP/1.1 200 OK\r\n\r\nhi"), "200 hi");
  EXPECT_EQ(ResultOf("HTTP/1.0 200 OK\r\n\r\n"), "200 ");
  EXPECT_EQ(ResultOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "1\r\nh\r\n1\r\ni\r\n0\r\n\r\n"),
            "200 hi");
  EXPECT_EQ(ResultOf("HTTP/1.1 204 No Content\r\n\r\n"), "204 ");
  EXPECT_EQ(ResultOf("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"), "304 ");
  EXPECT_EQ(ResultOf("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
                     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
            "200 hi");
}

TEST_F(RawServerTest, BrokenResponsesAreUnavailable) {
  const struct {
    const char* bytes;
    const char* why;
  } cases[] = {
      {"", "closed the connection before it answered"},
      {"HTTP/1.1 200 OK\r\n", "closed the connection before it answered"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", "before the end of its response"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
       "before the end of its response"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", "malformed body"},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "another protocol"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "unknown Transfer-Encoding"},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "did not answer in HTTP/1"},
  };
  for (const auto& c : cases) {
    const std::string result = ResultOf(c.bytes);
    EXPECT_THAT(result, StartsWith("UNAVAILABLE: 127.0.0.1:")) << c.bytes;
    EXPECT_THAT(result, HasSubstr(c.why)) << c.bytes;
  }
}

TEST_F(RawServerTest, ResponseHeadIsLimited) {
  EXPECT_THAT(ResultOf("HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'x') + "\r\n\r\n"),
              HasSubstr("limit is max_header_bytes"));
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 101; ++i) many += "A:\r\n";
  EXPECT_THAT(ResultOf(many + "\r\n"), StartsWith("RESOURCE_EXHAUSTED"));
}

TEST_F(RawServerTest, IdempotentRequestOnAStaleConnectionIsSentOnceMore) {
  Start(Get("/"));
  RawPeer first = Accept();
  first.ReadThrough("\r\n\r\n");
  first.Send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
  EXPECT_EQ(Result(), "200 1");
  HttpRequest request = Post("/", "again");
  request.idempotent = true;
  Start(std::move(request));
  // It was open when the request left; it is closed before the answer.
  first.ReadThrough("again");
  first.Close();
  RawPeer second = Accept();
  second.ReadThrough("again");
  second.Send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
  EXPECT_EQ(Result(), "200 2");
}

TEST_F(RawServerTest, RequestThatMayHaveBeenProcessedIsNotSentAgain) {
  Start(Get("/"));
  RawPeer first = Accept();
  first.ReadThrough("\r\n\r\n");
  first.Send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
  EXPECT_EQ(Result(), "200 1");
  Start(Post("/", "once"));
  first.ReadThrough("once");
  first.Close();
  EXPECT_THAT(Result(), StartsWith("UNAVAILABLE"));
}

TEST_F(RawServerTest, RequestIsNotSentAgainOnceAnAnswerBegan) {
  Start(Get("/"));
  RawPeer first = Accept();
  first.ReadThrough("\r\n\r\n");
  first.Send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
  EXPECT_EQ(Result(), "200 1");
  HttpRequest request = Get("/");
  request.idempotent = true;
  Start(std::move(request));
  first.ReadThrough("\r\n\r\n");
  first.Send("HTTP/1.1 2");
  first.Close();
  EXPECT_THAT(Result(), StartsWith("UNAVAILABLE"));
}

TEST_F(RawServerTest, BodyThatIsGoneIsNotSentAgain) {
  Start(Get("/"));
  RawPeer first = Accept();
  first.ReadThrough("\r\n\r\n");
  first.Send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
  EXPECT_EQ(Result(), "200 1");
  auto probe = std::make_shared<BodyProbe>();
  HttpRequest request;
  request.idempotent = true;
  request.body = ProbeBody(probe);
  Start(std::move(request));
  probe->Push("once");
  first.ReadThrough("once\r\n");
  first.Close();
  EXPECT_THAT(Result(), StartsWith("UNAVAILABLE"));
  EXPECT_TRUE(Until([&] { return probe->destroyed; }));
}

TEST_F(RawServerTest, AnswerThatComesBeforeTheUploadEndsIsTheAnswer) {
  auto probe = std::make_shared<BodyProbe>();
  HttpRequest request;
  request.body = ProbeBody(probe);
  Start(std::move(request));
  RawPeer peer = Accept();
  peer.ReadThrough("\r\n\r\n");
  peer.Send("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_EQ(Result(), "413 no");
  EXPECT_TRUE(Until([&] { return probe->destroyed; }));
  EXPECT_EQ(raw_client_->idle_connections(), 0u);
}

TEST_F(RawServerTest, BodyThatFailsFailsTheSend) {
  auto probe = std::make_shared<BodyProbe>();
  HttpRequest request;
  request.body = ProbeBody(probe);
  Start(std::move(request));
  RawPeer peer = Accept();
  peer.ReadThrough("\r\n\r\n");
  probe->error = absl::DataLossError("the disk is gone");
  probe->changed.Notify();
  EXPECT_EQ(Result(), "DATA_LOSS: the disk is gone");
  EXPECT_EQ(peer.ReadToEnd(), "");
}

TEST_F(RawServerTest, ConnectionWithSomethingUnaskedIsNotUsedAgain) {
  Start(Get("/"));
  RawPeer first = Accept();
  first.ReadThrough("\r\n\r\n");
  first.Send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
  EXPECT_EQ(Result(), "200 1");
  first.Send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
  Start(Get("/"));
  RawPeer second = Accept();
  second.ReadThrough("\r\n\r\n");
  second.Send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
  EXPECT_EQ(Result(), "200 2");
}

TEST(HttpClientConnectTest, GivesUpInTime) {
  // A full backlog: connecting neither succeeds nor fails.
  asio::io_context context(1);
  ManualClock clock;
  tcp::acceptor acceptor(context);
  acceptor.open(tcp::v4());
  acceptor.bind({asio::ip::address_v4::loopback(), 0});
  acceptor.listen(0);
  std::vector<tcp::socket> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.emplace_back(context).async_connect(acceptor.local_endpoint(),
                                                [](boost::system::error_code) {});
  }
  for (int i = 0; i < 20; ++i) {
    context.restart();
    context.run_for(std::chrono::milliseconds(1));
  }
  HttpClientOptions options;
  options.clock = &clock;
  auto client = TcpHttpClient::Create(
      context.get_executor(),
      "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()), options);
  ASSERT_TRUE(client.ok()) << client.status();
  std::optional<absl::Status> status;
  struct Sending {
    static Awaitable<void> Run(HttpClient& client, std::optional<absl::Status>* status) {
      HttpRequest request;
      absl::StatusOr<HttpResponse> response = co_await client.Send(std::move(request));
      *status = response.status();
    }
  };
  TaskGroup tasks(context.get_executor());
  tasks.Spawn(Sending::Run(**client, &status));
  ASSERT_TRUE(RunUntil(context, [&] { return clock.NextDue() != absl::InfiniteFuture(); }));
  clock.Advance(absl::Seconds(10));
  ASSERT_TRUE(RunUntil(context, [&] { return status.has_value(); }));
  EXPECT_EQ(status->code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status->message()), EndsWith("no answer within 10s"));
}

}  // namespace
}  // namespace runnel
