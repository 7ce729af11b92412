#include "runtime/server/envelope_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/call/metadata_headers.h"
#include "runtime/call/shared_message.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/server/error_response.h"
#include "runtime/wire/connect_error.h"
#include "runtime/wire/gzip.h"

namespace runnel {

EnvelopeCall::EnvelopeCall(ServerContext::Call call, DirectRequest request, const Limits& limits,
                           ByteBudget& receiving)
    : ServerCall(std::move(call)),
      request_(std::move(request)),
      limits_(limits),
      parser_(request_.coding == Compression::kGzip ? MaxGzipBytes(limits.max_message_bytes)
                                                    : limits.max_message_bytes,
              "Limits::max_message_bytes"),
      unread_(&receiving) {}

Awaitable<HttpResponse> EnvelopeCall::Respond(std::shared_ptr<EnvelopeCall> call) {
  absl::Status waited = co_await call->out_.WaitForHead(call->context().clock(), call->streams());
  if (waited.ok()) waited = co_await call->ReadAhead();
  if (!waited.ok()) {
    call->Cancel(CallOutput::ClientGone());
    co_return ErrorResponse(CallOutput::ClientGone());
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
// late.
bool EnvelopeCall::idled() {
  return absl::IsDeadlineExceeded(request_error_) && context().method().kind == CallKind::kBidi;
}

Awaitable<absl::Status> EnvelopeCall::ReadAhead() {
  while (!out_.ended() && !request_ended_) {
    absl::Status waited;
    if (parser_.pending() < limits_.max_unread_bytes) {
      waited = co_await ahead_.Await(AwaitMore());
    } else if (out_.full()) {
      // The handler waits for room in the response, and so would never read the request.
      Cancel(absl::ResourceExhaustedError(
          absl::StrCat("the handler has left ", parser_.pending(),
                       " bytes of the request unread; limit is Limits::max_unread_bytes = ",
                       limits_.max_unread_bytes)));
    } else {
      waited = co_await ahead_.Await(taken_.Wait());
    }
    if (!waited.ok() && !out_.ended()) co_return waited;
  }
  co_return absl::OkStatus();
}

HttpResponse EnvelopeCall::Response() {
  HttpResponse response;
  response.headers.Add("content-type",
                       absl::StrCat("application/connect+", AbslView(CodecName(request_.codec))));
  response.headers.Add("cache-control", "no-store, no-transform");
  response.headers.Add("x-accel-buffering", "no");
  if (request_.response_coding == Compression::kGzip) {
    response.headers.Add("connect-content-encoding", "gzip");
  }
  AddMetadata(context().initial_metadata(), "", response.headers);
  response.body =
      out_.ended() ? StringBody(std::move(out_.bytes())) : out_.Body(shared_from_this());
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
    if (absl::IsUnavailable(request_error_)) Cancel(CallOutput::ClientGone());
  } else if (!piece->has_value()) {
    request_ended_ = true;
  } else {
    request_error_ = unread_.Resize(parser_.pending() + (*piece)->size());
    if (request_error_.ok()) parser_.Feed(**piece);
    request_ended_ = !request_error_.ok() || request_.body->ended();
  }
  co_return absl::OkStatus();
}

Awaitable<absl::StatusOr<bool>> EnvelopeCall::Read(google::protobuf::Message& message) {
  for (;;) {
    if (context().IsCancelled()) co_return context().cancel_status();
    RUNNEL_CO_ASSIGN_OR_RETURN(std::optional<Envelope> next, parser_.Next());
    if (next) {
      RUNNEL_CO_RETURN_IF_ERROR(Decode(*next, message));
      RUNNEL_CO_RETURN_IF_ERROR(unread_.Resize(parser_.pending()));
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

absl::Status EnvelopeCall::Decode(const Envelope& envelope, google::protobuf::Message& message) {
  if (envelope.end_stream()) {
    return absl::InvalidArgumentError(
        "an envelope of the request has the flag of the end of a response; a request ends with its "
        "body");
  }
  // Connect clients leave the empty message as it is.
  if (!envelope.compressed() ||
      (envelope.payload.empty() && request_.coding != Compression::kIdentity)) {
    CountReceived(envelope.payload.size());
    return DecodeMessage(request_.codec, envelope.payload, limits_, message);
  }
  if (request_.coding == Compression::kIdentity) {
    return absl::InternalError(
        "an envelope of the request is compressed, but Connect-Content-Encoding does not say how");
  }
  RUNNEL_ASSIGN_OR_RETURN(std::string bytes, Gunzip(envelope.payload, limits_.max_message_bytes,
                                                    "Limits::max_message_bytes"));
  CountReceived(bytes.size());
  return DecodeMessage(request_.codec, bytes, limits_, message);
}

Awaitable<absl::Status> EnvelopeCall::Write(const google::protobuf::Message& message,
                                            const WriteOptions&) {
  if (context().IsCancelled()) co_return context().cancel_status();
  encoded_.clear();
  RUNNEL_CO_RETURN_IF_ERROR(EncodeMessage(request_.codec, message, encoded_));
  AppendMessage(encoded_);
  co_return co_await WaitForRoom();
}

// Envelopes have no ids.
Awaitable<absl::Status> EnvelopeCall::WriteShared(SharedMessages messages, SharedMessage::Id) {
  if (context().IsCancelled()) co_return context().cancel_status();
  for (const SharedMessagePtr& message : messages) {
    RUNNEL_CO_ASSIGN_OR_RETURN(const std::string_view encoded, message->Encoded(request_.codec));
    AppendMessage(encoded);
    if (out_.full()) RUNNEL_CO_RETURN_IF_ERROR(co_await WaitForRoom());
  }
  co_return absl::OkStatus();
}

void EnvelopeCall::AppendMessage(std::string_view message) {
  CountSent(message.size());
  if (!streams()) out_.bytes().clear();
  if (request_.response_coding == Compression::kGzip && message.size() >= kLeastCompressedBytes) {
    compressed_.clear();
    AppendGzip(message, compressed_);
    AppendEnvelope(kCompressedEnvelope, compressed_, out_.bytes());
  } else {
    AppendEnvelope(0, message, out_.bytes());
  }
  if (streams()) out_.Flush();
}

Awaitable<absl::Status> EnvelopeCall::WaitForRoom() {
  while (streams() && out_.full()) {
    taken_.Notify();  // ReadAhead looks again
    absl::Status waited = co_await out_.WaitUntilTaken();
    if (context().IsCancelled()) co_return context().cancel_status();
    if (!waited.ok()) co_return waited;
  }
  co_return absl::OkStatus();
}

LiveCall EnvelopeCall::Describe() const {
  LiveCall live = ServerCall::Describe();
  live.unread_bytes = parser_.pending();
  live.unsent_bytes = out_.size();
  return live;
}

void EnvelopeCall::OnEnd(const absl::Status& status) {
  // A call that fails after its only response was written is a failed call.
  if (!streams() && !status.ok()) out_.bytes().clear();
  EndOfStream end;
  end.status = status;
  end.trailers = context().trailing_metadata();
  AppendEnvelope(kEndStreamEnvelope, EndOfStreamJson(end), out_.bytes());
  out_.End();
  ahead_.Interrupt();
}

}  // namespace runnel
