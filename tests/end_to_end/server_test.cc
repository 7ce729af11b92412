// A server's beginning and end: ports, services that collide, shutting down with calls that run.

#include "runtime/server/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

using ::testing::HasSubstr;

runnel::ServerOptions Loopback(int port = 0) {
  runnel::ServerOptions options;
  options.listen = absl::StrCat("127.0.0.1:", port);
  return options;
}

TEST(ServerStartTest, APortInUseIsAlreadyExistsAndNamesTheAddress) {
  for (int threads : {1, 2}) {
    ScriptedService service;
    runnel::ServerOptions options = Loopback();
    options.threads = threads;
    runnel::Server first(options);
    ASSERT_EQ(first.AddService(service), absl::OkStatus());
    ASSERT_EQ(first.Start(), absl::OkStatus());
    options.listen = absl::StrCat("127.0.0.1:", first.port());
    runnel::Server second(options);
    ASSERT_EQ(second.AddService(service), absl::OkStatus());
    const absl::Status started = second.Start();
    EXPECT_EQ(started.code(), absl::StatusCode::kAlreadyExists) << started;
    EXPECT_THAT(std::string(started.message()),
                HasSubstr(absl::StrCat("127.0.0.1:", first.port())));
  }
}

TEST(ServerStartTest, ThePortIsFreeAgainAfterShutdown) {
  ScriptedService service;
  runnel::Server first(Loopback());
  ASSERT_EQ(first.AddService(service), absl::OkStatus());
  ASSERT_EQ(first.Start(), absl::OkStatus());
  const int port = first.port();
  first.Shutdown();
  runnel::Server second(Loopback(port));
  ASSERT_EQ(second.AddService(service), absl::OkStatus());
  EXPECT_EQ(second.Start(), absl::OkStatus());
}

TEST(ServerStartTest, SaysWhatIsWrongWithAnAddress) {
  for (const char* listen : {"", "8080", "127.0.0.1:", "127.0.0.1:port", "127.0.0.1:70000",
                             "no such host:80", "192.0.2.1:80"}) {
    runnel::ServerOptions options;
    options.listen = listen;
    options.allow_plaintext = true;
    runnel::Server server(options);
    const absl::Status started = server.Start();
    EXPECT_EQ(started.code(), absl::StatusCode::kInvalidArgument) << listen << ": " << started;
    EXPECT_THAT(std::string(started.message()), HasSubstr(listen));
  }
}

TEST(ServerStartTest, StartsOnce) {
  runnel::Server server(Loopback());
  ASSERT_EQ(server.Start(), absl::OkStatus());
  EXPECT_EQ(server.Start().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(ServerStartTest, ShutsDownWithoutHavingStarted) {
  runnel::Server server(Loopback());
  server.Shutdown();
}

TEST(ServerServicesTest, TwoServicesWithOneMethodAreRefusedByName) {
  ScriptedService first;
  ScriptedService second;
  runnel::Server server(Loopback());
  ASSERT_EQ(server.AddService(first), absl::OkStatus());
  const absl::Status added = server.AddService(second);
  EXPECT_EQ(added.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(added.message()), HasSubstr("/end_to_end.v1.Scripted/"));
}

TEST(ServerHandlersTest, TheLongestPrefixOfAPathHasIt) {
  class Handler final : public runnel::MountedHandler {
    runnel::Awaitable<runnel::HttpResponse> Handle(runnel::HttpRequest, std::string) override {
      co_return runnel::HttpResponse();
    }
  } root, file, below, deeper;
  const runnel::MountedHandlers mounted = {
      {"/", &root}, {"/a", &file}, {"/a/", &below}, {"/a/b/", &deeper}};
  const std::vector<std::pair<std::string, runnel::MountedHandler*>> cases = {
      {"/", &root},      {"/a", &file},      {"/a/", &below},     {"/a/x", &below},
      {"/a/b", &below},  {"/a/b/", &deeper}, {"/a/b/c", &deeper}, {"/a/c/b/", &below},
      {"/ab", nullptr},  {"/b/a/", nullptr}, {"", nullptr},       {"a/", nullptr},
      {"/a//x", &below}, {"/A/", nullptr},
  };
  for (const auto& [path, expected] : cases) {
    EXPECT_EQ(runnel::FindMounted(mounted, path), expected) << path;
  }
}

class UnknownMethodTest : public ::testing::TestWithParam<Route> {};

TEST_P(UnknownMethodTest, IsUnimplementedAndNamed) {
  runnel::Server server(Loopback());  // without services
  ASSERT_EQ(server.Start(), absl::OkStatus());
  runnel::IoThread io;
  Scripted::Stub stub(runnel::Channel::Connect(io.executor(), server.url()));
  runnel::CallOptions options;
  options.route = GetParam();
  const absl::Status status = io.BlockOn(stub.Unary(Request(), options)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("/end_to_end.v1.Scripted/Unary"));
}

TEST_P(UnknownMethodTest, AMethodThatIsNotOverriddenIsUnimplemented) {
  class Empty final : public Scripted::Service {
  } empty;
  runnel::Server server(Loopback());
  ASSERT_EQ(server.AddService(empty), absl::OkStatus());
  ASSERT_EQ(server.Start(), absl::OkStatus());
  runnel::IoThread io;
  Scripted::Stub stub(runnel::Channel::Connect(io.executor(), server.url()));
  runnel::CallOptions options;
  options.route = GetParam();
  const absl::Status status = io.BlockOn(stub.Unary(Request(), options)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << status;
}

INSTANTIATE_TEST_SUITE_P(Routes, UnknownMethodTest,
                         ::testing::Values(Route::kDirect, Route::kSession));

class ClientOnlyTest : public ::testing::TestWithParam<CallCase> {};

TEST_P(ClientOnlyTest, AnUnreachableServerIsUnavailableAndNamed) {
  int port;
  {
    runnel::Server server(Loopback());
    ASSERT_EQ(server.Start(), absl::OkStatus());
    port = server.port();
  }
  WorldOptions options = OptionsFor(GetParam());
  runnel::IoThread io;
  Scripted::Stub stub(runnel::Channel::Connect(
      io.executor(), absl::StrCat("http://127.0.0.1:", port), std::move(options.channel)));
  absl::Status status;
  switch (GetParam().kind) {
    case CallKind::kUnary:
      status = io.BlockOn(stub.Unary(Request())).status();
      break;
    case CallKind::kServerStream:
      status = io.BlockOn(stub.Down(Request()).Read()).status();
      break;
    case CallKind::kClientStream:
      status = io.BlockOn(stub.Up().Finish()).status();
      break;
    case CallKind::kBidi:
      status = io.BlockOn(stub.Both().Read()).status();
      break;
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat(port)));
}

INSTANTIATE_TEST_SUITE_P(All, ClientOnlyTest,
                         ::testing::ValuesIn(AllCallsOver(Transport::kLoopback)),
                         [](const auto& info) { return NameOf(info.param); });

TEST(ChannelUrlTest, AUrlThatCannotBeUsedIsWhatEveryCallReturns) {
  runnel::IoThread io;
  for (const char* url : {"", "127.0.0.1:80", "ftp://127.0.0.1", "http://", "http://h:99999"}) {
    Scripted::Stub stub(runnel::Channel::Connect(io.executor(), url));
    EXPECT_EQ(io.BlockOn(stub.Unary(Request())).status().code(), absl::StatusCode::kInvalidArgument)
        << url;
    runnel::ClientReader<Reply> stream = stub.Down(Request());
    EXPECT_EQ(io.BlockOn(stream.Read()).status().code(), absl::StatusCode::kInvalidArgument) << url;
  }
}

class ShutdownTest : public ::testing::TestWithParam<CallCase> {
 protected:
  World world_{OptionsFor(GetParam())};
};

TEST_P(ShutdownTest, LetsCallsFinishWithinTheGrace) {
  Request request;
  request.mutable_script()->set_count(2);
  request.mutable_script()->set_wait_for_release(true);
  PendingCall call(world_, GetParam().kind, request);
  ASSERT_TRUE(world_.journal().Await("waiting"));
  std::thread shutdown([&] { world_.server().Shutdown(absl::Seconds(30)); });
  world_.journal().Add("release");
  EXPECT_EQ(call.Await().status, absl::OkStatus());
  shutdown.join();
}

TEST_P(ShutdownTest, CancelsCallsAfterTheGrace) {
  Request request;
  request.mutable_script()->set_wait_for_cancel(true);
  PendingCall call(world_, GetParam().kind, request);
  ASSERT_TRUE(world_.journal().Await("waiting"));
  world_.server().Shutdown(absl::ZeroDuration());
  EXPECT_EQ(world_.journal().Count("cancelled UNAVAILABLE"), 1);
  const absl::Status status = call.Await().status;
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  // Nobody is there any more, and whoever calls learns it soon.
  EXPECT_EQ(Call(world_, GetParam().kind, Request()).status.code(), absl::StatusCode::kUnavailable);
}

INSTANTIATE_TEST_SUITE_P(All, ShutdownTest, ::testing::ValuesIn(AllCallsOver(Transport::kLoopback)),
                         [](const auto& info) { return NameOf(info.param); });

TEST(ShutdownTwiceTest, FromSeveralThreadsIsOne) {
  ScriptedService service;
  runnel::Server server(Loopback());
  ASSERT_EQ(server.AddService(service), absl::OkStatus());
  ASSERT_EQ(server.Start(), absl::OkStatus());
  std::thread waiting([&] { server.Wait(); });
  std::thread first([&] { server.Shutdown(); });
  std::thread second([&] { server.Shutdown(); });
  first.join();
  second.join();
  waiting.join();
}

}  // namespace
}  // namespace end_to_end
