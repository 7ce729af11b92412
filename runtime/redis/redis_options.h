// RedisOptions name a Redis server, and say how patient its clients are.

#ifndef RUNNEL_RUNTIME_REDIS_REDIS_OPTIONS_H_
#define RUNNEL_RUNTIME_REDIS_REDIS_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"

namespace runnel {

struct RedisOptions {
  RedisOptions() = default;  // no aggregate: see CallOptions

  // "redis://[user:password@]host[:port][/database]", or
  // "unix://[user:password@]/path/to/socket[?db=database]". Users and passwords are
  // percent-encoded. INVALID_ARGUMENT for anything else, with no password in the message.
  //
  // There is no "rediss://": Debian's hiredis has no TLS. A haproxy or stunnel on this machine
  // speaks it to the server, and plainly to us over a Unix socket.
  static absl::StatusOr<RedisOptions> FromUrl(std::string_view url);

  // The server without its password, for messages: "127.0.0.1:6379", "unix:/run/redis.sock".
  std::string Address() const;

  std::string host = "127.0.0.1";
  uint16_t port = 6379;
  std::string unix_socket;  // instead of host and port
  std::string user;         // empty: Redis' "default"
  std::string password;     // empty: no AUTH
  int database = 0;

  // For a connection, with AUTH and SELECT.
  absl::Duration connect_timeout = absl::Seconds(5);
  // For the reply to a command that names no other.
  absl::Duration command_timeout = absl::Seconds(5);
  // Between attempts to connect.
  absl::Duration first_pause = absl::Milliseconds(50);
  absl::Duration longest_pause = absl::Seconds(2);
  // Of commands that the server has not taken yet.
  size_t max_unsent_bytes = size_t{64} << 20;

  Clock* clock = &Clock::Real();
  // Called on the client's loop when the server goes away, and when it is back.
  std::function<void(std::string_view line)> log;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_REDIS_REDIS_OPTIONS_H_
