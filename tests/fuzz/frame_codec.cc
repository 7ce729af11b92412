// The messages of a session in both codecs: what is taken is the same after it was written and read
// again, in its codec and, where its bytes allow it, in the other; and it is JSON, or protobuf's
// generated classes take it too.

#include "runtime/wire/frame_codec.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runnel/v1/channel.pb.h"
#include "runtime/core/json_scan.h"
#include "tests/fuzz/fuzzer.h"

namespace runnel::fuzz {
namespace {

Limits FuzzedLimits() {
  Limits limits;
  limits.max_message_bytes = 64;
  return limits;
}

std::string Joined(Codec codec, const std::vector<Frame>& frames) {
  std::string joined;
  for (const Frame& frame : frames) {
    if (codec == Codec::kJson && !joined.empty()) joined += ',';
    EncodeFrame(codec, frame, joined);
  }
  return joined;
}

// The functions of the codec under one name.
template <typename T>
absl::StatusOr<T> Decode(Codec codec, std::string_view bytes) {
  const Limits limits = FuzzedLimits();
  if constexpr (std::is_same_v<T, FrameBatch>) return DecodeFrameBatch(codec, bytes, limits);
  if constexpr (std::is_same_v<T, OpenRequest>) return DecodeOpenRequest(codec, bytes, limits);
  if constexpr (std::is_same_v<T, SendRequest>) return DecodeSendRequest(codec, bytes, limits);
  if constexpr (std::is_same_v<T, AttachRequest>) return DecodeAttachRequest(codec, bytes, limits);
  if constexpr (std::is_same_v<T, SendResponse>) return DecodeSendResponse(codec, bytes, limits);
}
void Encode(Codec codec, const FrameBatch& batch, std::string& out) {
  EncodeFrameBatch(codec, batch.session, Joined(codec, batch.frames), out);
}
void Encode(Codec codec, const OpenRequest& request, std::string& out) {
  EncodeOpenRequest(codec, request, Joined(codec, request.frames), out);
}
void Encode(Codec codec, const SendRequest& request, std::string& out) {
  EncodeSendRequest(codec, request, Joined(codec, request.frames), out);
}
void Encode(Codec codec, const AttachRequest& request, std::string& out) {
  EncodeAttachRequest(codec, request, out);
}
void Encode(Codec codec, const SendResponse& response, std::string& out) {
  EncodeSendResponse(codec, response, out);
}

void CheckMessage(const MessageFrame& message) {
  Require(message.payload.size() <= FuzzedLimits().max_message_bytes,
          "a message is within its limit");
}

bool IsJson(std::string_view text) {
  return ScanJson(text, FuzzedLimits().max_json_depth + 100).ok();
}

// Whether a message is no JSON, which its reader would say.
template <typename T>
bool HasBadMessage(const T& decoded) {
  const auto is_bad = [](const MessageFrame& message) {
    return !message.part && !message.payload.empty() && !IsJson(message.payload);
  };
  if constexpr (requires { decoded.frames; }) {
    for (const Frame& frame : decoded.frames) {
      const auto* message = std::get_if<MessageFrame>(&frame.kind);
      if (message != nullptr && is_bad(*message)) return true;
      const auto* open = std::get_if<OpenFrame>(&frame.kind);
      if (open != nullptr && open->message && is_bad(*open->message)) return true;
      const auto* end = std::get_if<EndFrame>(&frame.kind);
      if (end != nullptr && end->message && is_bad(*end->message)) return true;
    }
  }
  return false;
}

template <typename T>
void CheckFrames(const T& decoded) {
  if constexpr (requires { decoded.frames; }) {
    for (const Frame& frame : decoded.frames) {
      if (const auto* message = std::get_if<MessageFrame>(&frame.kind)) CheckMessage(*message);
      const auto* open = std::get_if<OpenFrame>(&frame.kind);
      if (open != nullptr && open->message) CheckMessage(*open->message);
      const auto* end = std::get_if<EndFrame>(&frame.kind);
      if (end != nullptr && end->message) CheckMessage(*end->message);
    }
  }
}

// A whole message that says that more of it follows.
bool IsOdd(const MessageFrame& message) { return !message.part && message.more; }

// What no peer may send and the codec lets through has no form of its own: metadata such as bytes
// under a name that does not end in "-bin", and messages that are odd.
bool HasForm(const Frame& frame) {
  if (const auto* message = std::get_if<MessageFrame>(&frame.kind)) return !IsOdd(*message);
  if (const auto* header = std::get_if<HeaderFrame>(&frame.kind)) {
    return header->metadata.Validate().ok();
  }
  if (const auto* open = std::get_if<OpenFrame>(&frame.kind)) {
    return open->metadata.Validate().ok() && !(open->message && IsOdd(*open->message));
  }
  if (const auto* end = std::get_if<EndFrame>(&frame.kind)) {
    return end->trailers.Validate().ok() && !(end->message && IsOdd(*end->message));
  }
  return true;
}

template <typename T>
bool HasForm(const T& decoded) {
  if constexpr (requires { decoded.frames; }) {
    for (const Frame& frame : decoded.frames) {
      if (!HasForm(frame)) return false;
    }
  }
  return true;
}

template <typename T, typename Generated>
void CheckAs(Codec codec, std::string_view data) {
  const absl::StatusOr<T> decoded = Decode<T>(codec, data);
  if (!decoded.ok()) {
    Require(decoded.status().code() == absl::StatusCode::kInvalidArgument ||
                decoded.status().code() == absl::StatusCode::kResourceExhausted,
            "what is refused is wrong or too large");
    return;
  }
  CheckFrames(*decoded);
  if (codec == Codec::kJson) {
    Require(IsJson(data) || HasBadMessage(*decoded),
            "what is taken is JSON, but for the messages in it");
  } else {
    Generated generated;
    Require(generated.ParseFromArray(data.data(), static_cast<int>(data.size())),
            "what is taken the generated class takes");
  }
  std::string text;
  Encode(codec, *decoded, text);
  const absl::StatusOr<T> again = Decode<T>(codec, text);
  Require(again.ok(), absl::StrCat("what was written is read: ", again.status().ToString()));
  std::string second;
  Encode(codec, *again, second);
  RequireEqual(text, second, "it is written the same again");
  if (!HasForm(*decoded)) return;
  Require(*again == *decoded, "it is the same");
  // Texts of JSON are UTF-8, as those of the binary form have to be.
  if (codec == Codec::kJson) {
    std::string binary;
    Encode(Codec::kProto, *decoded, binary);
    const absl::StatusOr<T> other = Decode<T>(Codec::kProto, binary);
    Require(other.ok(), "what came as JSON goes as binary");
    Require(*other == *decoded, "and is the same");
  }
}

void Check(std::string_view data) {
  const uint8_t choice = TakeByte(data);
  const Codec codec = choice % 2 == 0 ? Codec::kJson : Codec::kProto;
  switch (choice / 2 % 5) {
    case 0:
      return CheckAs<FrameBatch, v1::FrameBatch>(codec, data);
    case 1:
      return CheckAs<OpenRequest, v1::OpenRequest>(codec, data);
    case 2:
      return CheckAs<SendRequest, v1::SendRequest>(codec, data);
    case 3:
      return CheckAs<AttachRequest, v1::AttachRequest>(codec, data);
    default:
      return CheckAs<SendResponse, v1::SendResponse>(codec, data);
  }
}

std::vector<Frame> SomeFrames(Codec codec) {
  MessageFrame whole, part;
  whole.payload = codec == Codec::kJson ? "{\"text\":\"a\"}"
                                        : "\x0a\x01"
                                          "a";
  part.payload = "abc";
  part.part = part.more = true;
  part.size = 9;
  Metadata metadata;
  metadata.Add("key", "va\"lue");
  metadata.Add("key-bin", std::string("\0\xff", 2));
  OpenFrame open;
  open.method = "/a.B/C";
  open.metadata = metadata;
  open.timeout_ms = 1500;
  open.message = whole;
  open.half_close = true;
  EndFrame failed, ended;
  failed.status = absl::NotFoundError("no\nsuch \u00e4");
  failed.trailers = metadata;
  ended.message = part;
  GoAwayFrame go_away;
  go_away.last_call = 3;
  go_away.reason = "later";
  go_away.retry_ms = go_away.deadline_ms = 10;
  std::vector<Frame> frames;
  const auto add = [&](uint64_t call, Frame::Kind kind) {
    Frame& frame = frames.emplace_back();
    frame.call = call;
    frame.kind = std::move(kind);
  };
  HeaderFrame header;
  header.metadata = metadata;
  add(1, open);
  add(1, header);
  add(1, whole);
  add(2, part);
  add(1, HalfCloseFrame());
  add(1, failed);
  add(2, ended);
  add(3, CancelFrame());
  add(uint64_t{1} << 40, CreditFrame{65536});
  add(0, PingFrame());
  add(0, PongFrame());
  add(0, go_away);
  return frames;
}

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const Codec codec : {Codec::kJson, Codec::kProto}) {
    const auto add = [&](int kind, const auto& message) {
      std::string& seed =
          seeds.emplace_back(1, static_cast<char>(kind * 2 + (codec == Codec::kProto ? 1 : 0)));
      Encode(codec, message, seed);
    };
    FrameBatch batch;
    batch.session = FrameBatch::SessionInfo();
    batch.session->id = "s";
    batch.session->epoch = "e";
    batch.session->lease_ms = 30'000;
    add(0, batch);
    for (const Frame& frame : SomeFrames(codec)) {
      FrameBatch one;
      one.frames.push_back(frame);
      add(0, one);
    }
    OpenRequest open;
    open.versions = {1, 2};
    open.secret = std::string(64, 'a');
    open.retry = true;
    open.frames = {SomeFrames(codec)[0]};
    add(1, open);
    SendRequest send;
    send.seq = 7;
    send.ack = 3;
    send.frames = {SomeFrames(codec)[4], SomeFrames(codec)[9]};
    add(2, send);
    add(3, AttachRequest{3, 1, 1000});
    add(4, SendResponse{8, 200});
  }
  return seeds;
}

const Fuzzer fuzzer("frame_codec", Check, Seeds);

}  // namespace
}  // namespace runnel::fuzz
