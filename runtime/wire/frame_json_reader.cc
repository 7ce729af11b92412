#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/status_code.h"
#include "runtime/core/status_details.h"
#include "runtime/wire/frame_json.h"
#include "runtime/wire/json_reader.h"

namespace runnel::frame_json {
namespace {

void ReadMetadata(JsonReader& json, Metadata& metadata) {
  json.Array([&] {
    std::string name;
    std::string value;
    json.Object([&](std::string_view key) {
      if (key == "key") {
        name = json.String();
      } else if (key == "text") {
        value = json.String();
      } else if (key == "binary") {
        value = json.Bytes();
      } else {
        json.Skip();
      }
    });
    metadata.Add(name, value);
  });
}

void CheckSize(JsonReader& json, const Limits& limits, const MessageFrame& message) {
  if (message.payload.size() <= limits.max_message_bytes) return;
  json.Fail(absl::ResourceExhaustedError(absl::StrCat("message of ", message.payload.size(),
                                                      " bytes; limit is ", limits.max_message_bytes,
                                                      " (Limits::max_message_bytes)")));
}

void ReadMessage(JsonReader& json, const Limits& limits, MessageFrame& message) {
  json.Object([&](std::string_view key) {
    if (key == "size") {
      message.size = json.Uint64();
    } else if (key == "json") {
      message.part = false;
      message.payload.assign(json.RawDocument());
    } else if (key == "part") {
      message.payload = json.Bytes();
      message.part = !message.payload.empty();
    } else if (key == "more") {
      message.more = json.Bool();
    } else {
      json.Skip();
    }
  });
  CheckSize(json, limits, message);
}

void Read(JsonReader& json, const Limits& limits, OpenFrame& open) {
  json.Object([&](std::string_view key) {
    if (key == "method") {
      open.method = json.String();
    } else if (key == "metadata") {
      ReadMetadata(json, open.metadata);
    } else if (key == "timeoutMs") {
      open.timeout_ms = json.Uint64();
    } else if (key == "message") {
      if (!json.Null()) ReadMessage(json, limits, open.message.emplace());
    } else if (key == "halfClose") {
      open.half_close = json.Bool();
    } else {
      json.Skip();
    }
  });
}

void Read(JsonReader& json, const Limits&, HeaderFrame& header) {
  json.Object([&](std::string_view key) {
    key == "metadata" ? ReadMetadata(json, header.metadata) : json.Skip();
  });
}

void Read(JsonReader& json, const Limits& limits, MessageFrame& message) {
  ReadMessage(json, limits, message);
}

std::vector<StatusDetail> ReadDetails(JsonReader& json) {
  std::vector<StatusDetail> details;
  json.Array([&] {
    StatusDetail& detail = details.emplace_back();
    json.Object([&](std::string_view key) {
      if (key == "type") {
        detail.type = json.String();
      } else if (key == "value") {
        detail.value = json.Bytes();
      } else {
        json.Skip();
      }
    });
  });
  return details;
}

void Read(JsonReader& json, const Limits& limits, EndFrame& end) {
  std::string code;
  std::string text;
  std::vector<StatusDetail> details;
  json.Object([&](std::string_view key) {
    if (key == "code") {
      code = json.String();
    } else if (key == "message") {
      text = json.String();
    } else if (key == "details") {
      details = ReadDetails(json);
    } else if (key == "trailers") {
      ReadMetadata(json, end.trailers);
    } else if (key == "last") {
      if (!json.Null()) ReadMessage(json, limits, end.message.emplace());
    } else {
      json.Skip();
    }
  });
  if (code.empty()) return;
  // A code of a later version is still an error.
  end.status = absl::Status(StatusCodeFromName(code).value_or(absl::StatusCode::kUnknown), text);
  for (const StatusDetail& detail : details) AddDetail(end.status, detail);
}

void Read(JsonReader& json, const Limits&, CreditFrame& credit) {
  json.Object([&](std::string_view key) {
    if (key == "bytes") {
      credit.bytes = json.Uint64();
    } else {
      json.Skip();
    }
  });
}

void Read(JsonReader& json, const Limits&, GoAwayFrame& go_away) {
  json.Object([&](std::string_view key) {
    if (key == "lastCall") {
      go_away.last_call = json.Uint64();
    } else if (key == "reason") {
      go_away.reason = json.String();
    } else if (key == "retryMs") {
      go_away.retry_ms = json.Uint64();
    } else if (key == "deadlineMs") {
      go_away.deadline_ms = json.Uint64();
    } else {
      json.Skip();
    }
  });
}

// An object without members, which may have those of a later version.
void ReadNothing(JsonReader& json) {
  json.Object([&](std::string_view) { json.Skip(); });
}

void Read(JsonReader& json, const Limits&, HalfCloseFrame&) { ReadNothing(json); }
void Read(JsonReader& json, const Limits&, CancelFrame&) { ReadNothing(json); }
void Read(JsonReader& json, const Limits&, PingFrame&) { ReadNothing(json); }
void Read(JsonReader& json, const Limits&, PongFrame&) { ReadNothing(json); }

// Makes `kind` the alternative at `index` and reads it.
template <size_t I = 0>
void ReadKind(size_t index, JsonReader& json, const Limits& limits, Frame::Kind& kind) {
  if constexpr (I < kKinds.size()) {
    if (index == I) {
      Read(json, limits, kind.emplace<I>());
    } else {
      ReadKind<I + 1>(index, json, limits, kind);
    }
  }
}

// Reads a frame that stands there as the writers here have it, which most do. False for any other.
bool TryReadMessageFrame(JsonReader& json, const Limits& limits, Frame& frame) {
  const size_t start = json.position();
  MessageFrame message;
  const bool begins = json.Take("{\"call\":") && json.TakeNumber(frame.call) &&
                      json.Take(",\"message\":{\"size\":") && json.TakeNumber(message.size) &&
                      json.Take(",\"json\":");
  // The size says where the message ends, unless it says nonsense.
  std::optional<std::string_view> payload;
  if (begins) payload = json.TakeBefore("}},{\"call\":", message.size);
  if (begins && !payload) payload = json.RawDocument();
  if (!begins || !json.Take("}}")) {
    json.GoBack(start);
    return false;
  }
  message.payload.assign(*payload);
  CheckSize(json, limits, message);
  frame.kind = std::move(message);
  return true;
}

void ReadFrames(JsonReader& json, const Limits& limits, std::vector<Frame>& frames) {
  json.Array([&] {
    json.Fail(CheckFrameCount(frames));
    if (!json.ok()) return;
    Frame& frame = frames.emplace_back();
    if (TryReadMessageFrame(json, limits, frame)) return;
    frame = Frame();
    bool has_kind = false;
    std::string unknown;
    json.Object([&](std::string_view key) {
      if (key == "call") {
        frame.call = json.Uint64();
        return;
      }
      const size_t index = std::find(kKinds.begin(), kKinds.end(), key) - kKinds.begin();
      if (index == kKinds.size()) {
        unknown = key.substr(0, 64);
        json.Skip();
      } else if (!json.Null()) {
        if (std::exchange(has_kind, true)) json.Fail("a frame has two kinds");
        ReadKind(index, json, limits, frame.kind);
      }
    });
    // Beside a known kind, what is unknown is a later version's field; alone, it is a kind.
    if (!has_kind) {
      json.Fail(unknown.empty() ? "a frame has no kind"
                                : absl::StrCat("a frame of a kind this version does not know (",
                                               absl::CHexEscape(unknown), ")"));
    }
  });
}

void ReadSession(JsonReader& json, FrameBatch::SessionInfo& session) {
  session.version = 0;
  json.Object([&](std::string_view key) {
    if (key == "id") {
      session.id = json.String();
    } else if (key == "version") {
      session.version = json.Uint32();
    } else if (key == "epoch") {
      session.epoch = json.String();
    } else if (key == "leaseMs") {
      session.lease_ms = json.Uint64();
    } else if (key == "pingMs") {
      session.ping_ms = json.Uint64();
    } else if (key == "resumeMs") {
      session.resume_ms = json.Uint64();
    } else if (key == "callWindowBytes") {
      session.call_window_bytes = json.Uint64();
    } else if (key == "sessionWindowBytes") {
      session.session_window_bytes = json.Uint64();
    } else if (key == "maxSendBytes") {
      session.max_send_bytes = json.Uint64();
    } else if (key == "maxMessageBytes") {
      session.max_message_bytes = json.Uint64();
    } else if (key == "heartbeatMs") {
      session.heartbeat_ms = json.Uint64();
    } else if (key == "ack") {
      session.ack = json.Uint64();
    } else if (key == "uploadIdleMs") {
      session.upload_idle_ms = json.Uint64();
    } else {
      json.Skip();
    }
  });
}

}  // namespace

absl::Status Decode(std::string_view bytes, const Limits& limits, FrameBatch& batch) {
  JsonReader json(bytes, limits.max_json_depth);
  json.Object([&](std::string_view key) {
    if (key == "session") {
      if (json.Null()) return;
      batch.session = FrameBatch::SessionInfo();  // clang knows of no emplace without arguments
      ReadSession(json, *batch.session);
    } else if (key == "frames") {
      ReadFrames(json, limits, batch.frames);
    } else {
      json.Skip();
    }
  });
  return json.Finish();
}

absl::Status Decode(std::string_view bytes, const Limits& limits, OpenRequest& request) {
  JsonReader json(bytes, limits.max_json_depth);
  request.versions.clear();
  json.Object([&](std::string_view key) {
    if (key == "versions") {
      json.Array([&] { request.versions.push_back(json.Uint32()); });
    } else if (key == "secret") {
      request.secret = json.String();
    } else if (key == "retry") {
      request.retry = json.Bool();
    } else if (key == "maxMs") {
      request.max_ms = json.Uint64();
    } else if (key == "callWindowBytes") {
      request.call_window_bytes = json.Uint64();
    } else if (key == "sessionWindowBytes") {
      request.session_window_bytes = json.Uint64();
    } else if (key == "frames") {
      ReadFrames(json, limits, request.frames);
    } else {
      json.Skip();
    }
  });
  return json.Finish();
}

absl::Status Decode(std::string_view bytes, const Limits& limits, SendRequest& request) {
  JsonReader json(bytes, limits.max_json_depth);
  json.Object([&](std::string_view key) {
    if (key == "seq") {
      request.seq = json.Uint64();
    } else if (key == "ack") {
      request.ack = json.Uint64();
    } else if (key == "frames") {
      ReadFrames(json, limits, request.frames);
    } else {
      json.Skip();
    }
  });
  return json.Finish();
}

absl::Status Decode(std::string_view bytes, const Limits& limits, AttachRequest& request) {
  JsonReader json(bytes, limits.max_json_depth);
  json.Object([&](std::string_view key) {
    if (key == "after") {
      request.after = json.Uint64();
    } else if (key == "attempt") {
      request.attempt = json.Uint64();
    } else if (key == "maxMs") {
      request.max_ms = json.Uint64();
    } else {
      json.Skip();
    }
  });
  return json.Finish();
}

absl::Status Decode(std::string_view bytes, const Limits& limits, SendResponse& response) {
  JsonReader json(bytes, limits.max_json_depth);
  json.Object([&](std::string_view key) {
    if (key == "ack") {
      response.ack = json.Uint64();
    } else if (key == "retryMs") {
      response.retry_ms = json.Uint64();
    } else {
      json.Skip();
    }
  });
  return json.Finish();
}

}  // namespace runnel::frame_json
