#include "runtime/client/direct_test_server.h"

#include "google/protobuf/wrappers.pb.h"
#include "runtime/wire/envelope.h"
#include "runtime/wire/gzip.h"

namespace runnel {
namespace {

using google::protobuf::StringValue;

class PiecewiseBody final : public HttpBody {
 public:
  PiecewiseBody(std::string bytes, size_t piece) : bytes_(std::move(bytes)), piece_(piece) {}

  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
    if (read_ == bytes_.size()) co_return std::nullopt;
    const std::string_view piece = std::string_view(bytes_).substr(read_, piece_);
    read_ += piece.size();
    co_return piece;
  }

 private:
  const std::string bytes_;
  const size_t piece_;
  size_t read_ = 0;
};

// A generated stub's part.
Awaitable<CallResult> MakeCall(std::shared_ptr<Channel> channel, const MethodInfo& method,
                               std::vector<std::string> requests, CallOptions options) {
  CallResult result;
  std::unique_ptr<ClientCall> call = channel->NewCall(method, std::move(options));
  for (size_t i = 0; i < requests.size(); ++i) {
    StringValue message;
    message.set_value(requests[i]);
    WriteOptions write;
    write.last = !method.client_streams();
    const absl::Status written = co_await call->Write(message, write);
    if (!written.ok()) break;
  }
  const absl::Status done = co_await call->WritesDone();
  done.IgnoreError();  // Read tells
  for (;;) {
    StringValue message;
    const absl::StatusOr<bool> read = co_await call->Read(message);
    result.status = read.status();
    if (!read.ok() || !*read) break;
    result.messages.push_back(message.value());
  }
  result.initial = call->initial_metadata();
  result.trailing = call->trailing_metadata();
  co_return result;
}

}  // namespace

std::string EnvelopeOf(uint8_t flags, std::string_view payload) {
  std::string bytes;
  AppendEnvelope(flags, payload, bytes);
  return bytes;
}

std::string Gzipped(std::string_view bytes) {
  std::string compressed;
  AppendGzip(bytes, compressed);
  return compressed;
}

DirectTestServer::DirectTestServer()
    : http_(std::make_shared<InProcessHttp>(context_.get_executor(), *this)) {
  options.protocol = Protocol::kConnect;
  options.codec = Codec::kJson;
  options.retry.max_attempts = 1;
}

DirectTestServer::~DirectTestServer() { context_.poll(); }

std::shared_ptr<Channel> DirectTestServer::NewChannel() {
  return Channel::Over(context_.get_executor(), http_, options);
}

CallResult DirectTestServer::Call(const MethodInfo& method, std::vector<std::string> requests,
                                  CallOptions call) {
  return Run(MakeCall(NewChannel(), method, std::move(requests), std::move(call)));
}

Awaitable<HttpResponse> DirectTestServer::Handle(HttpRequest request) {
  ++requests_;
  if (request.body != nullptr) seen_.content_length = request.body->size();
  const absl::StatusOr<std::string> body =
      co_await ReadAll(request.body.get(), 100'000'000, "the test's own limit");
  seen_.body = body.value_or("");
  request.body.reset();
  seen_.head = std::move(request);
  HttpResponse answer;
  answer.status = response.status;
  answer.headers = response.headers;
  answer.body = std::make_unique<PiecewiseBody>(response.body, response.piece_bytes);
  co_return answer;
}

}  // namespace runnel
