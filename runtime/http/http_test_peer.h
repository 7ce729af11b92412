// What the tests of HTTP over real sockets share: a loop that they drive by hand, a handler
// made of functions, bodies that can be watched, and a peer that sends and sees raw bytes.

#ifndef RUNNEL_RUNTIME_HTTP_HTTP_TEST_PEER_H_
#define RUNNEL_RUNTIME_HTTP_HTTP_TEST_PEER_H_

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gtest/gtest.h"
#include "runtime/async/signal.h"
#include "runtime/async/task_group.h"
#include "runtime/http/http_message.h"
#include "runtime/testing/manual_clock.h"

namespace runnel {

// Runs the loop until `done`; false when that takes longer than any test should.
bool RunUntil(asio::io_context& context, const std::function<bool()>& done);

class HttpTest : public testing::Test {
 protected:
  template <typename T>
  T Await(Awaitable<T> task) {
    std::optional<T> result;
    tasks_.Spawn(Keep(std::move(task), &result));
    EXPECT_TRUE(RunUntil(context_, [&] { return result.has_value(); }));
    return *std::move(result);
  }
  void AwaitEnd(Awaitable<void> task);
  bool Until(const std::function<bool()>& done) { return RunUntil(context_, done); }
  // Runs what is ready, for a while: for showing that something does not happen.
  void Settle();

  template <typename T>
  static Awaitable<void> Keep(Awaitable<T> task, std::optional<T>* result) {
    result->emplace(co_await std::move(task));
  }

  asio::io_context context_{1};
  ManualClock clock_;
  TaskGroup tasks_{context_.get_executor()};
};

// Answers each target by the function it was given for it, others with 404.
class FakeHandler : public HttpHandler {
 public:
  using Answer = std::function<Awaitable<HttpResponse>(HttpRequest)>;

  FakeHandler();
  void On(std::string target, Answer answer) { answers_[std::move(target)] = std::move(answer); }
  Awaitable<HttpResponse> Handle(HttpRequest request) override;

  int handled = 0;
  HttpHeaders last_headers;

 private:
  std::map<std::string, Answer> answers_;
};

HttpResponse Text(std::string text, int status = 200);

// What a test says to, and sees of, a ProbeBody.
struct BodyProbe {
  std::deque<std::string> pieces;
  bool ended = false;
  absl::Status error;
  size_t endless_piece = 0;  // not 0: makes pieces of this size for ever
  std::optional<uint64_t> size;
  Signal changed;

  size_t produced = 0;
  bool destroyed = false;
  absl::StatusCode waited = absl::StatusCode::kOk;  // what the last wait ended with

  void Push(std::string piece);
  void End();
};

std::unique_ptr<HttpBody> ProbeBody(std::shared_ptr<BodyProbe> probe);

// A TCP client, or the accepted end of one, that knows nothing of HTTP.
class RawPeer {
 public:
  RawPeer(asio::io_context& context, int port);
  RawPeer(asio::io_context& context, asio::ip::tcp::socket socket);

  void Send(std::string_view bytes);
  // What arrives up to and including `end`.
  std::string ReadThrough(std::string_view end);
  std::string Read(size_t size);
  // What arrives before the connection ends; sets was_reset() when it broke.
  std::string ReadToEnd();
  // The head and as much of a body as its Content-Length says.
  std::string ReadResponse();
  bool was_reset() const { return reset_; }
  void FinishWriting();
  void Close();

 private:
  bool Receive();  // false when there is nothing more to come

  asio::io_context& context_;
  asio::ip::tcp::socket socket_;
  std::string received_;
  bool ended_ = false;
  bool reset_ = false;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_HTTP_TEST_PEER_H_
