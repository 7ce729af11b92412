// SseHandler on a Server with several loops, and SseClients over TCP, from a program that blocks.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/io_thread.h"
#include "runtime/async/task_group.h"
#include "runtime/server/server.h"
#include "runtime/sse/sse_client.h"
#include "runtime/sse/sse_handler.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

Awaitable<void> Echo(std::unique_ptr<SseConnection> connection) {
  while (true) {
    absl::StatusOr<std::optional<std::string>> text = co_await connection->Read();
    if (!text.ok() || !*text) co_return;
    const absl::Status sent =
        co_await connection->Send(absl::StrCat(connection->principal(), ": ", **text));
    if (!sent.ok()) co_return;
  }
}

Awaitable<void> EchoAll(SseHandler& handler, TaskGroup& tasks) {
  while (true) {
    absl::StatusOr<std::unique_ptr<SseConnection>> next = co_await handler.Accept();
    if (!next.ok() || *next == nullptr) co_return;
    tasks.Spawn(Echo(*std::move(next)));
  }
}

Awaitable<bool> Spawn(TaskGroup& tasks, Awaitable<void> task) {
  tasks.Spawn(std::move(task));
  co_return true;
}

Awaitable<bool> Join(TaskGroup& tasks) {
  co_await tasks.Join();
  co_return true;
}

class SseServerTest : public ::testing::Test {
 protected:
  SseServerTest() : server_(Options()), handler_(io_.executor(), HandlerOptions()) {
    EXPECT_TRUE(server_.AddHandler("/chat", handler_).ok());
    EXPECT_TRUE(server_.Start().ok());
    EXPECT_TRUE(io_.BlockOn(Spawn(tasks_, EchoAll(handler_, tasks_))));
  }
  ~SseServerTest() override {
    handler_.Shutdown();
    server_.Shutdown(absl::ZeroDuration());
    EXPECT_TRUE(io_.BlockOn(Join(tasks_)));
  }

  static ServerOptions Options() {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.threads = 3;
    options.authenticate = [](const Caller& caller) -> Awaitable<absl::StatusOr<std::string>> {
      const auto name = caller.headers.Get("x-name");
      if (!name) co_return absl::UnauthenticatedError("who are you?");
      co_return std::string(*name);
    };
    return options;
  }
  static SseHandlerOptions HandlerOptions() {
    SseHandlerOptions options;
    options.keep_alive = absl::Seconds(60);
    return options;
  }

  std::unique_ptr<SseClient> NewClient(std::string name) {
    SseClientOptions options;
    if (!name.empty()) options.headers = {{"x-name", std::move(name)}};
    return std::make_unique<SseClient>(io_.executor(), server_.url() + "/chat", options);
  }
  std::string Read(SseClient& client) {
    absl::StatusOr<std::optional<std::string>> text = io_.BlockOn(client.Read());
    if (!text.ok()) return text.status().ToString();
    return *text ? **text : "(end)";
  }

  IoThread io_;
  TaskGroup tasks_{io_.executor()};
  Server server_;
  SseHandler handler_;
};

TEST_F(SseServerTest, ManyClientsTalkAtOnce) {
  std::vector<std::unique_ptr<SseClient>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(NewClient(absl::StrCat("n", i)));
  for (int round = 0; round < 20; ++round) {
    for (const auto& client : clients) {
      EXPECT_TRUE(io_.BlockOn(client->Send(absl::StrCat(round))).ok());
    }
  }
  for (int i = 0; i < 8; ++i) {
    for (int round = 0; round < 20; ++round) {
      EXPECT_EQ(Read(*clients[i]), absl::StrCat("n", i, ": ", round));
    }
  }
  EXPECT_EQ(handler_.number_of_clients(), 8u);
}

TEST_F(SseServerTest, TheServerAsksWhoCalls) {
  const auto nobody = NewClient("");
  EXPECT_THAT(Read(*nobody), ::testing::HasSubstr("who are you?"));
  EXPECT_EQ(handler_.number_of_clients(), 0u);
}

TEST_F(SseServerTest, HandlersHavePathsOfTheirOwn) {
  Server server(Options());
  EXPECT_TRUE(server.AddHandler("/chat", handler_).ok());
  EXPECT_THAT(server.AddHandler("/chat", handler_), StatusIs(absl::StatusCode::kAlreadyExists));
  for (const char* const path : {"", "chat", "/a?b", "/a b", "/runnel.v1.Channel/Open"}) {
    EXPECT_THAT(server.AddHandler(path, handler_), StatusIs(absl::StatusCode::kInvalidArgument))
        << path;
  }
}

}  // namespace
}  // namespace runnel
