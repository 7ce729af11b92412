#include "services/health/health_service.h"

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "chat/v1/chat.runnel.h"
#include "gmock/gmock.h"
#include "grpc/health/v1/health.runnel.h"
#include "gtest/gtest.h"
#include "runnel/client.h"
#include "runtime/http/http_client.h"

namespace runnel {
namespace {

namespace v1 = grpc::health::v1;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using Status = v1::HealthCheckResponse;

v1::HealthCheckRequest Of(const std::string& service) {
  v1::HealthCheckRequest request;
  request.set_service(service);
  return request;
}

class HealthServiceTest : public ::testing::Test {
 protected:
  static ServerOptions Options() {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.threads = 2;
    options.drain_delay = absl::Hours(1);
    options.authenticate = [](const Caller& caller) { return Known(caller); };
    return options;
  }
  // "/healthz" and "/readyz" are asked without a token.
  static Awaitable<absl::StatusOr<std::string>> Known(const Caller& caller) {
    if (caller.headers.Get("authorization") == "Bearer token") co_return std::string("ada");
    co_return absl::UnauthenticatedError("who are you?");
  }

  HealthServiceTest() : server_(Options()) {
    EXPECT_EQ(server_.AddService(health_), absl::OkStatus());
    EXPECT_EQ(server_.AddService(chat_), absl::OkStatus());
    EXPECT_EQ(server_.Start(), absl::OkStatus());
    ChannelOptions options;
    options.credentials = []() -> absl::StatusOr<Metadata> {
      return Metadata{{"authorization", "Bearer token"}};
    };
    channel_ = Channel::Connect(io_.executor(), server_.url(), options);
    stub_.emplace(channel_);
  }

  absl::StatusOr<Status> Check(const std::string& service) {
    return io_.BlockOn(stub_->Check(Of(service)));
  }
  Status::ServingStatus Next(ClientReader<Status>& watch) {
    absl::StatusOr<std::optional<Status>> next = io_.BlockOn(watch.Read());
    EXPECT_TRUE(next.ok()) << next.status();
    EXPECT_TRUE(next.ok() && *next);
    return next.ok() && *next ? (*next)->status() : Status::UNKNOWN;
  }
  absl::Status End(ClientReader<Status>& watch) {
    absl::StatusOr<std::optional<Status>> next = io_.BlockOn(watch.Read());
    EXPECT_FALSE(next.ok() && *next);
    return next.status();
  }
  struct Answer {
    int status = 0;
    std::string body;
    bool operator==(const Answer&) const = default;
  };
  Answer Ask(std::string method, std::string path) {
    return io_.BlockOn(Send(server_.url(), io_.executor(), std::move(method), std::move(path)));
  }
  static Awaitable<Answer> Send(std::string url, Executor executor, std::string method,
                                std::string path) {
    absl::StatusOr<std::unique_ptr<TcpHttpClient>> client = TcpHttpClient::Create(executor, url);
    HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(path);
    absl::StatusOr<HttpResponse> response = co_await (*client)->Send(std::move(request));
    if (!response.ok()) co_return Answer();
    Answer answer;
    answer.status = response->status;
    while (response->body != nullptr) {
      HttpBody::Piece piece = co_await response->body->Read();
      if (!piece.ok() || !*piece) break;
      answer.body += **piece;
    }
    co_return answer;
  }

  HealthService health_;
  chat::v1::Chat::Service chat_;
  Server server_;
  IoThread io_;
  std::shared_ptr<Channel> channel_;
  std::optional<v1::Health::Stub> stub_;
};

TEST_F(HealthServiceTest, TheServerAndItsServicesServeToBeginWith) {
  for (const char* service : {"", "chat.v1.Chat", "grpc.health.v1.Health"}) {
    absl::StatusOr<Status> checked = Check(service);
    ASSERT_TRUE(checked.ok()) << checked.status();
    EXPECT_EQ(checked->status(), Status::SERVING) << service;
  }
}

TEST_F(HealthServiceTest, CheckOfAnUnknownServiceIsNotFound) {
  const absl::Status unknown = Check("chat.v1.Chta").status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(std::string(unknown.message()), "this server has no service \"chat.v1.Chta\"");
}

TEST_F(HealthServiceTest, ListsAllStatuses) {
  health_.SetStatus("chat.v1.Chat", HealthStatus::kNotServing);
  health_.SetStatus("database", HealthStatus::kUnknown);
  absl::StatusOr<v1::HealthListResponse> list = io_.BlockOn(stub_->List({}));
  ASSERT_TRUE(list.ok()) << list.status();
  std::vector<std::pair<std::string, int>> statuses;
  for (const auto& [name, status] : list->statuses()) statuses.emplace_back(name, status.status());
  EXPECT_THAT(statuses,
              UnorderedElementsAre(Pair("", Status::SERVING), Pair("database", Status::UNKNOWN),
                                   Pair("chat.v1.Chat", Status::NOT_SERVING),
                                   Pair("grpc.health.v1.Health", Status::SERVING)));
}

TEST_F(HealthServiceTest, WatchSaysWhatIsAndWhatChanges) {
  ClientReader<Status> watch = stub_->Watch(Of("chat.v1.Chat"));
  EXPECT_EQ(Next(watch), Status::SERVING);
  health_.SetStatus("", HealthStatus::kNotServing);  // not this one's
  health_.SetStatus("chat.v1.Chat", HealthStatus::kNotServing);
  EXPECT_EQ(Next(watch), Status::NOT_SERVING);
  health_.SetStatus("chat.v1.Chat", HealthStatus::kNotServing);  // nothing new
  health_.SetStatus("chat.v1.Chat", HealthStatus::kServing);
  EXPECT_EQ(Next(watch), Status::SERVING);
}

TEST_F(HealthServiceTest, WatchOfAnUnknownServiceSaysSoAndGoesOn) {
  ClientReader<Status> watch = stub_->Watch(Of("database"));
  EXPECT_EQ(Next(watch), Status::SERVICE_UNKNOWN);
  health_.SetStatus("database", HealthStatus::kServing);
  EXPECT_EQ(Next(watch), Status::SERVING);
}

TEST_F(HealthServiceTest, PathsSayHowTheServerIs) {
  EXPECT_EQ(Ask("GET", "/healthz"), (Answer{200, "alive\n"}));
  EXPECT_EQ(Ask("GET", "/readyz"), (Answer{200, "ready\n"}));
  EXPECT_EQ(Ask("GET", "/readyz?verbose"), (Answer{200, "ready\n"}));
  EXPECT_EQ(Ask("HEAD", "/readyz"), (Answer{200, ""}));
  EXPECT_EQ(Ask("POST", "/readyz"), (Answer{405, "GET, please\n"}));
  health_.SetStatus("chat.v1.Chat", HealthStatus::kNotServing);
  EXPECT_EQ(Ask("GET", "/readyz"), (Answer{200, "ready\n"}));
  health_.SetStatus("", HealthStatus::kNotServing);
  EXPECT_EQ(Ask("GET", "/readyz"), (Answer{503, "not serving\n"}));
  EXPECT_EQ(Ask("GET", "/healthz"), (Answer{200, "alive\n"}));
}

TEST_F(HealthServiceTest, DrainIsToldBeforeAnythingIsRefused) {
  ClientReader<Status> watch = stub_->Watch(Of("chat.v1.Chat"));
  ClientReader<Status> unknown = stub_->Watch(Of("database"));
  EXPECT_EQ(Next(watch), Status::SERVING);
  EXPECT_EQ(Next(unknown), Status::SERVICE_UNKNOWN);
  std::thread drain([this] { server_.Shutdown(absl::Seconds(10)); });
  EXPECT_EQ(Next(watch), Status::NOT_SERVING);
  EXPECT_EQ(End(watch).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(End(unknown).code(), absl::StatusCode::kUnavailable);
  // In the delay, of an hour, all is as before.
  health_.SetStatus("", HealthStatus::kServing);  // too late
  EXPECT_EQ(Ask("GET", "/readyz"), (Answer{503, "draining\n"}));
  EXPECT_EQ(Ask("GET", "/healthz"), (Answer{200, "alive\n"}));
  absl::StatusOr<Status> checked = Check("");
  EXPECT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->status(), Status::NOT_SERVING);
  server_.Shutdown(absl::ZeroDuration());  // ends it
  drain.join();
}

TEST(HealthOptionsTest, APathMayBeAnotherOrNone) {
  HealthOptions options;
  options.alive_path = "";
  options.ready_path = "/ready";
  HealthService health(options);
  const auto handlers = health.runnel_handlers();
  ASSERT_EQ(handlers.size(), 1u);
  EXPECT_EQ(handlers[0].first, "/ready");
}

}  // namespace
}  // namespace runnel
