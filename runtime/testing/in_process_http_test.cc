#include "runtime/testing/in_process_http.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/http/http_test_peer.h"

namespace runnel {
namespace {

using testing::StartsWith;

class InProcessHttpTest : public HttpTest {
 protected:
  static HttpRequest To(std::string target, std::unique_ptr<HttpBody> body = nullptr) {
    HttpRequest request;
    request.target = std::move(target);
    request.body = std::move(body);
    return request;
  }
  static Awaitable<std::string> TextOf(HttpClient& client, HttpRequest request) {
    absl::StatusOr<HttpResponse> response = co_await client.Send(std::move(request));
    if (!response.ok()) co_return response.status().ToString();
    absl::StatusOr<std::string> body = co_await ReadAll(response->body.get(), 1000, "the test's");
    if (!body.ok()) co_return body.status().ToString();
    co_return std::to_string(response->status) + " " + *body;
  }
  std::string Exchange(HttpRequest request) { return Await(TextOf(client_, std::move(request))); }

  std::shared_ptr<BodyProbe> StreamAt(const std::string& target) {
    auto probe = std::make_shared<BodyProbe>();
    handler_.On(target, [probe](HttpRequest) -> Awaitable<HttpResponse> {
      HttpResponse response;
      response.body = ProbeBody(probe);
      co_return response;
    });
    return probe;
  }
  // A handler that waits for ever, and notes how that ended.
  std::shared_ptr<BodyProbe> WaitAt(const std::string& target) {
    auto probe = std::make_shared<BodyProbe>();
    handler_.On(target, [probe](HttpRequest) -> Awaitable<HttpResponse> {
      const absl::Status waited = co_await probe->changed.Wait();
      probe->waited = waited.code();
      co_return Text("");
    });
    return probe;
  }
  void ExpectNothingLeft() {
    EXPECT_TRUE(Until([&] { return client_.open_exchanges() == 0; }));
  }

  FakeHandler handler_;
  InProcessHttp client_{context_.get_executor(), handler_};
};

TEST_F(InProcessHttpTest, CarriesBodiesBothWays) {
  EXPECT_EQ(Exchange(To("/hello")), "200 hello");
  EXPECT_EQ(Exchange(To("/echo", StringBody("hi"))), "200 hi");
  EXPECT_EQ(Exchange(To("/echo")), "200 ");
  EXPECT_EQ(client_.requests(), 3u);
  ExpectNothingLeft();
}

TEST_F(InProcessHttpTest, UploadsABodyAsItIsMade) {
  auto probe = std::make_shared<BodyProbe>();
  std::optional<std::string> result;
  tasks_.Spawn(Keep(TextOf(client_, To("/echo", ProbeBody(probe))), &result));
  ASSERT_TRUE(Until([&] { return handler_.handled == 1; }));
  probe->Push("one,");
  Settle();
  probe->Push("two");
  probe->End();
  ASSERT_TRUE(Until([&] { return result.has_value(); }));
  EXPECT_EQ(*result, "200 one,two");
  ExpectNothingLeft();
}

TEST_F(InProcessHttpTest, ReadsOnePieceAhead) {
  auto probe = StreamAt("/stream");
  probe->endless_piece = 10;
  absl::StatusOr<HttpResponse> response = Await(client_.Send(To("/stream")));
  ASSERT_TRUE(response.ok()) << response.status();
  Settle();
  EXPECT_EQ(probe->produced, 10u);
  const auto piece = Await(response->body->Read());
  EXPECT_EQ(**piece, "xxxxxxxxxx");
  Settle();
  EXPECT_EQ(probe->produced, 20u);
}

TEST_F(InProcessHttpTest, ResponseThatIsAbandonedDestroysItsBody) {
  auto probe = StreamAt("/stream");
  absl::StatusOr<HttpResponse> response = Await(client_.Send(To("/stream")));
  ASSERT_TRUE(response.ok()) << response.status();
  response->body.reset();
  EXPECT_TRUE(Until([&] { return probe->destroyed; }));
  EXPECT_EQ(probe->waited, absl::StatusCode::kCancelled);
  ExpectNothingLeft();
}

TEST_F(InProcessHttpTest, CancellingSendCancelsTheHandler) {
  auto probe = WaitAt("/wait");
  std::optional<std::string> result;
  const Task task = tasks_.Spawn(Keep(TextOf(client_, To("/wait")), &result));
  ASSERT_TRUE(Until([&] { return probe->changed.has_waiters(); }));
  task.Cancel();
  ASSERT_TRUE(Until([&] { return result.has_value(); }));
  EXPECT_THAT(*result, StartsWith("CANCELLED"));
  EXPECT_TRUE(Until([&] { return probe->waited == absl::StatusCode::kCancelled; }));
  ExpectNothingLeft();
}

TEST_F(InProcessHttpTest, HandlerThatThrowsIsAnError500) {
  handler_.On("/throw", [](HttpRequest) -> Awaitable<HttpResponse> {
    throw std::runtime_error("secret");
    co_return Text("");
  });
  EXPECT_THAT(Exchange(To("/throw")), StartsWith("500 the handler"));
}

TEST_F(InProcessHttpTest, BodyThatFailsIsUnavailable) {
  auto probe = StreamAt("/stream");
  probe->Push("one");
  probe->error = absl::InternalError("broken");
  EXPECT_THAT(Exchange(To("/stream")), StartsWith("UNAVAILABLE"));
}

TEST_F(InProcessHttpTest, CutsTheResponseAfterSoManyBytes) {
  auto probe = StreamAt("/stream");
  probe->Push("hello");
  client_.CutNext({.request_bytes = std::nullopt, .response_bytes = 3});
  absl::StatusOr<HttpResponse> response = Await(client_.Send(To("/stream")));
  ASSERT_TRUE(response.ok()) << response.status();
  const auto piece = Await(response->body->Read());
  EXPECT_EQ(**piece, "hel");
  EXPECT_EQ(Await(response->body->Read()).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Until([&] { return probe->destroyed; }));
  EXPECT_EQ(Exchange(To("/hello")), "200 hello");
}

TEST_F(InProcessHttpTest, CutBeforeTheResponseLosesTheAnswer) {
  client_.CutNext({.request_bytes = std::nullopt, .response_bytes = 0});
  EXPECT_THAT(Exchange(To("/hello")), StartsWith("UNAVAILABLE"));
  EXPECT_EQ(handler_.handled, 1);
}

TEST_F(InProcessHttpTest, CutsTheRequestAfterSoManyBytes) {
  absl::Status seen;
  std::string got;
  handler_.On("/upload", [&](HttpRequest request) -> Awaitable<HttpResponse> {
    for (;;) {
      const auto piece = co_await request.body->Read();
      seen = piece.status();
      if (!seen.ok()) break;
      if (!piece->has_value()) break;
      got += **piece;
    }
    co_return Text("");
  });
  client_.CutNext({.request_bytes = 3, .response_bytes = std::nullopt});
  EXPECT_THAT(Exchange(To("/upload", StringBody("hello"))), StartsWith("UNAVAILABLE"));
  EXPECT_TRUE(Until([&] { return !seen.ok(); }));
  EXPECT_EQ(seen.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(got, "hel");
}

TEST_F(InProcessHttpTest, CutBeforeTheRequestNeverReachesTheHandler) {
  client_.CutNext({.request_bytes = 0, .response_bytes = std::nullopt});
  EXPECT_THAT(Exchange(To("/hello")), StartsWith("UNAVAILABLE"));
  EXPECT_EQ(handler_.handled, 0);
}

TEST_F(InProcessHttpTest, CutAllCutsWhatIsUnderWay) {
  auto probe = WaitAt("/wait");
  std::optional<std::string> result;
  tasks_.Spawn(Keep(TextOf(client_, To("/wait")), &result));
  ASSERT_TRUE(Until([&] { return probe->changed.has_waiters(); }));
  client_.CutAll();
  ASSERT_TRUE(Until([&] { return result.has_value(); }));
  EXPECT_THAT(*result, StartsWith("UNAVAILABLE"));
  EXPECT_TRUE(Until([&] { return probe->waited == absl::StatusCode::kCancelled; }));
}

}  // namespace
}  // namespace runnel
