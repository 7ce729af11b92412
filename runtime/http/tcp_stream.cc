#include "runtime/http/tcp_stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

using boost::system::error_code;

constexpr auto kAsTuple = asio::as_tuple(asio::deferred);

// After so many reads that did not have to wait, others on the loop get a turn; likewise writes.
constexpr int kMaxReadsInARow = 16;
constexpr int kMaxWritesInARow = 16;

bool IsCancelled(const asio::cancellation_state& state) {
  return state.cancelled() != asio::cancellation_type::none;
}

absl::Status Failure(const error_code& error, bool cancelled, const std::string& peer) {
  if (cancelled) return absl::CancelledError("cancelled while waiting for the network");
  if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
    return absl::UnavailableError(absl::StrCat("the connection to ", peer, " was closed here"));
  }
  return absl::UnavailableError(
      absl::StrCat("the connection to ", peer, " broke: ", error.message()));
}

}  // namespace

std::string AddressText(const asio::ip::tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return endpoint.address().is_v6() ? absl::StrCat("[", host, "]:", endpoint.port())
                                    : absl::StrCat(host, ":", endpoint.port());
}

TcpStream::TcpStream(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {
  error_code ignored;  // a socket that is broken already says so at the first read
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  peer_ = AddressText(socket_.remote_endpoint(ignored));
}

TcpStream::TcpStream(asio::ip::tcp::socket socket, std::string_view peer)
    : socket_(std::move(socket)), peer_(peer) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
}

Awaitable<absl::StatusOr<size_t>> TcpStream::ReadSome(asio::mutable_buffer space) {
  if (IsCancelled(co_await asio::this_coro::cancellation_state)) co_return Failure({}, true, peer_);
  const auto [error, n] = co_await socket_.async_read_some(space, kAsTuple);
  if (!error) co_return n;
  if (error == asio::error::eof) co_return 0;
  co_return Failure(error, IsCancelled(co_await asio::this_coro::cancellation_state), peer_);
}

std::optional<absl::StatusOr<size_t>> TcpStream::TryRead(asio::mutable_buffer space) {
  if (++reads_in_a_row_ > kMaxReadsInARow) return std::nullopt;
  error_code error;
  const size_t received = socket_.read_some(space, error);
  if (error == asio::error::would_block) return std::nullopt;
  if (!error) return received;
  if (error == asio::error::eof) return 0;
  return Failure(error, false, peer_);
}

void TcpStream::WhenReadable(absl::AnyInvocable<void()> ready) {
  reads_in_a_row_ = 0;
  socket_.async_wait(asio::ip::tcp::socket::wait_read,
                     [ready = std::move(ready)](error_code) mutable { ready(); });
}

Awaitable<absl::Status> TcpStream::Write(std::span<const asio::const_buffer> buffers) {
  if (IsCancelled(co_await asio::this_coro::cancellation_state)) co_return Failure({}, true, peer_);
  absl::InlinedVector<asio::const_buffer, 8> rest(buffers.begin(), buffers.end());
  while (!rest.empty()) {
    // Most writes fit into the socket's buffer: they cost one system call and no turn.
    error_code error;
    size_t written = socket_.write_some(rest, error);
    if (error == asio::error::would_block) {
      writes_in_a_row_ = 0;
      const auto [wait_error] =
          co_await socket_.async_wait(asio::ip::tcp::socket::wait_write, kAsTuple);
      if (wait_error)
        co_return Failure(wait_error, IsCancelled(co_await asio::this_coro::cancellation_state),
                          peer_);
      continue;
    }
    if (error) co_return Failure(error, false, peer_);
    auto first = rest.begin();
    for (; first != rest.end() && first->size() <= written; ++first) written -= first->size();
    rest.erase(rest.begin(), first);
    if (!rest.empty()) rest.front() += written;
    if (++writes_in_a_row_ >= kMaxWritesInARow) {
      writes_in_a_row_ = 0;
      co_await asio::post(asio::deferred);
    }
  }
  co_return absl::OkStatus();
}

size_t TcpStream::TryWrite(std::span<const asio::const_buffer> buffers) {
  if (writes_in_a_row_ + 1 >= kMaxWritesInARow) return 0;
  error_code error;
  const size_t written = socket_.write_some(buffers, error);
  if (error) return 0;
  ++writes_in_a_row_;
  return written;
}

Awaitable<void> TcpStream::FinishWriting() {
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  co_return;
}

void TcpStream::StopReading() {
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_receive, ignored);
}

void TcpStream::CloseNow(Close how) {
  error_code ignored;
  if (how == Close::kReset) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

bool TcpStream::IsQuiet() {
  if (!socket_.is_open()) return false;
  char byte;
  error_code error;
  socket_.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
  return error == asio::error::would_block;
}

}  // namespace runnel
