#include "tests/interop/raw_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace interop {
namespace {

void Check(bool good, const char* what) {
  if (good) return;
  std::perror(what);
  std::abort();
}

std::string LowerCase(std::string text) {
  for (char& c : text) c = (c >= 'A' && c <= 'Z') ? static_cast<char>(c + 32) : c;
  return text;
}

}  // namespace

RawHttp::RawHttp(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  Check(socket_ >= 0, "socket");
  const timeval patience{30, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Check(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "connect");
}

RawHttp::~RawHttp() { close(socket_); }

void RawHttp::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return;  // the server has refused already: its answer says why
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

void RawHttp::SendRequest(std::string_view method, std::string_view target,
                          std::string_view headers, std::string_view body) {
  std::string request;
  request.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
  request.append(headers);
  if (method == "POST" || !body.empty()) {
    request.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  request.append("\r\n").append(body);
  Send(request);
}

bool RawHttp::Fill() {
  char bytes[16 * 1024];
  const ssize_t received = recv(socket_, bytes, sizeof bytes, 0);
  if (received < 0 && errno == ECONNRESET) return false;
  Check(received >= 0, "recv");
  buffer_.append(bytes, static_cast<size_t>(received));
  return received > 0;
}

std::string RawHttp::TakeLine() {
  size_t end;
  while ((end = buffer_.find("\r\n")) == buffer_.npos) {
    if (!Fill()) return "";
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

RawResponse RawHttp::ReadHead() {
  RawResponse response;
  body_.clear();
  const std::string status_line = TakeLine();
  if (status_line.size() < 12) return response;  // status 0: the connection has ended
  response.status = std::atoi(status_line.substr(9, 3).c_str());
  for (std::string line = TakeLine(); !line.empty(); line = TakeLine()) {
    const size_t colon = line.find(':');
    const size_t value = line.find_first_not_of(' ', colon + 1);
    response.headers[LowerCase(line.substr(0, colon))] =
        value == line.npos ? "" : line.substr(value);
  }
  chunked_ = response.headers["transfer-encoding"] == "chunked";
  const bool sized = response.headers.count("content-length") > 0;
  until_close_ = !chunked_ && !sized && response.status != 204;
  left_ = sized ? std::strtoul(response.headers["content-length"].c_str(), nullptr, 10) : 0;
  at_end_ = !chunked_ && !until_close_ && left_ == 0;
  return response;
}

void RawHttp::ReadPiece() {
  if (chunked_ && left_ == 0) {
    left_ = std::strtoul(TakeLine().c_str(), nullptr, 16);
    if (left_ == 0) {
      TakeLine();
      at_end_ = true;
      return;
    }
  }
  if (buffer_.empty() && !Fill()) {
    at_end_ = true;
    return;
  }
  const size_t size = until_close_ ? buffer_.size() : std::min(left_, buffer_.size());
  body_.append(buffer_, 0, size);
  buffer_.erase(0, size);
  if (until_close_) return;
  left_ -= size;
  if (left_ > 0) return;
  if (chunked_) {
    TakeLine();
  } else {
    at_end_ = true;
  }
}

std::string RawHttp::ReadUntil(std::string_view end) {
  while (!at_end_ && (end.empty() || !body_.ends_with(end))) ReadPiece();
  return body_;
}

RawResponse RawHttp::Read() {
  RawResponse response = ReadHead();
  response.body = ReadUntil("");
  return response;
}

RawResponse Post(int port, std::string_view target, std::string_view content_type,
                 std::string_view body, std::string_view headers) {
  RawHttp http(port);
  std::string all("Content-Type: ");
  all.append(content_type).append("\r\n").append(headers);
  http.SendRequest("POST", target, all, body);
  return http.Read();
}

RawResponse Get(int port, std::string_view target, std::string_view headers) {
  RawHttp http(port);
  http.SendRequest("GET", target, headers);
  return http.Read();
}

}  // namespace interop
