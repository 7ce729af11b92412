// RedisClient sends commands to a Redis server over one connection, which it makes again when it
// breaks:
//
//   RUNNEL_ASSIGN_OR_RETURN(RedisOptions options, RedisOptions::FromUrl("redis://127.0.0.1"));
//   RedisClient redis(io.executor(), options);
//   std::vector<std::string> get = {"GET", "name"};
//   RUNNEL_CO_ASSIGN_OR_RETURN(RedisReply reply, co_await redis.Command(std::move(get)));
//
// Commands go out in the order in which they are given, without waiting for one another's replies.
// hiredis writes and reads their bytes; the sockets are asio's.

#ifndef RUNNEL_RUNTIME_REDIS_REDIS_CLIENT_H_
#define RUNNEL_RUNTIME_REDIS_REDIS_CLIENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/redis/redis_options.h"
#include "runtime/redis/redis_reply.h"

namespace runnel {

// Thread-safe. Its connection lives on `executor`, one loop, which must still run, or be gone with
// all its coroutines, when the client is destroyed. Commands that wait then end CANCELLED.
class RedisClient {
 public:
  RedisClient(Executor executor, RedisOptions options);
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  // Await it anywhere. While a connection is being made a command waits for it; between attempts it
  // fails at once, UNAVAILABLE, with the reason of the last one.
  //
  // UNAVAILABLE, too, when the connection breaks before the reply or the reply is not there within
  // `timeout` (of all others' commands, too: the connection is given up). The message then says
  // that the command may have been done or not: repeat only what may be done twice. CANCELLED when
  // the caller is, with the same doubt. Errors that Redis replies: see StatusOfRedisError.
  Awaitable<absl::StatusOr<RedisReply>> Command(
      std::vector<std::string> args, std::optional<absl::Duration> timeout = std::nullopt);

  // A Lua script that is sent by its hash once the server knows it. Otherwise as Command.
  Awaitable<absl::StatusOr<RedisReply>> Eval(std::string script, std::vector<std::string> keys,
                                             std::vector<std::string> args);

  // Returns when there is a connection. DEADLINE_EXCEEDED with the reason when there is none before
  // `deadline`.
  Awaitable<absl::Status> Connected(absl::Time deadline);

  struct State {
    bool connected = false;
    absl::Time since;          // so it has been since then
    std::string problem;       // of the last attempt, while it is not
    uint64_t connections = 0;  // so many there have been
  };
  State state() const;

  const RedisOptions& options() const;
  const Executor& executor() const;

 private:
  class Core;
  const std::shared_ptr<Core> core_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_REDIS_REDIS_CLIENT_H_
