// RedisConnection is one connection to a Redis server. RedisClient, its only user, replaces it by
// another one when it breaks.

#ifndef RUNNEL_RUNTIME_REDIS_REDIS_CONNECTION_H_
#define RUNNEL_RUNTIME_REDIS_REDIS_CONNECTION_H_

#include <boost/asio/generic/stream_protocol.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/signal.h"
#include "runtime/redis/redis_options.h"
#include "runtime/redis/redis_reply.h"

namespace runnel {

// A command that was sent. Whoever waits for its reply may go away before that comes.
struct RedisCall {
  std::string what;  // "127.0.0.1:6379: XADD": never the command's values
  std::optional<absl::StatusOr<RedisReply>> reply;
  Signal replied;
};

// Lives on one loop, in a shared_ptr: its reads and writes keep it.
class RedisConnection : public std::enable_shared_from_this<RedisConnection> {
 public:
  using Socket = asio::generic::stream_protocol::socket;

  // UNAVAILABLE, with the reason, when there is none before `deadline`.
  static Awaitable<absl::StatusOr<std::shared_ptr<RedisConnection>>> Connect(
      const RedisOptions& options, absl::Time deadline);

  RedisConnection(Socket socket, std::string address, size_t max_unsent_bytes);
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  // Sends what one turn of the loop brings together. The reply is an error from the beginning when
  // the connection is closed, or has too much to send already (RESOURCE_EXHAUSTED).
  std::shared_ptr<RedisCall> Send(const std::vector<std::string>& args);

  // Takes replies until the connection ends; returns why it did. Calls that are open get that,
  // too: UNAVAILABLE, and nobody knows whether Redis has done what they say. Await it once.
  Awaitable<absl::Status> Run();

  // As if it broke because of `why`. Without effect once it is closed.
  void Close(const absl::Status& why);
  bool closed() const { return closed_.has_value(); }

 private:
  void Flush();
  absl::Status TakeReplies();

  Socket socket_;
  const std::string address_;
  const size_t max_unsent_bytes_;
  RedisReplyParser parser_;
  std::deque<std::shared_ptr<RedisCall>> calls_;  // in the order of their replies
  std::string unsent_;
  std::string sending_;
  bool flushing_ = false;
  std::optional<absl::Status> closed_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_REDIS_REDIS_CONNECTION_H_
