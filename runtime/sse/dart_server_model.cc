#include "runtime/sse/dart_server_model.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"
#include "runtime/sse/dart_string.h"

namespace runnel {
namespace {

using asio::ip::tcp;

constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);

// Written straight to the socket; the body lasts until it is closed.
constexpr char kStreamHead[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    "Connection: keep-alive\r\nAccess-Control-Allow-Credentials: true\r\n\r\n\r\n";
constexpr char kPostHead[] =
    "access-control-allow-credentials: true\r\naccess-control-allow-origin: 127.0.0.1\r\n"
    "date: Thu, 01 Jan 1970 00:00:00 GMT\r\ncontent-length: 0\r\nx-frame-options: SAMEORIGIN\r\n"
    "content-type: text/plain; charset=utf-8\r\nx-xss-protection: 1; mode=block\r\n"
    "x-content-type-options: nosniff\r\n\r\n";

// The value of a field, whatever its case.
std::string Field(const std::string& head, std::string_view name) {
  size_t line = 0;
  while (line < head.size()) {
    const size_t end = head.find("\r\n", line);
    const std::string_view text = std::string_view(head).substr(line, end - line);
    const size_t colon = text.find(": ");
    if (colon == name.size() &&
        std::equal(name.begin(), name.end(), text.begin(),
                   [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b | 0x20 : b); })) {
      return std::string(text.substr(colon + 2));
    }
    line = end + 2;
  }
  return "";
}

std::string Parameter(std::string_view query, std::string_view name) {
  const size_t at = query.find(absl::StrCat(AbslView(name), "="));
  if (at == query.npos) return "";
  const std::string_view rest = query.substr(at + name.size() + 1);
  return std::string(rest.substr(0, rest.find('&')));
}

}  // namespace

struct DartServerModel::Peer {
  explicit Peer(tcp::socket s) : socket(std::move(s)) {}

  void Write(std::string_view bytes) {
    boost::system::error_code error;
    asio::write(socket, asio::buffer(bytes.data(), bytes.size()), error);
  }
  void Close() {
    boost::system::error_code error;
    socket.shutdown(tcp::socket::shutdown_both, error);
    socket.close(error);
  }

  tcp::socket socket;
};

DartServerModel::DartServerModel(asio::io_context& context)
    : context_(context), acceptor_(context), tasks_(context.get_executor()) {
  Listen();
}

DartServerModel::~DartServerModel() { Stop(); }

std::string DartServerModel::url() const {
  return absl::StrCat("http://127.0.0.1:", port_, "/test");
}

void DartServerModel::Listen() {
  const tcp::endpoint endpoint(asio::ip::make_address("127.0.0.1"),
                               static_cast<unsigned short>(port_));
  acceptor_.open(endpoint.protocol());
  acceptor_.set_option(tcp::acceptor::reuse_address(true));
  acceptor_.bind(endpoint);
  acceptor_.listen();
  port_ = acceptor_.local_endpoint().port();
  tasks_.Spawn(Accept(this));
}

void DartServerModel::Stop() {
  acceptor_.close();
  stream_.reset();
  for (const auto& weak : peers_) {
    if (const auto peer = weak.lock()) peer->Close();
  }
  // The tasks know this object: they end first.
  while (tasks_.size() > 0) {
    context_.restart();
    context_.run_one();
  }
}

void DartServerModel::Write(std::string_view bytes) { stream_->Write(bytes); }

void DartServerModel::SendMessage(std::string_view text) {
  Write(absl::StrCat("data: \"", AbslView(text), "\"\n"));
  Write("\n");
}

void DartServerModel::DropStream() { std::exchange(stream_, nullptr)->Close(); }

Awaitable<void> DartServerModel::Accept(DartServerModel* self) {
  while (true) {
    auto [error, socket] = co_await self->acceptor_.async_accept(kNoThrow);
    if (error) co_return;
    auto peer = std::make_shared<Peer>(std::move(socket));
    self->peers_.push_back(peer);
    self->tasks_.Spawn(Serve(self, std::move(peer)));
  }
}

Awaitable<void> DartServerModel::Serve(DartServerModel* self, std::shared_ptr<Peer> peer) {
  std::string input;
  while (true) {
    const auto [error, size] = co_await asio::async_read_until(
        peer->socket, asio::dynamic_buffer(input), "\r\n\r\n", kNoThrow);
    if (error) break;
    const std::string head = input.substr(0, size);
    input.erase(0, size);
    const size_t length = static_cast<size_t>(std::atoi(Field(head, "content-length").c_str()));
    if (input.size() < length) {
      const auto [broken, more] =
          co_await asio::async_read(peer->socket, asio::dynamic_buffer(input),
                                    asio::transfer_exactly(length - input.size()), kNoThrow);
      if (broken) break;
    }
    const std::string body = input.substr(0, length);
    input.erase(0, length);
    self->requests.push_back(head + body);
    const std::string answer = self->Answer(head, body);
    if (answer.empty()) break;
    peer->Write(answer);
    if (answer == kStreamHead) {
      self->stream_ = peer;
      ++self->streams;
    }
  }
  peer->Close();
}

std::string DartServerModel::Answer(const std::string& head, const std::string& body) {
  const std::string method = head.substr(0, head.find(' '));
  const std::string target =
      head.substr(method.size() + 1, head.find(" HTTP/1.1") - method.size() - 1);
  const std::string path = target.substr(0, target.find('?'));
  const std::string query = target.substr(std::min(path.size() + 1, target.size()));
  constexpr char kNotFound[] = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
  if (path != "/test") return kNotFound;
  const bool stream = Field(head, "accept") == "text/event-stream";
  if (method == "GET" && stream) {
    const std::string id = Parameter(query, "sseClientId");
    // Another connection, for which the numbers begin anew; with keepAlive it is the same.
    client_id_ = id;
    return kStreamHead;
  }
  if (method != "POST" || stream) return kNotFound;
  if (breaks_posts) return "";
  const absl::StatusOr<std::string> text = ParseDartString(body);
  if (Parameter(query, "sseClientId") == client_id_ && text.ok() && post_status == 200) {
    Deliver(std::strtoull(Parameter(query, "messageId").c_str(), nullptr, 10), *text);
  }
  return absl::StrCat("HTTP/1.1 ", post_status, " OK\r\n", kPostHead);
}

// As Dart's: what comes again is delivered again, and what is missing is waited for, for ever.
void DartServerModel::Deliver(uint64_t number, std::string text) {
  pending_.emplace(number, std::move(text));
  while (!pending_.empty() && static_cast<int64_t>(pending_.begin()->first) - last_ <= 1) {
    last_ = static_cast<int64_t>(pending_.begin()->first);
    delivered.push_back(std::move(pending_.begin()->second));
    pending_.erase(pending_.begin());
  }
}

}  // namespace runnel
