#include "runtime/http/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"
#include "runtime/http/peer_certificate.h"
#include "runtime/http/tcp_stream.h"

namespace runnel {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

constexpr size_t kRecordBytes = 16 * 1024;  // RFC 8446 section 5.1
// After so many operations that did not have to wait, others on the loop get a turn.
constexpr int kMaxOperationsInARow = 16;

bool IsCancelled(const asio::cancellation_state& state) {
  return state.cancelled() != asio::cancellation_type::none;
}

absl::Status Cancelled() { return absl::CancelledError("cancelled while waiting for the network"); }

// OpenSSL's way to the socket. Its own would raise SIGPIPE when the peer is gone, and would go on
// to use the number of a socket that was closed.

tcp::socket& SocketOf(BIO* bio) { return *static_cast<tcp::socket*>(BIO_get_data(bio)); }

int ReadFromSocket(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  error_code error;
  const size_t n = SocketOf(bio).receive(asio::buffer(data, static_cast<size_t>(size)), 0, error);
  if (!error) return static_cast<int>(n);
  if (error == asio::error::eof) {
    BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return 0;
  }
  if (error == asio::error::would_block) BIO_set_retry_read(bio);
  return -1;
}

int WriteToSocket(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  error_code error;
  const size_t n = SocketOf(bio).send(asio::buffer(data, static_cast<size_t>(size)), 0, error);
  if (!error) return static_cast<int>(n);
  if (error == asio::error::would_block) BIO_set_retry_write(bio);
  return -1;
}

long ControlSocket(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO* NewSocketBio(tcp::socket& socket) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "asio socket");
    BIO_meth_set_read(made, ReadFromSocket);
    BIO_meth_set_write(made, WriteToSocket);
    BIO_meth_set_ctrl(made, ControlSocket);
    return made;
  }();
  BIO* bio = BIO_new(method);
  BIO_set_data(bio, &socket);
  BIO_set_init(bio, 1);
  return bio;
}

std::string TextOf(const ASN1_STRING* text) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, text);
  if (size < 0) return std::string();
  std::string copy(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size));
  OPENSSL_free(utf8);
  return copy;
}

std::string SubjectOf(X509* certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  const char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

void ReadAlternativeNames(X509* certificate, PeerCertificate& read) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) {
      read.uris.push_back(TextOf(name->d.uniformResourceIdentifier));
    } else if (name->type == GEN_DNS) {
      read.dns_names.push_back(TextOf(name->d.dNSName));
    }
  }
}

std::shared_ptr<const PeerCertificate> CertificateOf(SSL* ssl) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl),
                                                                X509_free);
  if (certificate == nullptr) return nullptr;
  auto read = std::make_shared<PeerCertificate>();
  read->subject = SubjectOf(certificate.get());
  const X509_NAME* subject = X509_get_subject_name(certificate.get());
  const int common_name = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (common_name >= 0) {
    read->common_name = TextOf(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, common_name)));
  }
  ReadAlternativeNames(certificate.get(), *read);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  X509_digest(certificate.get(), EVP_sha256(), digest, &size);
  read->sha256 =
      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size));
  return read;
}

// Whether this is the peer's alert that it does not accept the certificate that it was shown, or
// wants one.
bool RefusesCertificate(unsigned long code) {
  if (ERR_GET_LIB(code) != ERR_LIB_SSL) return false;
  switch (ERR_GET_REASON(code)) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
      return true;
    default:
      return false;
  }
}

bool IsAddress(const std::string& host) {
  error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

// What clients get that speak plain HTTP here.
constexpr std::string_view kThisIsTls =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    "Content-Length: 40\r\n\r\nThis port speaks TLS: use an https URL.\n";

constexpr size_t kMaxLingerBytes = 64 * 1024;

// Waits until a peer whose handshake has failed has left; what it still sends is dropped. To close
// a socket with unread input resets the connection, and with TLS 1.3 a client's request may follow
// its certificate: it might lose the alert that says why. The deadline of the handshake counts here
// too.
Awaitable<void> Linger(tcp::socket& socket) {
  error_code failed;
  socket.shutdown(tcp::socket::shutdown_send, failed);
  std::array<char, 4096> dropped;
  for (size_t total = 0; !failed && total <= kMaxLingerBytes;) {
    total += socket.read_some(asio::buffer(dropped), failed);
    if (failed != asio::error::would_block) continue;
    const auto [broken] = co_await socket.async_wait(tcp::socket::wait_read, kAsTuple);
    failed = broken;
  }
}

}  // namespace

TlsStream::TlsStream(tcp::socket socket, const std::shared_ptr<SSL_CTX>& context)
    : socket_(std::move(socket)), ssl_(SSL_new(context.get()), SSL_free) {
  error_code ignored;  // a socket that is broken already says so at the first operation
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  peer_ = AddressText(socket_.remote_endpoint(ignored));
  BIO* bio = NewSocketBio(socket_);
  SSL_set_bio(ssl_.get(), bio, bio);
}

TlsStream::~TlsStream() = default;

std::shared_ptr<TlsStream> TlsStream::Accepted(tcp::socket socket,
                                               const std::shared_ptr<SSL_CTX>& context) {
  std::shared_ptr<TlsStream> stream(new TlsStream(std::move(socket), context));
  SSL_set_accept_state(stream->ssl_.get());
  return stream;
}

std::shared_ptr<TlsStream> TlsStream::Connected(tcp::socket socket,
                                                const std::shared_ptr<SSL_CTX>& context,
                                                const std::string& server_name) {
  std::shared_ptr<TlsStream> stream(new TlsStream(std::move(socket), context));
  SSL* ssl = stream->ssl_.get();
  SSL_set_connect_state(ssl);
  if (IsAddress(server_name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl, server_name.c_str());
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl, server_name.c_str());
  }
  return stream;
}

absl::Status TlsStream::Broken(std::string_view why) {
  open_ = false;
  return absl::UnavailableError(
      absl::StrCat("the connection to ", peer_, " broke: ", AbslView(why)));
}

Awaitable<absl::Status> TlsStream::WaitAfter(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    operations_in_a_row_ = 0;
    const auto kind =
        error == SSL_ERROR_WANT_READ ? tcp::socket::wait_read : tcp::socket::wait_write;
    const auto [failed] = co_await socket_.async_wait(kind, kAsTuple);
    if (!failed) co_return absl::OkStatus();
    if (IsCancelled(co_await asio::this_coro::cancellation_state)) co_return Cancelled();
    open_ = false;
    co_return absl::UnavailableError(absl::StrCat("the connection to ", peer_, " was closed here"));
  }
  co_return Failure();
}

absl::Status TlsStream::Failure() {
  const unsigned long code = ERR_peek_error();
  const char* reason = ERR_reason_error_string(code);
  absl::Status broken = Broken(reason != nullptr ? reason : "it ended without notice");
  // With TLS 1.3 a client learns this only after its handshake. To try again would not help.
  if (RefusesCertificate(code)) broken = absl::UnauthenticatedError(broken.message());
  return broken;
}

Awaitable<void> TlsStream::TakeTurns() {
  if (++operations_in_a_row_ < kMaxOperationsInARow) co_return;
  operations_in_a_row_ = 0;
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

std::string TlsStream::HandshakeFailure() {
  const long verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK) {
    return absl::StrCat("the peer's certificate was not accepted: ",
                        X509_verify_cert_error_string(verified));
  }
  const unsigned long code = ERR_peek_error();
  if (ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST && ERR_GET_LIB(code) == ERR_LIB_SSL) {
    SayThatThisIsTls();
    return "the peer speaks plain HTTP";
  }
  if (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER && ERR_GET_LIB(code) == ERR_LIB_SSL) {
    return "the peer does not speak TLS (for plain HTTP the URL begins with http://)";
  }
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "the peer closed the connection";
}

void TlsStream::SayThatThisIsTls() {
  error_code ignored;
  socket_.send(asio::buffer(kThisIsTls.data(), kThisIsTls.size()), 0, ignored);
}

Awaitable<absl::Status> TlsStream::Handshake() {
  for (;;) {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    if (done == 1) break;
    const int error = SSL_get_error(ssl_.get(), done);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      const absl::Status why =
          absl::UnavailableError(absl::StrCat("no TLS with ", peer_, ": ", HandshakeFailure()));
      if (SSL_is_server(ssl_.get())) co_await Linger(socket_);
      co_return why;
    }
    absl::Status waited = co_await WaitAfter(done);
    if (!waited.ok()) co_return waited;
  }
  open_ = true;
  certificate_ = CertificateOf(ssl_.get());
  co_return absl::OkStatus();
}

Awaitable<absl::StatusOr<size_t>> TlsStream::ReadSome(asio::mutable_buffer space) {
  if (IsCancelled(co_await asio::this_coro::cancellation_state)) co_return Cancelled();
  co_await TakeTurns();
  while (!read_stopped_) {
    ERR_clear_error();
    size_t received = 0;
    const int result = SSL_read_ex(ssl_.get(), space.data(), space.size(), &received);
    if (result == 1) co_return received;
    if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_ZERO_RETURN) co_return 0;
    absl::Status waited = co_await WaitAfter(result);
    if (!waited.ok() && !read_stopped_) co_return waited;
  }
  co_return 0;
}

std::optional<absl::StatusOr<size_t>> TlsStream::TryRead(asio::mutable_buffer space) {
  if (read_stopped_) return 0;
  if (++operations_in_a_row_ > kMaxOperationsInARow) return std::nullopt;
  ERR_clear_error();
  size_t received = 0;
  const int result = SSL_read_ex(ssl_.get(), space.data(), space.size(), &received);
  if (result == 1) return received;
  const int error = SSL_get_error(ssl_.get(), result);
  read_wants_to_write_ = error == SSL_ERROR_WANT_WRITE;
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return std::nullopt;
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  return Failure();
}

void TlsStream::WhenReadable(absl::AnyInvocable<void()> ready) {
  operations_in_a_row_ = 0;
  if (SSL_pending(ssl_.get()) > 0) return asio::post(socket_.get_executor(), std::move(ready));
  socket_.async_wait(read_wants_to_write_ ? tcp::socket::wait_write : tcp::socket::wait_read,
                     [ready = std::move(ready)](error_code) mutable { ready(); });
}

Awaitable<absl::Status> TlsStream::Write(std::span<const asio::const_buffer> buffers) {
  if (IsCancelled(co_await asio::this_coro::cancellation_state)) co_return Cancelled();
  std::string record;
  for (size_t next = 0; next < buffers.size();) {
    // Small buffers share a record: each has its price.
    asio::const_buffer piece = buffers[next++];
    if (piece.size() < kRecordBytes && next < buffers.size()) {
      record.assign(static_cast<const char*>(piece.data()), piece.size());
      while (next < buffers.size() && record.size() + buffers[next].size() <= kRecordBytes) {
        record.append(static_cast<const char*>(buffers[next].data()), buffers[next].size());
        ++next;
      }
      piece = asio::buffer(record);
    }
    while (piece.size() > 0) {
      ERR_clear_error();
      size_t written = 0;
      const int result = SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &written);
      writing_ = result != 1;
      if (writing_) {
        absl::Status waited = co_await WaitAfter(result);
        if (!waited.ok()) co_return waited;
        continue;
      }
      piece += written;
      co_await TakeTurns();
    }
  }
  co_return absl::OkStatus();
}

void TlsStream::SendCloseNotify() {
  if (!open_ || writing_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

Awaitable<void> TlsStream::FinishWriting() {
  SendCloseNotify();
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  co_return;
}

void TlsStream::StopReading() {
  read_stopped_ = true;
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_receive, ignored);
}

void TlsStream::CloseNow(Close how) {
  if (!socket_.is_open()) return;
  error_code ignored;
  if (how == Close::kReset) {
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  } else {
    SendCloseNotify();
  }
  open_ = false;
  socket_.close(ignored);
}

bool TlsStream::IsQuiet() {
  if (!open_ || !socket_.is_open()) return false;
  ERR_clear_error();
  char byte;
  size_t n = 0;
  // Takes what TLS itself has sent, such as session tickets.
  const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &n);
  return result != 1 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
}

}  // namespace runnel
