#include "runtime/http/tcp_connector.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "runtime/http/peer_address.h"
#include "runtime/http/tcp_stream.h"
#include "runtime/http/tls_stream.h"
#include "runtime/http/unix_socket.h"

namespace runnel {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

// That of refused.h.
constexpr char kRefusedMark[] = "runnel/refused";

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

bool IsCancelled(const asio::cancellation_state& state) {
  return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace

Awaitable<absl::StatusOr<std::shared_ptr<ByteStream>>> ConnectTcp(HostPort address,
                                                                  std::shared_ptr<TlsContext> tls,
                                                                  Clock& clock,
                                                                  absl::Duration timeout) {
  if (!address.unix_path.empty()) {
    absl::StatusOr<tcp::socket> connected = co_await ConnectUnix(address.unix_path);
    if (!connected.ok()) co_return connected.status();
    co_return std::make_shared<TcpStream>(*std::move(connected), kUnixPeer);
  }
  const Executor executor = co_await asio::this_coro::executor;
  tcp::resolver resolver(executor);
  tcp::socket socket(executor);
  std::shared_ptr<ByteStream> stream;
  bool timed_out = false;
  const std::unique_ptr<Timer> timer = clock.CallAfter(executor, timeout, [&] {
    timed_out = true;
    resolver.cancel();
    error_code ignored;
    socket.close(ignored);
    if (stream != nullptr) stream->CloseNow(ByteStream::Close::kReset);
  });

  std::vector<tcp::endpoint> endpoints;
  error_code error;
  const asio::ip::address numeric = asio::ip::make_address(address.host, error);
  if (!error) {
    endpoints.emplace_back(numeric, address.port);
  } else {
    auto [resolve_error, found] = co_await resolver.async_resolve(
        address.host, std::to_string(address.port), tcp::resolver::numeric_service, kAsTuple);
    error = resolve_error;
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  }
  for (const tcp::endpoint& endpoint : endpoints) {
    const bool cancelled = IsCancelled(co_await asio::this_coro::cancellation_state);
    if (timed_out || cancelled) break;
    error_code ignored;
    socket.close(ignored);
    const auto [connect_error] = co_await socket.async_connect(endpoint, kAsTuple);
    error = connect_error;
    if (error || timed_out) continue;
    if (tls == nullptr) co_return std::make_shared<TcpStream>(std::move(socket));
    const std::string& name = tls->server_name().empty() ? address.host : tls->server_name();
    stream = TlsStream::Connected(std::move(socket), tls->ForConnection(), name);
    const absl::Status ready = co_await stream->Handshake();
    if (ready.ok()) co_return stream;
    if (timed_out || absl::IsCancelled(ready)) break;
    co_return ready;
  }
  const bool cancelled = IsCancelled(co_await asio::this_coro::cancellation_state);
  if (cancelled) {
    co_return absl::CancelledError(absl::StrCat("cancelled while connecting to ", address.Text()));
  }
  absl::Status failure = absl::UnavailableError(
      absl::StrCat("cannot connect to ", address.Text(), ": ",
                   timed_out ? absl::StrCat("no answer within ", absl::FormatDuration(timeout))
                             : error.message()));
  const bool refused = !timed_out && error == asio::error::connection_refused;
  if (refused) failure.SetPayload(kRefusedMark, absl::Cord());
  co_return failure;
}

}  // namespace runnel
