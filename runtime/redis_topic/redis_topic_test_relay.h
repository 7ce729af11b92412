// RedisTopicRelay stands between a feed and its Redis: it cuts connections at a given byte, and can
// be turned to another server.

#ifndef RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_TOPIC_TEST_RELAY_H_
#define RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_TOPIC_TEST_RELAY_H_

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/async/awaitable.h"

namespace runnel {

class RedisTopicRelay {
 public:
  enum class Direction { kUp, kDown };
  // Connections from number `first` to before `end`, counted from 0, end after so many bytes in
  // one direction.
  struct Cut {
    size_t first = 0;
    size_t end = 0;
    Direction direction = Direction::kUp;
    size_t after = 0;
  };

  // `server`: "127.0.0.1:40123".
  explicit RedisTopicRelay(const std::string& server) : RedisTopicRelay(server, Cut()) {}
  RedisTopicRelay(const std::string& server, Cut cut) : plan_(cut), server_(Endpoint(server)) {
    asio::co_spawn(context_, Accept(), asio::detached);
    thread_ = std::thread([this] { context_.run(); });
  }
  ~RedisTopicRelay() {
    context_.stop();
    thread_.join();
  }

  // Connections that come from now on are to another server.
  void Redirect(const std::string& server) {
    const std::lock_guard lock(mutex_);
    server_ = Endpoint(server);
  }

  std::string url() const {
    return "redis://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  int cuts() const { return cuts_; }
  // What has gone through one connection so far; 0 where there is none.
  size_t bytes(size_t connection, Direction direction) const {
    const std::lock_guard lock(mutex_);
    if (connection >= bytes_.size()) return 0;
    return direction == Direction::kUp ? bytes_[connection].first : bytes_[connection].second;
  }

 private:
  using tcp = asio::ip::tcp;

  struct Pair {
    explicit Pair(asio::io_context& context) : client(context), server(context) {}
    tcp::socket client, server;
    size_t number = 0;
  };

  static tcp::endpoint Endpoint(const std::string& server) {
    const size_t colon = server.find(':');
    return {asio::ip::make_address(server.substr(0, colon)),
            static_cast<uint16_t>(std::stoi(server.substr(colon + 1)))};
  }
  tcp::endpoint server() const {
    const std::lock_guard lock(mutex_);
    return server_;
  }

  Awaitable<void> Accept() {
    for (size_t number = 0;; ++number) {
      auto pair = std::make_shared<Pair>(context_);
      auto accepted = acceptor_.async_accept(pair->client, asio::use_awaitable);
      co_await std::move(accepted);
      pair->number = number;
      {
        const std::lock_guard lock(mutex_);
        bytes_.emplace_back(0, 0);
      }
      boost::system::error_code error;
      pair->server.connect(server(), error);
      if (error) continue;
      asio::co_spawn(context_, Relay(pair, Direction::kUp), asio::detached);
      asio::co_spawn(context_, Relay(pair, Direction::kDown), asio::detached);
    }
  }

  // Of what has come, how much goes on. Whether the cut is there.
  bool Count(const Pair& pair, Direction direction, size_t& n) {
    const std::lock_guard lock(mutex_);
    auto& [up, down] = bytes_[pair.number];
    size_t& bytes = direction == Direction::kUp ? up : down;
    const bool counts =
        direction == plan_.direction && plan_.first <= pair.number && pair.number < plan_.end;
    const bool ends = counts && bytes + n >= plan_.after;
    if (ends) n = plan_.after - bytes;
    bytes += n;
    return ends;
  }

  Awaitable<void> Relay(std::shared_ptr<Pair> pair, Direction direction) {
    tcp::socket& from = direction == Direction::kUp ? pair->client : pair->server;
    tcp::socket& to = direction == Direction::kUp ? pair->server : pair->client;
    char bytes[4096];
    boost::system::error_code error;
    try {
      while (true) {
        auto read = from.async_read_some(asio::buffer(bytes), asio::use_awaitable);
        size_t n = co_await std::move(read);
        const bool ends = Count(*pair, direction, n);
        asio::write(to, asio::buffer(bytes, n));
        if (ends) break;
      }
      ++cuts_;
    } catch (const boost::system::system_error&) {
    }
    pair->client.close(error);
    pair->server.close(error);
  }

  const Cut plan_;
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  std::atomic<int> cuts_ = 0;
  mutable std::mutex mutex_;
  tcp::endpoint server_;
  std::vector<std::pair<size_t, size_t>> bytes_;  // up and down
  std::thread thread_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_TOPIC_TEST_RELAY_H_
