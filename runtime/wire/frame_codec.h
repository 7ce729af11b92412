// Frames as bytes, in both codecs of a session. A frame is encoded once, by itself; what
// carries frames (FrameBatch down, OpenRequest and SendRequest up) is put around encoded ones.

#ifndef RUNNEL_RUNTIME_WIRE_FRAME_CODEC_H_
#define RUNNEL_RUNTIME_WIRE_FRAME_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/core/codec.h"
#include "runtime/core/limits.h"
#include "runtime/wire/frame.h"

namespace runnel {

// Appends one encoded frame to `out` in the form in which it stands in a list of frames:
// a JSON object, or the field `frames` with tag and length. Lists are made by joining such
// strings, with commas in JSON and with nothing in proto.
void EncodeFrame(Codec codec, const Frame& frame, std::string& out);

// The most frames that one request or event may have: in memory a frame takes many times its bytes.
// Those with more are RESOURCE_EXHAUSTED, reason FRAME_TOO_LARGE.
inline constexpr size_t kMaxFrames = 65'536;
// Whether another may follow these.
absl::Status CheckFrameCount(const std::vector<Frame>& frames);

// runnel.v1.FrameBatch: one event of the down-stream.
struct FrameBatch {
  // On the first event of a stream that Open made.
  struct SessionInfo {
    std::string id;        // public name of the session
    uint32_t version = 1;  // of the protocol
    std::string epoch;     // of the event ids, "<epoch>-<seq>"
    uint64_t lease_ms = 0;
    uint64_t ping_ms = 0;
    uint64_t resume_ms = 0;
    uint64_t call_window_bytes = 0;
    uint64_t session_window_bytes = 0;
    uint64_t max_send_bytes = 0;
    uint64_t max_message_bytes = 0;
    uint64_t heartbeat_ms = 0;
    uint64_t ack = 0;
    uint64_t upload_idle_ms = 0;
    friend bool operator==(const SessionInfo&, const SessionInfo&) = default;
  };
  std::optional<SessionInfo> session;
  std::vector<Frame> frames;
  friend bool operator==(const FrameBatch&, const FrameBatch&) = default;
};

// Puts a batch around `frames`, which are encoded frames joined as said above, and appends
// it to `out`: `{"frames":[…]}` or the binary message.
void EncodeFrameBatch(Codec codec, const std::optional<FrameBatch::SessionInfo>& session,
                      std::string_view frames, std::string& out);
absl::StatusOr<FrameBatch> DecodeFrameBatch(Codec codec, std::string_view bytes,
                                            const Limits& limits);

struct OpenRequest {
  std::vector<uint32_t> versions = {1};
  std::string secret;  // 64 lower-case hexadecimal digits, drawn by the client
  bool retry = false;  // the same Open was sent before
  uint64_t max_ms = 0;
  uint64_t call_window_bytes = 0;     // the client's, for messages to it; 0: the default
  uint64_t session_window_bytes = 0;  // ditto
  std::vector<Frame> frames;          // numbered from 1
  friend bool operator==(const OpenRequest&, const OpenRequest&) = default;
};

struct AttachRequest {
  uint64_t after = 0;    // the last seq the client has, when there is no Last-Event-ID
  uint64_t attempt = 0;  // increases with every Attach of the session
  uint64_t max_ms = 0;
  friend bool operator==(const AttachRequest&, const AttachRequest&) = default;
};

struct SendRequest {
  uint64_t seq = 0;  // of the first frame
  uint64_t ack = 0;  // the last seq the client has taken from the down-stream
  std::vector<Frame> frames;
  friend bool operator==(const SendRequest&, const SendRequest&) = default;
};

struct SendResponse {
  uint64_t ack = 0;       // the last seq the server has taken
  uint64_t retry_ms = 0;  // when to send the frames after `ack` again, if that was not all
  friend bool operator==(const SendResponse&, const SendResponse&) = default;
};

// As EncodeFrameBatch: `request.frames` is ignored, `frames` holds them encoded.
void EncodeOpenRequest(Codec codec, const OpenRequest& request, std::string_view frames,
                       std::string& out);
absl::StatusOr<OpenRequest> DecodeOpenRequest(Codec codec, std::string_view bytes,
                                              const Limits& limits);
void EncodeSendRequest(Codec codec, const SendRequest& request, std::string_view frames,
                       std::string& out);
absl::StatusOr<SendRequest> DecodeSendRequest(Codec codec, std::string_view bytes,
                                              const Limits& limits);
void EncodeAttachRequest(Codec codec, const AttachRequest& request, std::string& out);
absl::StatusOr<AttachRequest> DecodeAttachRequest(Codec codec, std::string_view bytes,
                                                  const Limits& limits);
void EncodeSendResponse(Codec codec, const SendResponse& response, std::string& out);
absl::StatusOr<SendResponse> DecodeSendResponse(Codec codec, std::string_view bytes,
                                                const Limits& limits);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_FRAME_CODEC_H_
