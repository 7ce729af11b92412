#include "tests/conformance/torture_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"

namespace conformance {
namespace {

constexpr int kPatienceMs = 30'000;

absl::Status NoResponse(const std::string& text) {
  return absl::DataLossError(absl::StrCat("no HTTP response: \"", text.substr(0, 200), "\""));
}

// The value of the field, in a head in lower case.
std::string FieldOf(const std::string& head, const std::string& name) {
  const size_t begin = head.find("\r\n" + name + ": ");
  if (begin == head.npos) return std::string();
  const size_t value = begin + name.size() + 4;
  return head.substr(value, head.find("\r\n", value) - value);
}

}  // namespace

absl::StatusOr<TorturePeer> TorturePeer::Connect(int port) {
  TorturePeer peer(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(peer.socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot connect: ", std::strerror(errno)));
  }
  const int on = 1;
  setsockopt(peer.socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return peer;
}

TorturePeer::TorturePeer(TorturePeer&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), buffer_(std::move(other.buffer_)) {}

TorturePeer::~TorturePeer() {
  if (socket_ >= 0) close(socket_);
}

absl::Status TorturePeer::Wait(short events) {
  pollfd waiting = {socket_, events, 0};
  if (poll(&waiting, 1, kPatienceMs) > 0) return absl::OkStatus();
  return absl::DeadlineExceededError("the server did nothing for 30 s");
}

absl::Status TorturePeer::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    RUNNEL_RETURN_IF_ERROR(Wait(POLLOUT));
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN) continue;
    if (sent < 0) break;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return absl::OkStatus();
}

void TorturePeer::EndSending() { shutdown(socket_, SHUT_WR); }

absl::StatusOr<bool> TorturePeer::Fill() {
  RUNNEL_RETURN_IF_ERROR(Wait(POLLIN));
  char piece[16 * 1024];
  const ssize_t received = recv(socket_, piece, sizeof(piece), 0);
  if (received <= 0) return false;
  buffer_.append(piece, static_cast<size_t>(received));
  return true;
}

absl::Status TorturePeer::FillTo(size_t size) {
  while (buffer_.size() < size) {
    RUNNEL_ASSIGN_OR_RETURN(const bool more, Fill());
    if (!more) return absl::UnavailableError("the connection ended within a response");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> TorturePeer::TakeLine() {
  size_t end;
  while ((end = buffer_.find("\r\n")) == buffer_.npos) {
    RUNNEL_RETURN_IF_ERROR(FillTo(buffer_.size() + 1));
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

absl::StatusOr<std::string> TorturePeer::TakeChunks() {
  std::string body;
  for (;;) {
    RUNNEL_ASSIGN_OR_RETURN(const std::string line, TakeLine());
    uint32_t size = 0;
    if (!absl::SimpleHexAtoi(line, &size)) return NoResponse(line);
    RUNNEL_RETURN_IF_ERROR(FillTo(size + 2));
    body.append(buffer_, 0, size);
    buffer_.erase(0, size + 2);
    if (size == 0) return body;
  }
}

absl::StatusOr<TortureResponse> TorturePeer::Read(bool head_only) {
  size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == buffer_.npos) {
    RUNNEL_ASSIGN_OR_RETURN(const bool more, Fill());
    if (more) continue;
    if (buffer_.empty()) return absl::UnavailableError("the connection ended without a response");
    return NoResponse(buffer_);
  }
  TortureResponse response;
  response.text = buffer_.substr(0, end + 4);
  buffer_.erase(0, end + 4);
  if (!absl::StartsWith(response.text, "HTTP/1.1 ") ||
      !absl::SimpleAtoi(response.text.substr(9, 3), &response.status)) {
    return NoResponse(response.text);
  }
  if (head_only || response.status < 200 || response.status == 204 || response.status == 304)
    return response;
  const std::string head = absl::AsciiStrToLower(response.text);
  if (FieldOf(head, "transfer-encoding") == "chunked") {
    RUNNEL_ASSIGN_OR_RETURN(const std::string body, TakeChunks());
    response.text += body;
    return response;
  }
  const std::string length = FieldOf(head, "content-length");
  size_t size = 0;
  if (length.empty()) {  // until the end of the connection
    for (bool more = true; more;) {
      RUNNEL_ASSIGN_OR_RETURN(more, Fill());
    }
    size = buffer_.size();
  } else if (!absl::SimpleAtoi(length, &size)) {
    return NoResponse(response.text);
  }
  RUNNEL_RETURN_IF_ERROR(FillTo(size));
  response.text.append(buffer_, 0, size);
  buffer_.erase(0, size);
  return response;
}

absl::Status TorturePeer::ReadEnd() {
  for (;;) {
    if (!buffer_.empty()) {
      return absl::DataLossError(
          absl::StrCat("there is more than expected: \"", buffer_.substr(0, 200), "\""));
    }
    RUNNEL_ASSIGN_OR_RETURN(const bool more, Fill());
    if (!more) return absl::OkStatus();
  }
}

}  // namespace conformance
