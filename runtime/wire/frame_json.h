// The messages of a session in JSON. frame_codec.h has the contracts and chooses between the
// codecs. Names are those of proto/runnel/v1/channel.proto, in lowerCamelCase.

#ifndef RUNNEL_RUNTIME_WIRE_FRAME_JSON_H_
#define RUNNEL_RUNTIME_WIRE_FRAME_JSON_H_

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "runtime/core/limits.h"
#include "runtime/wire/frame_codec.h"

namespace runnel::frame_json {

// The names of the kinds, in the order in which they stand in Frame::Kind.
inline constexpr std::array<std::string_view, std::variant_size_v<Frame::Kind>> kKinds = {
    "open", "header", "message", "halfClose", "end", "cancel", "credit", "ping", "pong", "goAway"};

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

}  // namespace runnel::frame_json

#endif  // RUNNEL_RUNTIME_WIRE_FRAME_JSON_H_
