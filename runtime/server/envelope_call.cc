#include "runtime/server/envelope_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/call/metadata_headers.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/server/error_response.h"
#include "runtime/wire/connect_error.h"
#include "runtime/wire/gzip.h"

namespace runnel {
namespace {

// A writer waits while so much is on its way: one large write of the connection.
constexpr size_t kMaxPendingBytes = 64 * 1024;

// A stream's head leaves after this time even if nothing has been written.
constexpr absl::Duration kHeadDelay = absl::Milliseconds(200);

absl::Status ClientGone() { return absl::CancelledError("the client has gone away"); }

}  // namespace

// The envelopes of a response, taken as fast as the connection sends them.
class EnvelopeCall::Body final : public HttpBody {
 public:
  explicit Body(std::shared_ptr<EnvelopeCall> call) : call_(std::move(call)) {}
  ~Body() override { call_->Cancel(ClientGone()); }

  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
    while (call_->out_.empty()) {
      if (call_->end_) co_return std::nullopt;
      absl::Status waited = co_await call_->changed_.Wait();
      if (!waited.ok()) co_return waited;
    }
    sending_.clear();
    sending_.swap(call_->out_);
    call_->drained_.Notify();
    co_return std::optional<std::string_view>(sending_);
  }

  bool ended() const override { return call_->end_.has_value() && call_->out_.empty(); }

 private:
  std::shared_ptr<EnvelopeCall> call_;
  std::string sending_;
};

EnvelopeCall::EnvelopeCall(ServerContext::Call call, DirectRequest request, const Limits& limits)
    : ServerCall(std::move(call)),
      request_(std::move(request)),
      limits_(limits),
      parser_(request_.coding == ContentCoding::kGzip ? MaxGzipBytes(limits.max_message_bytes)
                                                      : limits.max_message_bytes,
              "Limits::max_message_bytes") {}

Awaitable<HttpResponse> EnvelopeCall::Respond(std::shared_ptr<EnvelopeCall> call) {
  Clock& clock = call->context().clock();
  const absl::Time head_due = call->streams() ? clock.Now() + kHeadDelay : absl::InfiniteFuture();
  while (!call->end_ && !(call->streams() && call->written_)) {
    absl::Status waited = co_await call->changed_.WaitUntil(clock, head_due);
    if (absl::IsDeadlineExceeded(waited)) break;
    if (!waited.ok()) {
      call->Cancel(ClientGone());
      co_return ErrorResponse(ClientGone());
    }
  }
  const absl::Status read = co_await call->ReadAhead();
  if (!read.ok()) {
    call->Cancel(ClientGone());
    co_return ErrorResponse(ClientGone());
  }
  if (call->idled()) {
    call->Cancel(call->request_error_);
    co_return ErrorResponse(
        505, absl::UnimplementedError(absl::StrCat(
                 call->request_error_.message(), "; the response of ",
                 AbslView(call->context().method().path),
                 " begins when the request has ended. For both directions at once use a session "
                 "(runnel.v1.Channel/Open), as the clients of this library do")));
  }
  co_return call->Response();
}

// A client that waits for responses before it ends its request, which over HTTP/1.1 it gets too
// late. (Or it has left: then it does not matter what it is told.)
bool EnvelopeCall::idled() {
  return absl::IsUnavailable(request_error_) && context().method().kind == CallKind::kBidi;
}

Awaitable<absl::Status> EnvelopeCall::ReadAhead() {
  while (!end_ && !request_ended_) {
    absl::Status waited;
    if (parser_.pending() < limits_.max_unread_bytes) {
      waited = co_await ahead_.Await(AwaitMore());
    } else if (out_.size() >= kMaxPendingBytes) {
      // The handler waits for room in the response, and so would never read the request.
      Cancel(absl::ResourceExhaustedError(
          absl::StrCat("the handler has left ", parser_.pending(),
                       " bytes of the request unread; limit is Limits::max_unread_bytes = ",
                       limits_.max_unread_bytes)));
    } else {
      waited = co_await ahead_.Await(taken_.Wait());
    }
    if (!waited.ok() && !end_) co_return waited;
  }
  co_return absl::OkStatus();
}

HttpResponse EnvelopeCall::Response() {
  HttpResponse response;
  response.headers.Add("content-type",
                       absl::StrCat("application/connect+", AbslView(CodecName(request_.codec))));
  response.headers.Add("cache-control", "no-store, no-transform");
  response.headers.Add("x-accel-buffering", "no");
  if (request_.response_coding == ContentCoding::kGzip) {
    response.headers.Add("connect-content-encoding", "gzip");
  }
  AddMetadata(context().initial_metadata(), "", response.headers);
  if (end_) {
    response.body = StringBody(std::move(out_));
  } else {
    response.body =
        std::make_unique<Body>(std::static_pointer_cast<EnvelopeCall>(shared_from_this()));
  }
  return response;
}

Awaitable<absl::Status> EnvelopeCall::AwaitMore() {
  if (!reading_) co_return co_await ReadPiece();
  co_return co_await arrived_.Wait();
}

Awaitable<absl::Status> EnvelopeCall::ReadPiece() {
  reading_ = true;
  absl::StatusOr<std::optional<std::string_view>> piece = co_await request_.body->Read();
  reading_ = false;
  arrived_.Notify();
  if (absl::IsCancelled(piece.status())) co_return piece.status();
  if (!piece.ok()) {
    request_error_ = piece.status();
    request_ended_ = true;
  } else if (!piece->has_value()) {
    request_ended_ = true;
  } else {
    parser_.Feed(**piece);
    request_ended_ = request_.body->ended();
  }
  co_return absl::OkStatus();
}

Awaitable<absl::StatusOr<bool>> EnvelopeCall::Read(google::protobuf::Message& message) {
  for (;;) {
    if (context().IsCancelled()) co_return context().cancel_status();
    RUNNEL_CO_ASSIGN_OR_RETURN(std::optional<Envelope> next, parser_.Next());
    if (next) {
      RUNNEL_CO_RETURN_IF_ERROR(Decode(*next, message));
      taken_.Notify();
      co_return true;
    }
    if (request_ended_) break;
    const absl::Status waited = co_await AwaitMore();
    if (context().IsCancelled()) co_return context().cancel_status();
    if (!waited.ok()) co_return waited;
  }
  if (!request_error_.ok()) co_return request_error_;
  if (parser_.pending() > 0) {
    co_return absl::InvalidArgumentError("the request ends in the middle of an envelope");
  }
  co_return false;
}

absl::Status EnvelopeCall::Decode(const Envelope& envelope,
                                  google::protobuf::Message& message) const {
  if (envelope.end_stream()) {
    return absl::InvalidArgumentError(
        "an envelope of the request has the flag of the end of a response; a request ends with its "
        "body");
  }
  // Connect clients leave the empty message as it is.
  if (!envelope.compressed() ||
      (envelope.payload.empty() && request_.coding != ContentCoding::kIdentity)) {
    return DecodeMessage(request_.codec, envelope.payload, limits_, message);
  }
  if (request_.coding == ContentCoding::kIdentity) {
    return absl::InternalError(
        "an envelope of the request is compressed, but Connect-Content-Encoding does not say how");
  }
  RUNNEL_ASSIGN_OR_RETURN(std::string bytes, Gunzip(envelope.payload, limits_.max_message_bytes,
                                                    "Limits::max_message_bytes"));
  return DecodeMessage(request_.codec, bytes, limits_, message);
}

Awaitable<absl::Status> EnvelopeCall::Write(const google::protobuf::Message& message,
                                            const WriteOptions& options) {
  if (context().IsCancelled()) co_return context().cancel_status();
  encoded_.clear();
  RUNNEL_CO_RETURN_IF_ERROR(EncodeMessage(request_.codec, message, encoded_));
  if (!streams()) out_.clear();
  if (request_.response_coding == ContentCoding::kGzip &&
      encoded_.size() >= kLeastCompressedBytes) {
    compressed_.clear();
    AppendGzip(encoded_, compressed_);
    AppendEnvelope(kCompressedEnvelope, compressed_, out_);
  } else {
    AppendEnvelope(0, encoded_, out_);
  }
  if (!streams()) co_return absl::OkStatus();
  written_ = true;
  changed_.Notify();
  while (out_.size() >= kMaxPendingBytes) {
    taken_.Notify();  // ReadAhead looks again
    absl::Status waited = co_await drained_.Wait();
    if (context().IsCancelled()) co_return context().cancel_status();
    if (!waited.ok()) co_return waited;
  }
  co_return absl::OkStatus();
}

void EnvelopeCall::OnEnd(const absl::Status& status) {
  end_ = status;
  // A call that fails after its only response was written is a failed call.
  if (!streams() && !status.ok()) out_.clear();
  EndOfStream end;
  end.status = status;
  end.trailers = context().trailing_metadata();
  AppendEnvelope(kEndStreamEnvelope, EndOfStreamJson(end), out_);
  changed_.Notify();
  drained_.Notify();
  ahead_.Interrupt();
}

}  // namespace runnel
