// RedisClient with a real server, and with one that misbehaves byte by byte.

#include "runtime/redis/redis_client.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/io_thread.h"
#include "runtime/async/task_group.h"
#include "runtime/testing/redis_server.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Args = std::vector<std::string>;

class RedisClientTest : public testing::Test {
 protected:
  static RedisServer& Server() {
    static RedisServer server;
    static const absl::Status started = server.Start();
    EXPECT_TRUE(started.ok()) << started;
    return server;
  }
  static RedisOptions Options(const std::string& url) {
    const absl::StatusOr<RedisOptions> options = RedisOptions::FromUrl(url);
    EXPECT_TRUE(options.ok()) << options.status();
    return options.value_or(RedisOptions());
  }
  absl::StatusOr<RedisReply> Run(RedisClient& client, Args args,
                                 std::optional<absl::Duration> timeout = std::nullopt) {
    return io_.BlockOn(client.Command(std::move(args), timeout));
  }

  IoThread io_;
};

TEST_F(RedisClientTest, SetsAndGetsOverBothKindsOfSockets) {
  RedisClient unix_client(io_.executor(), Options(Server().url()));
  RedisClient tcp_client(io_.executor(), Options("redis://" + Server().tcp_address() + "/0"));
  const std::string value("a\r\n\0b", 5);
  const absl::StatusOr<RedisReply> set = Run(unix_client, {"SET", "k", value});
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->text, "OK");
  const absl::StatusOr<RedisReply> got = Run(tcp_client, {"GET", "k"});
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->text, value);
  const absl::StatusOr<RedisReply> none = Run(tcp_client, {"GET", "nothing"});
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_TRUE(none->is_nil());
}

TEST_F(RedisClientTest, SelectsADatabase) {
  RedisClient first(io_.executor(), Options(Server().url()));
  RedisClient second(io_.executor(), Options(Server().url() + "?db=5"));
  ASSERT_TRUE(Run(second, {"SET", "only", "here"}).ok());
  const absl::StatusOr<RedisReply> other = Run(first, {"GET", "only"});
  ASSERT_TRUE(other.ok());
  EXPECT_TRUE(other->is_nil());
}

TEST_F(RedisClientTest, SaysWhichServerAndCommandFailedAndNotItsValues) {
  RedisClient client(io_.executor(), Options(Server().url()));
  EXPECT_THAT(Run(client, {"INCR", "a", "secret"}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr(Server().folder()), HasSubstr("INCR"), HasSubstr("wrong"),
                             Not(HasSubstr("secret")))));
  EXPECT_THAT(Run(client, {"NOSUCH", "secret"}),
              StatusIs(absl::StatusCode::kFailedPrecondition, Not(HasSubstr("secret"))));
}

TEST_F(RedisClientTest, RunsScripts) {
  RedisClient client(io_.executor(), Options(Server().url()));
  const std::string script = "return {KEYS[1], ARGV[1], #ARGV}";
  for (int i = 0; i < 2; ++i) {  // first with its text, and then by its hash
    const absl::StatusOr<RedisReply> reply = io_.BlockOn(client.Eval(script, {"k"}, {"a", "b"}));
    ASSERT_TRUE(reply.ok()) << reply.status();
    ASSERT_EQ(reply->elements.size(), 3u);
    EXPECT_EQ(reply->elements[1].text, "a");
    EXPECT_EQ(reply->elements[2].integer, 2);
  }
}

Awaitable<void> Append(RedisClient& client, int number, int& failures) {
  Args args = {"RPUSH", "list", std::to_string(number)};
  const absl::StatusOr<RedisReply> reply = co_await client.Command(std::move(args));
  if (!reply.ok() || reply->integer != number + 1) ++failures;
}

Awaitable<int> AppendMany(RedisClient& client, int count) {
  TaskGroup tasks(co_await asio::this_coro::executor);
  int failures = 0;
  for (int i = 0; i < count; ++i) tasks.Spawn(Append(client, i, failures));
  co_await tasks.Join();
  co_return failures;
}

TEST_F(RedisClientTest, KeepsTheOrderOfCommandsThatDoNotWait) {
  RedisClient client(io_.executor(), Options(Server().url()));
  ASSERT_TRUE(Run(client, {"DEL", "list"}).ok());
  EXPECT_EQ(io_.BlockOn(AppendMany(client, 1000)), 0);
}

TEST_F(RedisClientTest, ServesCommandsOfOtherLoops) {
  RedisClient client(io_.executor(), Options(Server().url()));
  IoThread other;
  const absl::StatusOr<RedisReply> reply = other.BlockOn(client.Command({"PING"}));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->text, "PONG");
}

Awaitable<absl::Status> CancelOne(RedisClient& client) {
  TaskGroup tasks(co_await asio::this_coro::executor);
  int failures = 0;
  tasks.Spawn(Append(client, -1000, failures));
  tasks.Cancel();
  co_await tasks.Join();
  if (failures != 1) co_return absl::InternalError("it was not cancelled");
  Args args = {"ECHO", "next"};
  const absl::StatusOr<RedisReply> reply = co_await client.Command(std::move(args));
  if (!reply.ok()) co_return reply.status();
  co_return reply->text == "next" ? absl::OkStatus() : absl::InternalError(reply->text);
}

TEST_F(RedisClientTest, DropsTheReplyOfACommandThatWasCancelled) {
  RedisClient client(io_.executor(), Options(Server().url()));
  ASSERT_TRUE(Run(client, {"PING"}).ok());
  const absl::Status status = io_.BlockOn(CancelOne(client));
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(RedisClientTest, FailsWhileThereIsNoServerAndSaysWhy) {
  RedisClient client(io_.executor(), Options("unix:///tmp/runnel-no-such.sock"));
  EXPECT_THAT(Run(client, {"GET", "secret"}),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("/tmp/runnel-no-such.sock"), HasSubstr("No such file"))));
  EXPECT_FALSE(client.state().connected);
  EXPECT_THAT(client.state().problem, HasSubstr("No such file"));
  EXPECT_THAT(io_.BlockOn(client.Connected(Clock::Real().Now())),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("No such file")));
}

TEST_F(RedisClientTest, ConnectsAgainToAServerThatWasRestarted) {
  RedisServer server;
  ASSERT_TRUE(server.Start().ok());
  std::vector<std::string> lines;
  RedisOptions options = Options(server.url());
  options.log = [&lines](std::string_view line) { lines.emplace_back(line); };
  RedisClient client(io_.executor(), options);
  ASSERT_TRUE(Run(client, {"PING"}).ok());
  server.Kill();
  EXPECT_THAT(Run(client, {"PING"}), StatusIs(absl::StatusCode::kUnavailable));
  const absl::Status restarted = server.Start();
  ASSERT_TRUE(restarted.ok()) << restarted;
  const absl::Status connected =
      io_.BlockOn(client.Connected(Clock::Real().Now() + absl::Seconds(60)));
  ASSERT_TRUE(connected.ok()) << connected;
  EXPECT_TRUE(Run(client, {"PING"}).ok());
  EXPECT_EQ(client.state().connections, 2u);
  io_.BlockOn([]() -> Awaitable<int> { co_return 0; }());  // what was logged is there
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[1], HasSubstr("there again"));
}

TEST_F(RedisClientTest, GivesUpAServerThatDoesNotAnswer) {
  RedisServer server;
  ASSERT_TRUE(server.Start().ok());
  RedisClient client(io_.executor(), Options(server.url()));
  ASSERT_TRUE(Run(client, {"PING"}).ok());
  server.Freeze();
  EXPECT_THAT(Run(client, {"INCR", "n"}, absl::Milliseconds(50)),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("INCR"), HasSubstr("may have been done or not"))));
  server.Thaw();
  const absl::Status connected =
      io_.BlockOn(client.Connected(Clock::Real().Now() + absl::Seconds(60)));
  EXPECT_TRUE(connected.ok()) << connected;
  EXPECT_TRUE(Run(client, {"PING"}).ok());
}

TEST_F(RedisClientTest, UsesUsersAndPasswords) {
  RedisServer server({"--requirepass", "s3cret"});
  ASSERT_TRUE(server.Start().ok());
  const std::string path = server.url().substr(7);
  RedisClient admin(io_.executor(), Options("unix://:s3cret@" + path));
  ASSERT_TRUE(Run(admin, {"ACL", "SETUSER", "reader", "on", ">pass", "~a*", "+get", "+ping"}).ok());
  RedisClient reader(io_.executor(), Options("unix://reader:pass@" + path));
  EXPECT_TRUE(Run(reader, {"GET", "a1"}).ok());
  EXPECT_THAT(Run(reader, {"GET", "b1"}), StatusIs(absl::StatusCode::kPermissionDenied));
  RedisClient wrong(io_.executor(), Options("unix://reader:wr0ng@" + path));
  EXPECT_THAT(Run(wrong, {"GET", "a1"}),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("WRONGPASS"), Not(HasSubstr("wr0ng")))));
  RedisClient none(io_.executor(), Options("unix://" + path));
  EXPECT_THAT(Run(none, {"GET", "a1"}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("NOAUTH")));
}

TEST_F(RedisClientTest, BoundsWhatWaitsToBeSent) {
  RedisOptions options = Options(Server().url());
  options.max_unsent_bytes = 100;
  RedisClient client(io_.executor(), options);
  EXPECT_THAT(Run(client, {"SET", "k", std::string(101, 'x')}),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("max_unsent_bytes")));
  EXPECT_TRUE(Run(client, {"PING"}).ok());
}

TEST_F(RedisClientTest, EndsCommandsThatWaitWhenItGoes) {
  RedisServer server;
  ASSERT_TRUE(server.Start().ok());
  auto client = std::make_unique<RedisClient>(io_.executor(), Options(server.url()));
  ASSERT_TRUE(Run(*client, {"PING"}).ok());
  server.Freeze();
  std::future<absl::StatusOr<RedisReply>> reply =
      asio::co_spawn(io_.executor(), client->Command({"GET", "k"}), asio::use_future);
  io_.BlockOn([]() -> Awaitable<int> { co_return 0; }());  // it has been sent
  client.reset();
  EXPECT_THAT(reply.get(), StatusIs(absl::StatusCode::kCancelled));
}

// Answers the greeting's PING, and then each connection's first command with `answer`, cut.
class FakeServer {
 public:
  explicit FakeServer(std::string answer) : answer_(std::move(answer)) {
    thread_ = std::thread([this] { Serve(); });
  }
  ~FakeServer() {
    asio::io_context context;
    asio::ip::tcp::socket wake(context);
    stopped_ = true;
    boost::system::error_code ignored;
    wake.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  std::string url() const {
    return "redis://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }

 private:
  void Serve() {
    while (!stopped_) {
      boost::system::error_code error;
      asio::ip::tcp::socket socket(context_);
      acceptor_.accept(socket, error);
      if (stopped_) return;
      std::string input;
      asio::read_until(socket, asio::dynamic_buffer(input), "PING\r\n", error);
      if (error) continue;
      asio::write(socket, asio::buffer(std::string("+PONG\r\n")), error);
      input.clear();
      asio::read_until(socket, asio::dynamic_buffer(input), "GET\r\n", error);
      if (error) continue;
      asio::write(socket, asio::buffer(answer_), error);
    }
  }

  const std::string answer_;
  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  std::atomic<bool> stopped_ = false;
  std::thread thread_;
};

TEST_F(RedisClientTest, SurvivesAConnectionThatEndsAtAnyByte) {
  const std::string whole = "$3\r\nabc\r\n";
  for (size_t bytes = 0; bytes <= whole.size(); ++bytes) {
    FakeServer server(whole.substr(0, bytes));
    RedisClient client(io_.executor(), Options(server.url()));
    const absl::StatusOr<RedisReply> reply = Run(client, {"GET"});
    if (bytes == whole.size()) {
      ASSERT_TRUE(reply.ok()) << reply.status();
      EXPECT_EQ(reply->text, "abc");
    } else {
      EXPECT_THAT(reply,
                  StatusIs(absl::StatusCode::kUnavailable, HasSubstr("may have been done or not")))
          << bytes;
    }
  }
}

TEST_F(RedisClientTest, GivesUpAServerThatIsNoRedis) {
  FakeServer server("HTTP/1.1 400 Bad Request\r\n\r\n");
  RedisClient client(io_.executor(), Options(server.url()));
  EXPECT_THAT(Run(client, {"GET"}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("not Redis' protocol")));
}

}  // namespace
}  // namespace runnel
