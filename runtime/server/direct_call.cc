#include "runtime/server/direct_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/call/metadata_headers.h"
#include "runtime/call/shared_message.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/server/error_response.h"
#include "runtime/wire/connect_error.h"
#include "runtime/wire/event_writer.h"
#include "runtime/wire/gzip.h"

namespace runnel {

DirectCall::DirectCall(ServerContext::Call call, DirectRequest request, const Limits& limits,
                       ByteBudget& receiving, absl::Duration heartbeat)
    : ServerCall(std::move(call)),
      request_(std::move(request)),
      codec_(request_.codec),
      limits_(limits),
      receiving_(receiving),
      heartbeat_(heartbeat),
      has_request_(request_.body != nullptr) {}

Awaitable<HttpResponse> DirectCall::Respond(std::shared_ptr<DirectCall> call) {
  absl::Status waited;
  // Many a handler has no need to wait, and is done.
  if (!call->ended()) {
    waited = co_await call->out_.WaitForHead(call->context().clock(), call->streams());
  }
  if (!waited.ok()) {
    call->Cancel(CallOutput::ClientGone());
    co_return ErrorResponse(CallOutput::ClientGone());
  }
  if (call->end_ && !call->end_->ok() && !call->out_.begun()) {
    HttpResponse response = ErrorResponse(*call->end_);
    AddMetadata(call->context().initial_metadata(), "", response.headers);
    AddMetadata(call->context().trailing_metadata(), kTrailerPrefix, response.headers);
    co_return response;
  }
  if (call->streams()) co_return call->StreamResponse();
  co_return call->UnaryResponse();
}

HttpResponse DirectCall::UnaryResponse() {
  std::string& body = out_.bytes();
  const bool compressed =
      request_.response_coding == Compression::kGzip && body.size() >= kLeastCompressedBytes;
  if (compressed) {
    scratch_.clear();
    AppendGzip(body, scratch_);
    body.swap(scratch_);
  }
  HttpResponse response =
      BytesResponse(absl::StrCat("application/", AbslView(CodecName(codec_))), std::move(body));
  if (compressed) response.headers.Add("content-encoding", "gzip");
  // Caches keep what GET brings.
  if (request_.get) response.headers.Add("vary", "accept-encoding");
  AddMetadata(context().initial_metadata(), "", response.headers);
  AddMetadata(context().trailing_metadata(), kTrailerPrefix, response.headers);
  return response;
}

HttpResponse DirectCall::StreamResponse() {
  HttpResponse response;
  response.headers.Add("content-type", codec_ == Codec::kJson ? "text/event-stream"
                                                              : "text/event-stream; codec=proto");
  response.headers.Add("cache-control", "no-store, no-transform");
  response.headers.Add("x-accel-buffering", "no");
  AddMetadata(context().initial_metadata(), "", response.headers);
  // Proxies wait for the first byte.
  std::string first;
  AppendComment("ok", first);
  out_.bytes().insert(0, first);
  response.body = out_.Body(shared_from_this(), heartbeat_);
  return response;
}

bool DirectCall::TryRead(google::protobuf::Message& message) {
  if (request_read_ || context().IsCancelled() || request_.body == nullptr ||
      request_.coding != Compression::kIdentity || !undecodable_.ok()) {
    return false;
  }
  const std::optional<std::string_view> bytes =
      request_.body->TryReadAll(limits_.max_message_bytes);
  if (!bytes) return false;
  request_read_ = true;
  undecodable_ = Decode(*bytes, message);
  request_.body.reset();  // it holds on to what has arrived
  return undecodable_.ok();
}

absl::Status DirectCall::Decode(std::string_view bytes, google::protobuf::Message& message) {
  CountReceived(bytes.size());
  // No JSON text is empty, but a GET without a message means the empty one, as in binary.
  if (!bytes.empty() || codec_ == Codec::kProto) {
    return DecodeMessage(codec_, bytes, limits_, message);
  }
  if (!has_request_) return absl::OkStatus();
  return absl::InvalidArgumentError("the request's body is empty; the empty message is {} in JSON");
}

Awaitable<absl::StatusOr<bool>> DirectCall::Read(google::protobuf::Message& message) {
  if (context().IsCancelled()) co_return context().cancel_status();
  if (!undecodable_.ok()) co_return std::exchange(undecodable_, absl::OkStatus());
  if (std::exchange(request_read_, true)) co_return false;
  const bool compressed = request_.coding == Compression::kGzip;
  const size_t max_bytes = limits_.max_message_bytes;
  absl::StatusOr<std::string> bytes =
      co_await ReadAll(request_.body.get(), compressed ? MaxGzipBytes(max_bytes) : max_bytes,
                       "Limits::max_message_bytes", &receiving_);
  request_.body.reset();
  if (context().IsCancelled()) co_return context().cancel_status();
  // Connect clients leave the empty message as it is.
  if (compressed && bytes.ok() && !bytes->empty()) {
    bytes = Gunzip(*bytes, max_bytes, "Limits::max_message_bytes");
  }
  if (!bytes.ok()) co_return std::move(bytes).status();
  RUNNEL_CO_RETURN_IF_ERROR(Decode(*bytes, message));
  co_return true;
}

Awaitable<absl::Status> DirectCall::Write(const google::protobuf::Message& message,
                                          const WriteOptions& options) {
  if (context().IsCancelled()) co_return context().cancel_status();
  if (!streams()) co_return AppendOnly(message);
  RUNNEL_CO_RETURN_IF_ERROR(AppendMessageEvent(message, options.event_id));
  out_.Flush();
  co_return co_await WaitForRoom();
}

Awaitable<absl::Status> DirectCall::WriteShared(SharedMessages messages, SharedMessage::Id ids) {
  if (!streams()) co_return co_await MessageWriter::WriteShared(messages, ids);
  if (context().IsCancelled()) co_return context().cancel_status();
  for (const SharedMessagePtr& message : messages) {
    if (ids == SharedMessage::Id::kWith) {
      RUNNEL_CO_RETURN_IF_ERROR(CheckEventId(message->event_id()));
    }
    RUNNEL_CO_ASSIGN_OR_RETURN(const std::string_view event, message->Event(codec_, ids));
    out_.bytes().append(event);
    CountSent(message->EncodedSize(codec_));
    out_.Flush();
    if (out_.full()) RUNNEL_CO_RETURN_IF_ERROR(co_await WaitForRoom());
  }
  co_return absl::OkStatus();
}

Awaitable<absl::Status> DirectCall::WaitForRoom() {
  while (out_.full()) {
    absl::Status waited = co_await out_.WaitUntilTaken();
    if (context().IsCancelled()) co_return context().cancel_status();
    if (!waited.ok()) co_return waited;
  }
  co_return absl::OkStatus();
}

absl::Status DirectCall::CheckEventId(const std::string& event_id) {
  if (event_id.empty()) return absl::OkStatus();
  if (!context().method().resumable) {
    return absl::FailedPreconditionError(
        absl::StrCat(AbslView(context().method().path),
                     " gives its messages ids, but is not declared resumable "
                     "(option (runnel.v1.resumable) = true)"));
  }
  if (!IsEventToken(event_id) || event_id == "end") {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", event_id,
                     "\" cannot be the id of a message: ids are made of [A-Za-z0-9._-], and "
                     "\"end\" is taken"));
  }
  return absl::OkStatus();
}

bool DirectCall::TryWrite(const google::protobuf::Message& message, const WriteOptions& options) {
  if (out_.full() || context().IsCancelled()) return false;
  // What cannot be encoded says why when it is tried again.
  if (!streams()) return AppendOnly(message).ok();
  if (!AppendMessageEvent(message, options.event_id).ok()) return false;
  out_.Flush();
  return true;
}

absl::Status DirectCall::AppendOnly(const google::protobuf::Message& message) {
  out_.bytes().clear();
  RUNNEL_RETURN_IF_ERROR(EncodeMessage(codec_, message, out_.bytes()));
  CountSent(out_.bytes().size());
  return absl::OkStatus();
}

absl::Status DirectCall::AppendMessageEvent(const google::protobuf::Message& message,
                                            const std::string& event_id) {
  RUNNEL_RETURN_IF_ERROR(CheckEventId(event_id));
  EventFields fields;
  fields.id = event_id;
  std::string& events = out_.bytes();
  if (codec_ == Codec::kProto) {
    scratch_.clear();
    RUNNEL_RETURN_IF_ERROR(EncodeMessage(codec_, message, scratch_));
    AppendBase64Event(fields, scratch_, events);
    CountSent(scratch_.size());
    return absl::OkStatus();
  }
  const size_t before = events.size();
  BeginEvent(fields, events);
  const size_t begin = events.size();
  absl::Status encoded = EncodeMessage(codec_, message, events);
  if (encoded.ok()) {
    CountSent(events.size() - begin);
    EndEvent(events);
  } else {
    events.resize(before);
  }
  return encoded;
}

LiveCall DirectCall::Describe() const {
  LiveCall live = ServerCall::Describe();
  live.unsent_bytes = out_.size();
  return live;
}

void DirectCall::OnEnd(const absl::Status& status) {
  end_ = status;
  if (streams()) {
    EndOfStream end;
    end.status = status;
    end.trailers = context().trailing_metadata();
    EventFields fields;
    fields.type = "end";
    fields.id = "end";
    AppendEvent(fields, EndOfStreamJson(end), out_.bytes());
  }
  out_.End();
}

}  // namespace runnel
