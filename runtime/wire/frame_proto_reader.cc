#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_code.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/frame_proto.h"
#include "runtime/wire/proto_wire.h"

namespace runnel::frame_proto {
namespace {

// The last field of a Frame that is a kind. 2 is the first.
constexpr uint32_t kLastKind = std::variant_size_v<Frame::Kind> + 1;

absl::Status ReadMetadata(std::string_view bytes, Metadata& metadata) {
  ProtoFields fields(bytes);
  std::string_view key;
  std::string_view value;
  while (fields.Next()) {
    if (fields.number() == 1) key = fields.String();
    if (fields.number() == 2) value = fields.String();
    if (fields.number() == 3) value = fields.Bytes();
  }
  metadata.Add(key, value);
  return fields.status();
}

absl::Status ReadMessage(std::string_view bytes, const Limits& limits, MessageFrame& message) {
  ProtoFields fields(bytes);
  while (fields.Next()) {
    switch (fields.number()) {
      case 1:
        message.size = fields.Uint64();
        break;
      case 2:
      case 3:
        message.part = fields.number() == 3 && !fields.Bytes().empty();
        if (fields.Bytes().size() > limits.max_message_bytes) {
          return absl::ResourceExhaustedError(
              absl::StrCat("message of ", fields.Bytes().size(), " bytes; limit is ",
                           limits.max_message_bytes, " (Limits::max_message_bytes)"));
        }
        message.payload.assign(fields.Bytes());
        break;
      case 4:
        message.more = fields.Uint64() != 0;
        break;
    }
  }
  return fields.status();
}

absl::Status ReadOpen(std::string_view bytes, const Limits& limits, OpenFrame& open) {
  ProtoFields fields(bytes);
  while (fields.Next()) {
    switch (fields.number()) {
      case 1:
        open.method = std::string(fields.String());
        break;
      case 2:
        fields.Fail(ReadMetadata(fields.Bytes(), open.metadata));
        break;
      case 3:
        open.timeout_ms = fields.Uint64();
        break;
      case 4:
        fields.Fail(ReadMessage(fields.Bytes(), limits, open.message.emplace()));
        break;
      case 5:
        open.half_close = fields.Uint64() != 0;
        break;
    }
  }
  return fields.status();
}

absl::Status ReadHeader(std::string_view bytes, HeaderFrame& header) {
  ProtoFields fields(bytes);
  while (fields.Next()) {
    if (fields.number() == 1) fields.Fail(ReadMetadata(fields.Bytes(), header.metadata));
  }
  return fields.status();
}

absl::Status ReadDetail(std::string_view bytes, std::vector<StatusDetail>& details) {
  ProtoFields fields(bytes);
  StatusDetail detail;
  while (fields.Next()) {
    if (fields.number() == 1) detail.type = std::string(fields.String());
    if (fields.number() == 2) detail.value = std::string(fields.Bytes());
  }
  details.push_back(std::move(detail));
  return fields.status();
}

absl::Status ReadEnd(std::string_view bytes, const Limits& limits, EndFrame& end) {
  ProtoFields fields(bytes);
  std::string_view code;
  std::string_view text;
  std::vector<StatusDetail> details;
  while (fields.Next()) {
    switch (fields.number()) {
      case 1:
        code = fields.String();
        break;
      case 2:
        text = fields.String();
        break;
      case 3:
        fields.Fail(ReadDetail(fields.Bytes(), details));
        break;
      case 4:
        fields.Fail(ReadMetadata(fields.Bytes(), end.trailers));
        break;
      case 5:
        fields.Fail(ReadMessage(fields.Bytes(), limits, end.message.emplace()));
        break;
    }
  }
  if (!code.empty()) {
    // A code of a later version is still an error.
    end.status =
        absl::Status(StatusCodeFromName(code).value_or(absl::StatusCode::kUnknown), AbslView(text));
    for (const StatusDetail& detail : details) AddDetail(end.status, detail);
  }
  return fields.status();
}

absl::Status ReadCredit(std::string_view bytes, CreditFrame& credit) {
  ProtoFields fields(bytes);
  while (fields.Next()) {
    if (fields.number() == 1) credit.bytes = fields.Uint64();
  }
  return fields.status();
}

absl::Status ReadGoAway(std::string_view bytes, GoAwayFrame& go_away) {
  ProtoFields fields(bytes);
  while (fields.Next()) {
    if (fields.number() == 1) go_away.last_call = fields.Uint64();
    if (fields.number() == 2) go_away.reason = std::string(fields.String());
    if (fields.number() == 3) go_away.retry_ms = fields.Uint64();
    if (fields.number() == 4) go_away.deadline_ms = fields.Uint64();
  }
  return fields.status();
}

// A message without fields, which may have those of a later version.
absl::Status ReadNothing(std::string_view bytes) {
  ProtoFields fields(bytes);
  while (fields.Next()) {
  }
  return fields.status();
}

absl::Status ReadKind(uint32_t number, std::string_view bytes, const Limits& limits,
                      Frame::Kind& kind) {
  switch (number) {
    case 2:
      return ReadOpen(bytes, limits, kind.emplace<OpenFrame>());
    case 3:
      return ReadHeader(bytes, kind.emplace<HeaderFrame>());
    case 4:
      return ReadMessage(bytes, limits, kind.emplace<MessageFrame>());
    case 5:
      kind.emplace<HalfCloseFrame>();
      return ReadNothing(bytes);
    case 6:
      return ReadEnd(bytes, limits, kind.emplace<EndFrame>());
    case 7:
      kind.emplace<CancelFrame>();
      return ReadNothing(bytes);
    case 8:
      return ReadCredit(bytes, kind.emplace<CreditFrame>());
    case 9:
      kind.emplace<PingFrame>();
      return ReadNothing(bytes);
    case 10:
      kind.emplace<PongFrame>();
      return ReadNothing(bytes);
    case 11:
      return ReadGoAway(bytes, kind.emplace<GoAwayFrame>());
    default:
      return absl::InternalError("not the number of a kind");
  }
}

absl::Status ReadFrame(std::string_view bytes, const Limits& limits, std::vector<Frame>& frames) {
  RUNNEL_RETURN_IF_ERROR(CheckFrameCount(frames));
  ProtoFields fields(bytes);
  Frame& frame = frames.emplace_back();
  bool has_kind = false;
  uint32_t unknown = 0;
  while (fields.Next()) {
    if (fields.number() == 1) {
      frame.call = fields.Uint64();
    } else if (fields.number() > kLastKind) {
      unknown = fields.number();
    } else {
      has_kind = true;
      fields.Fail(ReadKind(fields.number(), fields.Bytes(), limits, frame.kind));
    }
  }
  // Beside a known kind, what is unknown is a later version's field; alone, it is a kind.
  if (!has_kind) {
    fields.Fail(absl::InvalidArgumentError(
        unknown == 0
            ? "a frame has no kind"
            : absl::StrCat("a frame of a kind this version does not know (field ", unknown, ")")));
  }
  return fields.status();
}

// The field `frames` of `all`. Those that follow the first are taken to be of its size: room for
// them is made at once.
absl::Status ReadFrameOf(std::string_view all, ProtoFields& fields, const Limits& limits,
                         std::vector<Frame>& frames) {
  const std::string_view bytes = fields.Bytes();
  if (frames.empty()) frames.reserve(std::min(all.size() / (bytes.size() + 2) + 1, kMaxFrames));
  return ReadFrame(bytes, limits, frames);
}

absl::Status ReadSession(std::string_view bytes, FrameBatch::SessionInfo& session) {
  ProtoFields fields(bytes);
  session.version = 0;
  while (fields.Next()) {
    switch (fields.number()) {
      case 1:
        session.id = std::string(fields.String());
        break;
      case 2:
        session.version = static_cast<uint32_t>(fields.Uint64());
        break;
      case 3:
        session.epoch = std::string(fields.String());
        break;
      case 4:
        session.lease_ms = fields.Uint64();
        break;
      case 5:
        session.ping_ms = fields.Uint64();
        break;
      case 6:
        session.resume_ms = fields.Uint64();
        break;
      case 7:
        session.call_window_bytes = fields.Uint64();
        break;
      case 8:
        session.session_window_bytes = fields.Uint64();
        break;
      case 9:
        session.max_send_bytes = fields.Uint64();
        break;
      case 10:
        session.max_message_bytes = fields.Uint64();
        break;
      case 11:
        session.heartbeat_ms = fields.Uint64();
        break;
      case 12:
        session.ack = fields.Uint64();
        break;
      case 13:
        session.upload_idle_ms = fields.Uint64();
        break;
    }
  }
  return fields.status();
}

}  // namespace

absl::Status Decode(std::string_view bytes, const Limits& limits, FrameBatch& batch) {
  ProtoFields fields(bytes);
  while (fields.Next()) {
    if (fields.number() == 1) {
      batch.session = FrameBatch::SessionInfo();  // clang knows of no emplace without arguments
      fields.Fail(ReadSession(fields.Bytes(), *batch.session));
    }
    if (fields.number() == kFrames) fields.Fail(ReadFrameOf(bytes, fields, limits, batch.frames));
  }
  return fields.status();
}

absl::Status Decode(std::string_view bytes, const Limits& limits, OpenRequest& request) {
  ProtoFields fields(bytes);
  request.versions.clear();
  while (fields.Next()) {
    switch (fields.number()) {
      case 1:
        fields.AppendTo(request.versions);
        break;
      case 2:
        request.secret = std::string(fields.String());
        break;
      case 3:
        request.retry = fields.Uint64() != 0;
        break;
      case 4:
        request.max_ms = fields.Uint64();
        break;
      case 5:
        request.call_window_bytes = fields.Uint64();
        break;
      case 6:
        request.session_window_bytes = fields.Uint64();
        break;
      case kFrames:
        fields.Fail(ReadFrameOf(bytes, fields, limits, request.frames));
        break;
    }
  }
  return fields.status();
}

absl::Status Decode(std::string_view bytes, const Limits& limits, SendRequest& request) {
  ProtoFields fields(bytes);
  while (fields.Next()) {
    if (fields.number() == 1) request.seq = fields.Uint64();
    if (fields.number() == 2) request.ack = fields.Uint64();
    if (fields.number() == kFrames) fields.Fail(ReadFrameOf(bytes, fields, limits, request.frames));
  }
  return fields.status();
}

absl::Status Decode(std::string_view bytes, const Limits&, AttachRequest& request) {
  ProtoFields fields(bytes);
  while (fields.Next()) {
    if (fields.number() == 1) request.after = fields.Uint64();
    if (fields.number() == 2) request.attempt = fields.Uint64();
    if (fields.number() == 3) request.max_ms = fields.Uint64();
  }
  return fields.status();
}

absl::Status Decode(std::string_view bytes, const Limits&, SendResponse& response) {
  ProtoFields fields(bytes);
  while (fields.Next()) {
    if (fields.number() == 1) response.ack = fields.Uint64();
    if (fields.number() == 2) response.retry_ms = fields.Uint64();
  }
  return fields.status();
}

}  // namespace runnel::frame_proto
