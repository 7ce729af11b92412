#include "runtime/redis/redis_connection.h"

#include <hiredis/hiredis.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using Endpoint = asio::generic::stream_protocol::endpoint;

constexpr auto kAsTuple = asio::as_tuple(asio::deferred);
constexpr size_t kReadBytes = 64 << 10;

bool IsCancelled(const asio::cancellation_state& state) {
  return state.cancelled() != asio::cancellation_type::none;
}

absl::Status SocketPathIsTooLong(const std::string& path) {
  return absl::InvalidArgumentError(absl::StrCat("the path of Redis' socket has ", path.size(),
                                                 " bytes; limit is ",
                                                 sizeof(sockaddr_un::sun_path) - 1, ": ", path));
}

}  // namespace

Awaitable<absl::StatusOr<std::shared_ptr<RedisConnection>>> RedisConnection::Connect(
    const RedisOptions& options, absl::Time deadline) {
  const Executor executor = co_await asio::this_coro::executor;
  tcp::resolver resolver(executor);
  Socket socket(executor);
  bool timed_out = false;
  const std::unique_ptr<Timer> timer = options.clock->CallAt(executor, deadline, [&] {
    timed_out = true;
    resolver.cancel();
    error_code ignored;
    socket.close(ignored);
  });

  std::vector<Endpoint> endpoints;
  error_code error;
  if (!options.unix_socket.empty()) {
    if (options.unix_socket.size() >= sizeof(sockaddr_un::sun_path)) {
      co_return SocketPathIsTooLong(options.unix_socket);
    }
    endpoints.push_back(asio::local::stream_protocol::endpoint(options.unix_socket));
  } else {
    auto [resolve_error, found] = co_await resolver.async_resolve(
        options.host, std::to_string(options.port), tcp::resolver::numeric_service, kAsTuple);
    error = resolve_error;
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  }
  for (const Endpoint& endpoint : endpoints) {
    const bool cancelled = IsCancelled(co_await asio::this_coro::cancellation_state);
    if (timed_out || cancelled) break;
    error_code ignored;
    socket.close(ignored);
    const auto [connect_error] = co_await socket.async_connect(endpoint, kAsTuple);
    error = connect_error;
    if (error || timed_out) continue;
    socket.set_option(tcp::no_delay(true), ignored);  // fails for a Unix socket, which needs none
    co_return std::make_shared<RedisConnection>(std::move(socket), options.Address(),
                                                options.max_unsent_bytes);
  }
  const bool cancelled = IsCancelled(co_await asio::this_coro::cancellation_state);
  if (cancelled) co_return absl::CancelledError("cancelled while connecting to Redis");
  co_return absl::UnavailableError(absl::StrCat("cannot connect to Redis at ", options.Address(),
                                                ": ",
                                                timed_out ? "no answer in time" : error.message()));
}

RedisConnection::RedisConnection(Socket socket, std::string address, size_t max_unsent_bytes)
    : socket_(std::move(socket)),
      address_(std::move(address)),
      max_unsent_bytes_(max_unsent_bytes) {}

std::shared_ptr<RedisCall> RedisConnection::Send(const std::vector<std::string>& args) {
  auto call = std::make_shared<RedisCall>();
  call->what = absl::StrCat("Redis at ", address_, ": ", args.empty() ? "" : args[0]);
  if (closed_) {
    call->reply = absl::Status(closed_->code(), closed_->message());  // shares nothing
    return call;
  }
  size_t bytes = 0;
  std::vector<const char*> texts;
  std::vector<size_t> sizes;
  for (const std::string& arg : args) {
    texts.push_back(arg.data());
    sizes.push_back(arg.size());
    bytes += arg.size();
  }
  if (unsent_.size() + sending_.size() + bytes > max_unsent_bytes_) {
    call->reply = absl::ResourceExhaustedError(
        absl::StrCat(call->what, ": ", unsent_.size() + sending_.size(),
                     " bytes wait to be sent already; limit is RedisOptions::max_unsent_bytes"));
    return call;
  }
  char* formatted = nullptr;
  const int size =
      redisFormatCommandArgv(&formatted, static_cast<int>(args.size()), texts.data(), sizes.data());
  if (args.empty() || size < 0) {
    call->reply = absl::InvalidArgumentError(absl::StrCat(call->what, ": no command"));
    return call;
  }
  unsent_.append(formatted, static_cast<size_t>(size));
  redisFreeCommand(formatted);
  calls_.push_back(call);
  if (!std::exchange(flushing_, true)) {
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->Flush(); });
  }
  return call;
}

void RedisConnection::Flush() {
  sending_.clear();
  if (closed_ || unsent_.empty()) {
    flushing_ = false;
    return;
  }
  sending_.swap(unsent_);
  asio::async_write(socket_, asio::buffer(sending_),
                    [self = shared_from_this()](const error_code& error, size_t) {
                      if (error) {
                        self->Close(absl::UnavailableError(error.message()));
                      }
                      self->Flush();
                    });
}

Awaitable<absl::Status> RedisConnection::Run() {
  const std::shared_ptr<RedisConnection> self = shared_from_this();
  std::string bytes(kReadBytes, '\0');
  while (!closed_) {
    const auto [error, n] = co_await socket_.async_read_some(asio::buffer(bytes), kAsTuple);
    if (closed_) break;
    if (error) {
      const bool cancelled = IsCancelled(co_await asio::this_coro::cancellation_state);
      Close(cancelled ? absl::CancelledError("no longer wanted")
                      : absl::UnavailableError(error == asio::error::eof ? "Redis closed it"
                                                                         : error.message()));
      break;
    }
    parser_.Feed({bytes.data(), n});
    const absl::Status taken = TakeReplies();
    if (!taken.ok()) Close(taken);
  }
  co_return *closed_;
}

absl::Status RedisConnection::TakeReplies() {
  while (!closed_) {
    RUNNEL_ASSIGN_OR_RETURN(std::optional<RedisReply> reply, parser_.Next());
    if (!reply) return absl::OkStatus();
    if (calls_.empty()) {
      return absl::DataLossError(
          "it answered what nobody asked" +
          (reply->type == RedisReply::Type::kError ? ": " + reply->text : std::string()));
    }
    const std::shared_ptr<RedisCall> call = std::move(calls_.front());
    calls_.pop_front();
    if (reply->type == RedisReply::Type::kError) {
      call->reply = StatusOfRedisError(reply->text, call->what);
    } else {
      call->reply = *std::move(reply);
    }
    call->replied.Notify();
    // This server has become a replica: the address may stand for another one by now.
    if (!call->reply->ok() &&
        call->reply->status().message().find("READONLY") != absl::string_view::npos) {
      return absl::UnavailableError("it is a replica, which takes no writes");
    }
  }
  return absl::OkStatus();
}

void RedisConnection::Close(const absl::Status& why) {
  if (closed_) return;
  closed_ = absl::IsCancelled(why)
                ? why
                : absl::UnavailableError(absl::StrCat("the connection to Redis at ", address_,
                                                      " broke: ", why.message()));
  error_code ignored;
  socket_.close(ignored);
  const std::deque<std::shared_ptr<RedisCall>> calls = std::move(calls_);
  calls_.clear();
  for (const std::shared_ptr<RedisCall>& call : calls) {
    call->reply = absl::Status(
        closed_->code(),
        absl::StrCat(call->what, ": no reply, it may have been done or not: ", why.message()));
    call->replied.Notify();
  }
}

}  // namespace runnel
