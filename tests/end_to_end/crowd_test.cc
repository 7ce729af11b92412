// 10,000 connections that mean no good, and one client that wants answers: it gets them, and the
// server is rid of the others at its deadlines.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "runtime/async/io_thread.h"
#include "runtime/client/channel.h"
#include "tests/end_to_end/child_process.h"
#include "tests/end_to_end/open_files.h"
#include "tests/end_to_end/scripted.runnel.h"

namespace end_to_end {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using v1::Reply;
using v1::Request;
using v1::Scripted;

constexpr int kCrowd = 10'000;
constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

constexpr std::string_view kWaitingCall =
    "POST /end_to_end.v1.Scripted/Down HTTP/1.1\r\nHost: localhost\r\n"
    "Content-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: 34\r\n\r\n"
    "{\"script\":{\"waitForCancel\":true}}\n";

// What became of the connections of a crowd.
struct Ends {
  std::atomic<int> closed{0};    // by the server, without an answer
  std::atomic<int> answered{0};  // and closed
  std::atomic<int> refused{0};   // could not connect
  std::atomic<int> rounds{0};    // calls that were opened and left
};

// Reads to the end of the connection.
asio::awaitable<void> AwaitEnd(tcp::socket& socket, Ends& ends) {
  char buffer[512];
  size_t received = 0;
  for (bool open = true; open;) {
    const auto [error, n] = co_await socket.async_read_some(asio::buffer(buffer), kAsTuple);
    received += n;
    open = !error;
  }
  ++(received > 0 ? ends.answered : ends.closed);
}

asio::awaitable<void> Silent(tcp::endpoint server, Ends& ends) {
  tcp::socket socket(co_await asio::this_coro::executor);
  const auto [error] = co_await socket.async_connect(server, kAsTuple);
  if (error) {
    ++ends.refused;
    co_return;
  }
  co_await AwaitEnd(socket, ends);
}

asio::awaitable<void> Drip(tcp::endpoint server, Ends& ends) {
  tcp::socket socket(co_await asio::this_coro::executor);
  const auto [connect_error] = co_await socket.async_connect(server, kAsTuple);
  if (connect_error) {
    ++ends.refused;
    co_return;
  }
  asio::steady_timer timer(socket.get_executor());
  for (char byte : kWaitingCall) {
    const auto [error, n] = co_await asio::async_write(socket, asio::buffer(&byte, 1), kAsTuple);
    if (error || socket.available() > 0) break;
    timer.expires_after(std::chrono::seconds(1));
    co_await timer.async_wait(kAsTuple);
  }
  co_await AwaitEnd(socket, ends);
}

asio::awaitable<void> OpenAndLeave(tcp::endpoint server, Ends& ends) {
  constexpr int kRounds = 5;
  for (int round = 0; round < kRounds; ++round) {
    tcp::socket socket(co_await asio::this_coro::executor);
    const auto [connect_error] = co_await socket.async_connect(server, kAsTuple);
    if (connect_error) {
      ++ends.refused;
      co_return;
    }
    co_await asio::async_write(socket, asio::buffer(kWaitingCall), kAsTuple);
    // Every other one stays until the stream has begun.
    if (round % 2 == 1) {
      char first;
      co_await socket.async_read_some(asio::buffer(&first, 1), kAsTuple);
    }
    boost::system::error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    ++ends.rounds;
  }
}

class CrowdTest : public ::testing::Test {
 protected:
  CrowdTest() {
    url_ = server_.ReadLine();
    int port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(url_.substr(url_.rfind(':') + 1), &port)) << url_;
    endpoint_ = tcp::endpoint(asio::ip::address_v4::loopback(), static_cast<uint16_t>(port));
  }

  using Member = asio::awaitable<void> (*)(tcp::endpoint, Ends&);

  // Lets the crowd in, calls until all of it is gone, and says how that went.
  void Endure(const char* name, Member member) {
    ASSERT_TRUE(AllowOpenFiles(10'200));
    runnel::IoThread io;
    Scripted::Stub stub(runnel::Channel::Connect(io.executor(), url_));
    const auto call = [&](runnel::Route route) {
      runnel::CallOptions options;
      options.route = route;
      options.timeout = absl::Seconds(30);
      return io.BlockOn(stub.Unary(Request(), options)).status();
    };
    ASSERT_EQ(call(runnel::Route::kSession), absl::OkStatus());
    const int files_before = OpenFiles();

    asio::io_context context(1);
    for (int i = 0; i < kCrowd; ++i) {
      asio::co_spawn(context, member(endpoint_, ends_), asio::detached);
    }
    std::atomic<bool> gone = false;
    std::thread crowd([&] {
      context.run();
      gone = true;
    });
    std::vector<double> ms;
    int most_files = 0;
    for (int i = 0; !gone; ++i) {
      const absl::Time begun = absl::Now();
      const absl::Status status =
          call(i % 2 == 0 ? runnel::Route::kDirect : runnel::Route::kSession);
      EXPECT_EQ(status, absl::OkStatus()) << "call " << i;
      ms.push_back(absl::ToDoubleMilliseconds(absl::Now() - begun));
      if (i % 16 == 0) most_files = std::max(most_files, OpenFiles());
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    crowd.join();
    // A connection that its client has left is closed as soon as the server sees it.
    const absl::Time patience = absl::Now() + absl::Seconds(60);
    while (OpenFiles() > files_before + 50 && absl::Now() < patience) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    EXPECT_LE(OpenFiles(), files_before + 50);
    EXPECT_EQ(ends_.refused, 0);
    std::sort(ms.begin(), ms.end());
    std::printf(
        "%s: %zu calls answered in %.1f ms (median), %.1f ms (slowest); the server had up to %d "
        "files open, %d afterwards, and has %ld MB\n",
        name, ms.size(), ms[ms.size() / 2], ms.back(), most_files, OpenFiles(),
        ResidentMegabytes());
  }

  int OpenFiles() const {
    const auto files = std::filesystem::directory_iterator(Proc("fd"));
    return static_cast<int>(std::distance(begin(files), end(files)));
  }
  long ResidentMegabytes() const {
    std::ifstream status(Proc("statm"));
    long pages = 0;
    long resident = 0;
    status >> pages >> resident;
    return resident * 4096 / 1'000'000;
  }
  std::string Proc(const std::string& what) const {
    return "/proc/" + std::to_string(server_.pid()) + "/" + what;
  }

  ChildProcess server_{{"tests/end_to_end/crowd_server"}};
  std::string url_;
  tcp::endpoint endpoint_;
  Ends ends_;
};

TEST_F(CrowdTest, SaysNothing) {
  Endure("10,000 that say nothing", Silent);
  EXPECT_EQ(ends_.closed, kCrowd);
}

TEST_F(CrowdTest, SaysAByteASecond) {
  Endure("10,000 that say a byte a second", Drip);
  EXPECT_EQ(ends_.closed + ends_.answered, kCrowd);
  EXPECT_GT(ends_.answered, 0);  // 408
}

TEST_F(CrowdTest, OpensCallsAndLeaves) {
  Endure("10,000 that open calls and leave", OpenAndLeave);
  EXPECT_EQ(ends_.rounds, 5 * kCrowd);
}

}  // namespace
}  // namespace end_to_end
