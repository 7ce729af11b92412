// The messages of a session in binary, with the field numbers of proto/runnel/v1/channel.proto.
// frame_codec.h has the contracts and chooses between the codecs.

#ifndef RUNNEL_RUNTIME_WIRE_FRAME_PROTO_H_
#define RUNNEL_RUNTIME_WIRE_FRAME_PROTO_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "runtime/core/limits.h"
#include "runtime/wire/frame_codec.h"

namespace runnel::frame_proto {

// `frames` has one number in everything that carries frames, so an encoded one fits all.
inline constexpr uint32_t kFrames = 15;

void Encode(const Frame& frame, std::string& out);
void Encode(const std::optional<FrameBatch::SessionInfo>& session, std::string_view frames,
            std::string& out);
void Encode(const OpenRequest& request, std::string_view frames, std::string& out);
void Encode(const SendRequest& request, std::string_view frames, std::string& out);
void Encode(const AttachRequest& request, std::string& out);
void Encode(const SendResponse& response, std::string& out);

absl::Status Decode(std::string_view bytes, const Limits& limits, FrameBatch& batch);
absl::Status Decode(std::string_view bytes, const Limits& limits, OpenRequest& request);
absl::Status Decode(std::string_view bytes, const Limits& limits, SendRequest& request);
absl::Status Decode(std::string_view bytes, const Limits& limits, AttachRequest& request);
absl::Status Decode(std::string_view bytes, const Limits& limits, SendResponse& response);

}  // namespace runnel::frame_proto

#endif  // RUNNEL_RUNTIME_WIRE_FRAME_PROTO_H_
