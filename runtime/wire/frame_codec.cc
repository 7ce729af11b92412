#include "runtime/wire/frame_codec.h"

#include "absl/strings/str_cat.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"
#include "runtime/wire/frame_json.h"
#include "runtime/wire/frame_proto.h"

namespace runnel {
namespace {

template <typename T>
absl::StatusOr<T> DecodeAs(Codec codec, std::string_view bytes, const Limits& limits) {
  absl::StatusOr<T> message((T()));
  RUNNEL_RETURN_IF_ERROR(codec == Codec::kJson ? frame_json::Decode(bytes, limits, *message)
                                               : frame_proto::Decode(bytes, limits, *message));
  return message;
}

}  // namespace

absl::Status CheckFrameCount(const std::vector<Frame>& frames) {
  if (frames.size() < kMaxFrames) return absl::OkStatus();
  return WithErrorInfo(
      absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxFrames, " frames at once")),
      {.reason = "FRAME_TOO_LARGE", .domain = "runnel", .metadata = {}});
}

void EncodeFrame(Codec codec, const Frame& frame, std::string& out) {
  codec == Codec::kJson ? frame_json::Encode(frame, out) : frame_proto::Encode(frame, out);
}

void EncodeFrameBatch(Codec codec, const std::optional<FrameBatch::SessionInfo>& session,
                      std::string_view frames, std::string& out) {
  codec == Codec::kJson ? frame_json::Encode(session, frames, out)
                        : frame_proto::Encode(session, frames, out);
}

void EncodeOpenRequest(Codec codec, const OpenRequest& request, std::string_view frames,
                       std::string& out) {
  codec == Codec::kJson ? frame_json::Encode(request, frames, out)
                        : frame_proto::Encode(request, frames, out);
}

void EncodeSendRequest(Codec codec, const SendRequest& request, std::string_view frames,
                       std::string& out) {
  codec == Codec::kJson ? frame_json::Encode(request, frames, out)
                        : frame_proto::Encode(request, frames, out);
}

void EncodeAttachRequest(Codec codec, const AttachRequest& request, std::string& out) {
  codec == Codec::kJson ? frame_json::Encode(request, out) : frame_proto::Encode(request, out);
}

void EncodeSendResponse(Codec codec, const SendResponse& response, std::string& out) {
  codec == Codec::kJson ? frame_json::Encode(response, out) : frame_proto::Encode(response, out);
}

absl::StatusOr<FrameBatch> DecodeFrameBatch(Codec codec, std::string_view bytes,
                                            const Limits& limits) {
  return DecodeAs<FrameBatch>(codec, bytes, limits);
}
absl::StatusOr<OpenRequest> DecodeOpenRequest(Codec codec, std::string_view bytes,
                                              const Limits& limits) {
  return DecodeAs<OpenRequest>(codec, bytes, limits);
}
absl::StatusOr<SendRequest> DecodeSendRequest(Codec codec, std::string_view bytes,
                                              const Limits& limits) {
  return DecodeAs<SendRequest>(codec, bytes, limits);
}
absl::StatusOr<AttachRequest> DecodeAttachRequest(Codec codec, std::string_view bytes,
                                                  const Limits& limits) {
  return DecodeAs<AttachRequest>(codec, bytes, limits);
}
absl::StatusOr<SendResponse> DecodeSendResponse(Codec codec, std::string_view bytes,
                                                const Limits& limits) {
  return DecodeAs<SendResponse>(codec, bytes, limits);
}

}  // namespace runnel
