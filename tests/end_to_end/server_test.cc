// A server's beginning and end: ports, services that collide, shutting down with calls that run.

#include "runtime/server/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <latch>
#include <memory>
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

TEST(ServeUntilSignalledTest, HearsOfASignalThatComesAsSoonAsItIsReady) {
  runnel::Server server(Loopback());
  ASSERT_EQ(server.Start(), absl::OkStatus());
  bool ready = false;
  runnel::ServeUntilSignalled(server, absl::Seconds(10), [&] {
    ready = true;
    std::raise(SIGTERM);
  });
  EXPECT_TRUE(ready);
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

class UnixSocketTest : public ::testing::TestWithParam<int> {
 protected:
  UnixSocketTest() {
    char folder[] = "/tmp/runnel-XXXXXX";  // the paths of sockets are short
    folder_ = mkdtemp(folder);
    path_ = folder_ + "/http.sock";
  }
  ~UnixSocketTest() override { std::filesystem::remove_all(folder_); }

  runnel::ServerOptions Options() const {
    runnel::ServerOptions options;
    options.listen = "unix:" + path_;
    options.threads = GetParam();
    return options;
  }

  // As a process does that was killed.
  void LeaveSocketBehind() const {
    std::filesystem::remove(path_);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    const int bound = socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(bind(bound, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    close(bound);
  }

  std::string folder_;
  std::string path_;
};

TEST_P(UnixSocketTest, CarriesAllKindsOfCall) {
  ScriptedService service;
  runnel::Server server(Options());
  ASSERT_EQ(server.AddService(service), absl::OkStatus());
  ASSERT_EQ(server.Start(), absl::OkStatus());
  EXPECT_EQ(server.url(), "unix:" + path_);
  EXPECT_EQ(server.port(), 0);
  runnel::IoThread io;
  for (const Route route : {Route::kDirect, Route::kSession}) {
    runnel::ChannelOptions options;
    options.route = route;
    Scripted::Stub stub(runnel::Channel::Connect(io.executor(), "unix://" + path_, options));
    for (const CallKind kind :
         {CallKind::kUnary, CallKind::kServerStream, CallKind::kClientStream, CallKind::kBidi}) {
      EXPECT_EQ(PendingCall(io.executor(), stub, kind, Request()).Await().status, absl::OkStatus());
    }
  }
}

TEST_P(UnixSocketTest, TheFileGoesWithTheServer) {
  runnel::Server server(Options());
  ASSERT_EQ(server.Start(), absl::OkStatus());
  EXPECT_TRUE(std::filesystem::is_socket(path_));
  server.Shutdown(absl::ZeroDuration());
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_P(UnixSocketTest, AFileThatIsInUseIsLeftAlone) {
  runnel::Server first(Options());
  ASSERT_EQ(first.Start(), absl::OkStatus());
  {
    runnel::Server second(Options());
    const absl::Status started = second.Start();
    EXPECT_EQ(started.code(), absl::StatusCode::kAlreadyExists) << started;
    EXPECT_THAT(std::string(started.message()), HasSubstr(path_));
  }
  EXPECT_TRUE(std::filesystem::is_socket(path_));
}

TEST_P(UnixSocketTest, OneOfThoseThatComeAtOnceReplacesAFileThatWasLeftBehind) {
  constexpr int kServers = 4;
  for (int round = 0; round < 50; ++round) {
    LeaveSocketBehind();
    std::vector<std::unique_ptr<runnel::Server>> servers;
    for (int i = 0; i < kServers; ++i) {
      servers.push_back(std::make_unique<runnel::Server>(Options()));
    }
    std::vector<absl::Status> started(kServers);
    std::latch ready(kServers);
    std::vector<std::thread> threads;
    for (int i = 0; i < kServers; ++i) {
      threads.emplace_back([&, i] {
        ready.arrive_and_wait();
        started[i] = servers[i]->Start();
      });
    }
    for (std::thread& thread : threads) thread.join();
    int serving = 0;
    for (const absl::Status& status : started) {
      serving += status.ok() ? 1 : 0;
      EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kAlreadyExists) << status;
    }
    ASSERT_EQ(serving, 1) << "round " << round;
  }
}

TEST_P(UnixSocketTest, AFileThatIsNoSocketIsLeftAlone) {
  std::ofstream(path_) << "text";
  runnel::Server server(Options());
  EXPECT_EQ(server.Start().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(std::filesystem::is_regular_file(path_));
}

TEST_P(UnixSocketTest, WhatCannotBeListenedAtIsSaid) {
  for (const std::string& listen : {std::string("unix:"), "unix:" + folder_ + "/none/http.sock",
                                    "unix:/" + std::string(108, 'x')}) {
    runnel::ServerOptions options = Options();
    options.listen = listen;
    EXPECT_EQ(runnel::Server(options).Start().code(), absl::StatusCode::kInvalidArgument) << listen;
  }
  runnel::ServerOptions tls = Options();
  tls.tls.emplace();
  EXPECT_EQ(runnel::Server(tls).Start().code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(UnixSocketTest, NobodyThereIsUnavailableAndNamed) {
  runnel::IoThread io;
  Scripted::Stub stub(runnel::Channel::Connect(io.executor(), "unix:" + path_));
  const absl::Status status = io.BlockOn(stub.Unary(Request())).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("unix:" + path_));
}

INSTANTIATE_TEST_SUITE_P(Loops, UnixSocketTest, ::testing::Values(1, 2));

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
  for (const char* url :
       {"", "127.0.0.1:80", "ftp://127.0.0.1", "http://", "http://h:99999", "unix:"}) {
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
