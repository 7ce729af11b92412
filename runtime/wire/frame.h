// Frame is what a session carries: one step of one call, or of the session itself.
// proto/runnel/v1/channel.proto is the reference for what each kind means.

#ifndef RUNNEL_RUNTIME_WIRE_FRAME_H_
#define RUNNEL_RUNTIME_WIRE_FRAME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "runtime/core/metadata.h"

namespace runnel {

// A message in the session's codec, or a part of one that is too large for one frame.
struct MessageFrame {
  uint64_t size = 0;  // bytes of the whole message as its sender encoded it; in the first part only
  std::string payload;  // the codec's bytes
  bool part = false;    // `payload` is a piece of the message …
  bool more = false;    // … and another piece follows
  friend bool operator==(const MessageFrame&, const MessageFrame&) = default;
};

// Client to server: a call begins.
struct OpenFrame {
  std::string method;  // "/package.Service/Method"
  Metadata metadata;
  uint64_t timeout_ms = 0;  // 0: none
  std::optional<MessageFrame> message;
  bool half_close = false;
  friend bool operator==(const OpenFrame&, const OpenFrame&) = default;
};

// Server to client: metadata before the first message.
struct HeaderFrame {
  Metadata metadata;
  friend bool operator==(const HeaderFrame&, const HeaderFrame&) = default;
};

// Client to server: no message of this call follows.
struct HalfCloseFrame {
  friend bool operator==(const HalfCloseFrame&, const HalfCloseFrame&) = default;
};

// Server to client: the call is over. With `message`, a last message before that.
struct EndFrame {
  absl::Status status;
  Metadata trailers;
  std::optional<MessageFrame> message;
  friend bool operator==(const EndFrame&, const EndFrame&) = default;
};

// Client to server: the client wants no more of this call.
struct CancelFrame {
  friend bool operator==(const CancelFrame&, const CancelFrame&) = default;
};

// The receiver of messages has room for so many bytes more.
struct CreditFrame {
  uint64_t bytes = 0;
  friend bool operator==(const CreditFrame&, const CreditFrame&) = default;
};

struct PingFrame {
  friend bool operator==(const PingFrame&, const PingFrame&) = default;
};
struct PongFrame {
  friend bool operator==(const PongFrame&, const PongFrame&) = default;
};

// Server to client: no new calls, please. Those after `last_call` never ran.
struct GoAwayFrame {
  uint64_t last_call = 0;
  std::string reason;
  uint64_t retry_ms = 0;
  uint64_t deadline_ms = 0;  // until calls that run are ended
  friend bool operator==(const GoAwayFrame&, const GoAwayFrame&) = default;
};

// A value. `call` is 0 for ping, pong and go_away, which are the session's own.
struct Frame {
  using Kind = std::variant<OpenFrame, HeaderFrame, MessageFrame, HalfCloseFrame, EndFrame,
                            CancelFrame, CreditFrame, PingFrame, PongFrame, GoAwayFrame>;
  uint64_t call = 0;
  Kind kind;
  friend bool operator==(const Frame&, const Frame&) = default;
};

// Whether a message, or a part of one, is in the frame. The others are control frames.
inline bool CarriesMessage(const Frame& frame) {
  if (const auto* open = std::get_if<OpenFrame>(&frame.kind)) return open->message.has_value();
  if (const auto* end = std::get_if<EndFrame>(&frame.kind)) return end->message.has_value();
  return std::holds_alternative<MessageFrame>(frame.kind);
}

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_FRAME_H_
