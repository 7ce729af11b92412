// TcpStream is a ByteStream over plain TCP.

#ifndef RUNNEL_RUNTIME_HTTP_TCP_STREAM_H_
#define RUNNEL_RUNTIME_HTTP_TCP_STREAM_H_

#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <string_view>

#include "runtime/http/byte_stream.h"

namespace runnel {

class TcpStream final : public ByteStream {
 public:
  // Takes over a connected socket; what it writes leaves at once (TCP_NODELAY).
  explicit TcpStream(asio::ip::tcp::socket socket);
  // The same of a socket whose peer has no address.
  TcpStream(asio::ip::tcp::socket socket, std::string_view peer);

  Awaitable<absl::StatusOr<size_t>> ReadSome(asio::mutable_buffer space) override;
  std::optional<absl::StatusOr<size_t>> TryRead(asio::mutable_buffer space) override;
  void WhenReadable(absl::AnyInvocable<void()> ready) override;
  Awaitable<absl::Status> Write(std::span<const asio::const_buffer> buffers) override;
  size_t TryWrite(std::span<const asio::const_buffer> buffers) override;
  Awaitable<void> FinishWriting() override;
  void StopReading() override;
  void CloseNow(Close how) override;
  bool IsQuiet() override;
  std::string peer() const override { return peer_; }

 private:
  asio::ip::tcp::socket socket_;
  std::string peer_;
  int reads_in_a_row_ = 0;  // without having given the loop to others
  int writes_in_a_row_ = 0;
};

// "127.0.0.1:80", "[::1]:80".
std::string AddressText(const asio::ip::tcp::endpoint& endpoint);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_TCP_STREAM_H_
