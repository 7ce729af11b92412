#include "runtime/http/client_connection.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

constexpr size_t kHeadBufferBytes = 4 * 1024;
constexpr size_t kBodyBufferBytes = 64 * 1024;
// More than a head's buffer has: what follows the head gets a larger one.
constexpr size_t kLeastBodyReadBytes = 8 * 1024;
constexpr size_t kLeastHeadReadBytes = 1024;
// A body up to this size is written before the response is read.
constexpr uint64_t kSmallBodyBytes = 64 * 1024;

}  // namespace

// Views that it gives out point into the connection's buffer, and pin it.
class ClientConnection::ResponseBody : public HttpBody {
 public:
  ResponseBody(std::shared_ptr<ClientConnection> connection, std::optional<uint64_t> size)
      : connection_(std::move(connection)), size_(size) {}

  ~ResponseBody() override {
    if (connection_ != nullptr) connection_->Close();
  }

  Awaitable<Piece> Read() override {
    pin_.reset();
    if (ended_) co_return std::nullopt;
    std::shared_ptr<ClientConnection> connection = connection_;
    co_return co_await connection->ReadBody(this);
  }

  std::optional<Piece> TryRead() override {
    pin_.reset();
    if (ended_) return Piece(std::nullopt);
    const std::shared_ptr<ClientConnection> connection = connection_;
    return connection->TryReadBody(this);
  }

  std::optional<std::string_view> TryReadAll(uint64_t max_bytes) override {
    if (ended_ || !size_ || *size_ > max_bytes) return std::nullopt;
    const bool here =
        connection_->parser_.remaining() == size_ && connection_->input_.size() >= *size_;
    if (!here) return std::nullopt;
    const std::optional<Piece> piece = TryRead();
    return **piece;
  }

  std::optional<uint64_t> size() const override { return size_; }
  bool ended() const override { return ended_; }

  std::shared_ptr<ClientConnection> connection_;  // until the end
  const std::optional<uint64_t> size_;
  std::shared_ptr<const char[]> pin_;
  bool ended_ = false;
};

ClientConnection::ClientConnection(Executor executor, std::shared_ptr<ByteStream> stream,
                                   const Limits& limits, GiveBack give_back)
    : executor_(std::move(executor)),
      stream_(std::move(stream)),
      give_back_(std::move(give_back)),
      parser_(MessageParser::Kind::kResponse, limits),
      writer_(executor_, stream_),
      tasks_(executor_) {}

ClientConnection::~ClientConnection() { stream_->CloseNow(ByteStream::Close::kOrderly); }

void ClientConnection::Close() {
  if (std::exchange(closed_, true)) return;
  stream_->CloseNow(ByteStream::Close::kOrderly);
  tasks_.Cancel();
}

absl::Status ClientConnection::Failure(std::string_view what) const {
  if (!upload_failure_.ok()) return upload_failure_;
  return absl::UnavailableError(absl::StrCat(stream_->peer(), " ", AbslView(what)));
}

Awaitable<void> ClientConnection::Upload(std::shared_ptr<ClientConnection> self, std::string head,
                                         std::shared_ptr<HttpBody> body, BodyFraming framing) {
  HttpMessageWriter::Result result =
      co_await self->writer_.Write(std::move(head), body.get(), framing);
  self->uploading_ = false;
  // A connection that broke shows in reading too, after a response that says why.
  if (!result.body_failed || self->closed_) co_return;
  self->upload_failure_ = std::move(result.status);
  self->Close();
}

Awaitable<absl::StatusOr<HttpResponse>> ClientConnection::Exchange(std::string head,
                                                                   bool is_head_request,
                                                                   std::shared_ptr<HttpBody> body,
                                                                   BodyFraming framing) {
  std::shared_ptr<ClientConnection> self = shared_from_this();
  received_ = false;
  upload_failure_ = absl::OkStatus();
  if (framing == BodyFraming::kNone ||
      (framing == BodyFraming::kLength && body->size().value_or(0) <= kSmallBodyBytes)) {
    HttpMessageWriter::Result sent = co_await writer_.Write(std::move(head), body.get(), framing);
    if (!sent.status.ok() && (sent.body_failed || absl::IsCancelled(sent.status))) {
      Close();
      co_return std::move(sent.status);
    }
    body.reset();
  } else {
    uploading_ = true;
    tasks_.Spawn(Upload(self, std::move(head), std::move(body), framing));
  }

  if (absl::Status received = co_await ReceiveHead(is_head_request); !received.ok()) {
    Close();
    co_return received;
  }
  HttpResponse response;
  response.status = parser_.head().status;
  response.headers = std::move(parser_.head().headers);
  if (parser_.done()) {
    FinishExchange();
  } else {
    response.body = std::make_unique<ResponseBody>(self, parser_.head().content_length);
  }
  co_return response;
}

Awaitable<absl::Status> ClientConnection::Receive() {
  const asio::mutable_buffer space = parser_.head_done()
                                         ? input_.Prepare(kLeastBodyReadBytes, kBodyBufferBytes)
                                         : input_.Prepare(kLeastHeadReadBytes, kHeadBufferBytes);
  absl::StatusOr<size_t> received = co_await stream_->ReadSome(space);
  if (!received.ok()) {
    co_return upload_failure_.ok() ? std::move(received).status() : upload_failure_;
  }
  if (*received == 0) {
    input_ended_ = true;
  } else {
    received_ = true;
    input_.Commit(*received);
  }
  co_return absl::OkStatus();
}

Awaitable<absl::Status> ClientConnection::ReceiveHead(bool is_head_request) {
  for (;;) {
    parser_.Reset();
    if (is_head_request) parser_.ExpectNoBody();
    for (;;) {
      if (!input_.empty()) {
        input_.Consume(parser_.ParseHead(input_.view()));
        if (const auto& error = parser_.error(); error.has_value()) {
          if (error->status == 400) {
            co_return Failure(absl::StrCat("did not answer in HTTP/1: ", error->message));
          }
          co_return absl::ResourceExhaustedError(
              absl::StrCat("the response of ", stream_->peer(), ": ", error->message));
        }
        if (parser_.head_done()) break;
      }
      if (input_ended_) co_return Failure("closed the connection before it answered");
      RUNNEL_CO_RETURN_IF_ERROR(co_await Receive());
    }
    const int status = parser_.head().status;
    if (status == 101) co_return Failure("switched to another protocol, unasked");
    if (status >= 200) co_return absl::OkStatus();
  }
}

std::optional<HttpBody::Piece> ClientConnection::TryReadBody(ResponseBody* body) {
  std::string_view piece;
  if (!input_.empty()) {
    input_.Consume(parser_.ParseBody(input_.view(), &piece));
    if (!piece.empty()) body->pin_ = input_.pin();
    if (const auto& error = parser_.error(); error.has_value()) {
      Close();
      return HttpBody::Piece(Failure(absl::StrCat("sent a malformed body: ", error->message)));
    }
  }
  if (!parser_.done() && input_ended_ && piece.empty()) {
    parser_.ParseEnd();
    if (!parser_.done()) {
      Close();
      return HttpBody::Piece(Failure("closed the connection before the end of its response"));
    }
  }
  if (parser_.done()) {
    body->ended_ = true;
    body->connection_.reset();
    FinishExchange();
    if (piece.empty()) return HttpBody::Piece(std::nullopt);
  }
  if (!piece.empty()) return HttpBody::Piece(piece);
  return std::nullopt;
}

Awaitable<HttpBody::Piece> ClientConnection::ReadBody(ResponseBody* body) {
  for (;;) {
    std::optional<HttpBody::Piece> piece = TryReadBody(body);
    if (piece.has_value()) co_return *std::move(piece);
    RUNNEL_CO_RETURN_IF_ERROR(co_await Receive());
  }
}

void ClientConnection::FinishExchange() {
  const bool reusable =
      parser_.head().keep_alive && !uploading_ && !closed_ && !input_ended_ && input_.empty();
  if (reusable) {
    input_.Release();
    give_back_(shared_from_this());
  } else {
    Close();
  }
}

}  // namespace runnel
