// TlsStream is a ByteStream over TLS.

#ifndef RUNNEL_RUNTIME_HTTP_TLS_STREAM_H_
#define RUNNEL_RUNTIME_HTTP_TLS_STREAM_H_

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/http/byte_stream.h"

struct ssl_ctx_st;
struct ssl_st;

namespace runnel {

class TlsStream final : public ByteStream {
 public:
  // The server's end of a connected socket.
  static std::shared_ptr<TlsStream> Accepted(asio::ip::tcp::socket socket,
                                             const std::shared_ptr<ssl_ctx_st>& context);
  // The client's end; the certificate of the other one must be that of `server_name`, a name or an
  // address.
  static std::shared_ptr<TlsStream> Connected(asio::ip::tcp::socket socket,
                                              const std::shared_ptr<ssl_ctx_st>& context,
                                              const std::string& server_name);
  ~TlsStream() override;

  bool needs_handshake() const override { return true; }
  Awaitable<absl::Status> Handshake() override;
  Awaitable<absl::StatusOr<size_t>> ReadSome(asio::mutable_buffer space) override;
  std::optional<absl::StatusOr<size_t>> TryRead(asio::mutable_buffer space) override;
  void WhenReadable(absl::AnyInvocable<void()> ready) override;
  Awaitable<absl::Status> Write(std::span<const asio::const_buffer> buffers) override;
  Awaitable<void> FinishWriting() override;
  void StopReading() override;
  void CloseNow(Close how) override;
  bool IsQuiet() override;
  std::string peer() const override { return peer_; }
  std::shared_ptr<const PeerCertificate> peer_certificate() const override { return certificate_; }

 private:
  TlsStream(asio::ip::tcp::socket socket, const std::shared_ptr<ssl_ctx_st>& context);

  // After an operation of OpenSSL gave `result`: waits until it can be tried again. An error when
  // it never can; then the connection is of no use any more.
  Awaitable<absl::Status> WaitAfter(int result);
  absl::Status Broken(std::string_view why);
  // What an operation of OpenSSL has failed with.
  absl::Status Failure();
  std::string HandshakeFailure();
  void SayThatThisIsTls();
  // Others on the loop get a turn after a number of operations that did not have to wait.
  Awaitable<void> TakeTurns();
  // Tells the peer that no more will be written, where that can still be said.
  void SendCloseNotify();

  asio::ip::tcp::socket socket_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  std::string peer_;
  std::shared_ptr<const PeerCertificate> certificate_;
  int operations_in_a_row_ = 0;
  bool read_wants_to_write_ = false;  // the last TryRead could not send what TLS itself has to say
  bool open_ = false;                 // the handshake is done, and nothing has gone wrong since
  bool writing_ = false;              // a record is on its way
  bool read_stopped_ = false;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_TLS_STREAM_H_
