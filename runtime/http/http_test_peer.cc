#include "runtime/http/http_test_peer.h"

#include <boost/asio/buffer.hpp>
#include <chrono>

namespace runnel {

using asio::ip::tcp;
using boost::system::error_code;

bool RunUntil(asio::io_context& context, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    context.restart();
    context.run_one_for(std::chrono::milliseconds(1));
  }
  return true;
}

void HttpTest::AwaitEnd(Awaitable<void> task) {
  TaskGroup group(context_.get_executor());
  group.Spawn(std::move(task));
  EXPECT_TRUE(Until([&] { return group.size() == 0; }));
}

void HttpTest::Settle() {
  for (int i = 0; i < 20; ++i) {
    context_.restart();
    context_.run_for(std::chrono::milliseconds(1));
  }
}

FakeHandler::FakeHandler() {
  On("/hello", [](HttpRequest) -> Awaitable<HttpResponse> { co_return Text("hello"); });
  On("/echo", [](HttpRequest request) -> Awaitable<HttpResponse> {
    absl::StatusOr<std::string> body =
        co_await ReadAll(request.body.get(), 100 << 20, "the test's");
    if (!body.ok()) co_return Text(body.status().ToString(), 400);
    co_return Text(*std::move(body));
  });
}

Awaitable<HttpResponse> FakeHandler::Handle(HttpRequest request) {
  ++handled;
  last_headers = request.headers;
  const auto found = answers_.find(request.target);
  if (found == answers_.end()) co_return Text("no " + request.target, 404);
  co_return co_await found->second(std::move(request));
}

HttpResponse Text(std::string text, int status) {
  HttpResponse response;
  response.status = status;
  response.body = StringBody(std::move(text));
  return response;
}

void BodyProbe::Push(std::string piece) {
  pieces.push_back(std::move(piece));
  changed.Notify();
}

void BodyProbe::End() {
  ended = true;
  changed.Notify();
}

namespace {

class ProbedBody : public HttpBody {
 public:
  explicit ProbedBody(std::shared_ptr<BodyProbe> probe) : probe_(std::move(probe)) {}
  ~ProbedBody() override { probe_->destroyed = true; }

  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
    BodyProbe& probe = *probe_;
    for (;;) {
      if (probe.endless_piece > 0) {
        piece_.assign(probe.endless_piece, 'x');
      } else if (!probe.pieces.empty()) {
        piece_ = std::move(probe.pieces.front());
        probe.pieces.pop_front();
      } else if (!probe.error.ok()) {
        co_return probe.error;
      } else if (probe.ended) {
        co_return std::nullopt;
      } else {
        const absl::Status waited = co_await probe.changed.Wait();
        probe.waited = waited.code();
        if (!waited.ok()) co_return waited;
        continue;
      }
      probe.produced += piece_.size();
      co_return std::string_view(piece_);
    }
  }

  std::optional<uint64_t> size() const override { return probe_->size; }

 private:
  const std::shared_ptr<BodyProbe> probe_;
  std::string piece_;
};

}  // namespace

std::unique_ptr<HttpBody> ProbeBody(std::shared_ptr<BodyProbe> probe) {
  return std::make_unique<ProbedBody>(std::move(probe));
}

RawPeer::RawPeer(asio::io_context& context, int port) : context_(context), socket_(context) {
  socket_.connect(tcp::endpoint(asio::ip::address_v4::loopback(), static_cast<uint16_t>(port)));
  socket_.non_blocking(true);
  socket_.set_option(tcp::no_delay(true));
}

RawPeer::RawPeer(asio::io_context& context, tcp::socket socket)
    : context_(context), socket_(std::move(socket)) {
  socket_.non_blocking(true);
}

void RawPeer::Send(std::string_view bytes) {
  EXPECT_TRUE(RunUntil(context_, [&] {
    if (bytes.empty()) return true;
    error_code error;
    bytes.remove_prefix(socket_.write_some(asio::buffer(bytes), error));
    return (error && error != asio::error::would_block) || bytes.empty();
  }));
}

bool RawPeer::Receive() {
  if (ended_) return false;
  char buffer[16 * 1024];
  error_code error;
  const size_t n = socket_.read_some(asio::buffer(buffer), error);
  received_.append(buffer, n);
  if (!error || error == asio::error::would_block) return true;
  ended_ = true;
  reset_ = error != asio::error::eof;
  return false;
}

std::string RawPeer::ReadThrough(std::string_view end) {
  size_t found = std::string::npos;
  RunUntil(context_, [&] {
    found = received_.find(end);
    return found != std::string::npos || !Receive();
  });
  if (found == std::string::npos) {
    ADD_FAILURE() << "no \"" << end << "\" in \"" << received_ << '"';
    return "";
  }
  return Read(found + end.size());
}

std::string RawPeer::Read(size_t size) {
  EXPECT_TRUE(RunUntil(context_, [&] { return received_.size() >= size || !Receive(); }));
  std::string taken = received_.substr(0, size);
  received_.erase(0, size);
  return taken;
}

std::string RawPeer::ReadToEnd() {
  EXPECT_TRUE(RunUntil(context_, [&] { return !Receive(); })) << received_;
  return std::exchange(received_, "");
}

std::string RawPeer::ReadResponse() {
  std::string response = ReadThrough("\r\n\r\n");
  const size_t length = response.find("Content-Length: ");
  if (length == std::string::npos) return response;
  return response + Read(std::stoul(response.substr(length + 16)));
}

void RawPeer::FinishWriting() { socket_.shutdown(tcp::socket::shutdown_send); }

void RawPeer::Close() { socket_.close(); }

}  // namespace runnel
