// Names are those of proto/runnel/v1/channel.proto, in lowerCamelCase.

#include "runtime/wire/frame_json.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/status_code.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/base64.h"
#include "runtime/wire/json_reader.h"

namespace runnel::frame_json {
namespace {

// --- writing ---

// The members of one object. Those with their default value are left out.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  ~ObjectWriter() { out_ += '}'; }

  // Writes a key; the value is to follow.
  std::string& Key(std::string_view key) {
    if (!std::exchange(first_, false)) out_ += ',';
    absl::StrAppend(&out_, "\"", AbslView(key), "\":");
    return out_;
  }
  void Number(std::string_view key, uint64_t value) {
    if (value != 0) absl::StrAppend(&Key(key), value);
  }
  void True(std::string_view key, bool value) {
    if (value) Key(key) += "true";
  }
  void String(std::string_view key, std::string_view value) {
    if (!value.empty()) AppendJsonString(value, Key(key));
  }
  void Bytes(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    Key(key) += '"';
    AppendBase64(value, out_);
    out_ += '"';
  }

 private:
  std::string& out_;
  bool first_ = true;
};

void WriteMetadata(std::string_view key, const Metadata& metadata, ObjectWriter& object) {
  if (metadata.empty()) return;
  std::string& out = object.Key(key);
  out += '[';
  bool first = true;
  for (const auto& [name, value] : metadata) {
    if (!std::exchange(first, false)) out += ',';
    ObjectWriter entry(out);
    entry.String("key", name);
    if (IsBinaryKey(name)) {
      entry.Bytes("binary", value);
    } else {
      entry.String("text", value);
    }
  }
  out += ']';
}

void Write(const MessageFrame& message, std::string& out) {
  ObjectWriter object(out);
  object.Number("size", message.size);
  if (message.part) {
    object.Bytes("part", message.payload);
    object.True("more", message.more);
  } else {
    object.Key("json") += message.payload;
  }
}

void Write(const OpenFrame& open, std::string& out) {
  ObjectWriter object(out);
  object.String("method", open.method);
  WriteMetadata("metadata", open.metadata, object);
  object.Number("timeoutMs", open.timeout_ms);
  if (open.message) Write(*open.message, object.Key("message"));
  object.True("halfClose", open.half_close);
}

void Write(const HeaderFrame& header, std::string& out) {
  ObjectWriter object(out);
  WriteMetadata("metadata", header.metadata, object);
}

void Write(const EndFrame& end, std::string& out) {
  ObjectWriter object(out);
  if (!end.status.ok()) {
    object.String("code", StatusCodeName(end.status.code()));
    object.String("message", StdView(end.status.message()));
    const std::vector<StatusDetail> details = GetDetails(end.status);
    if (!details.empty()) {
      object.Key("details") += '[';
      for (size_t i = 0; i < details.size(); ++i) {
        if (i > 0) out += ',';
        ObjectWriter detail(out);
        detail.String("type", details[i].type);
        detail.Bytes("value", details[i].value);
      }
      out += ']';
    }
  }
  WriteMetadata("trailers", end.trailers, object);
  if (end.message) Write(*end.message, object.Key("last"));
}

void Write(const CreditFrame& credit, std::string& out) {
  ObjectWriter object(out);
  object.Number("bytes", credit.bytes);
}

void Write(const GoAwayFrame& go_away, std::string& out) {
  ObjectWriter object(out);
  object.Number("lastCall", go_away.last_call);
  object.String("reason", go_away.reason);
  object.Number("retryMs", go_away.retry_ms);
  object.Number("deadlineMs", go_away.deadline_ms);
}

void Write(const HalfCloseFrame&, std::string& out) { out += "{}"; }
void Write(const CancelFrame&, std::string& out) { out += "{}"; }
void Write(const PingFrame&, std::string& out) { out += "{}"; }
void Write(const PongFrame&, std::string& out) { out += "{}"; }

// The names of the kinds, in the order in which they stand in Frame::Kind.
constexpr std::array<std::string_view, std::variant_size_v<Frame::Kind>> kKinds = {
    "open", "header", "message", "halfClose", "end", "cancel", "credit", "ping", "pong", "goAway"};

void WriteFrames(std::string_view frames, ObjectWriter& object) {
  if (!frames.empty()) absl::StrAppend(&object.Key("frames"), "[", AbslView(frames), "]");
}

// --- reading ---

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

void ReadMessage(JsonReader& json, const Limits& limits, MessageFrame& message) {
  json.Object([&](std::string_view key) {
    if (key == "size") {
      message.size = json.Uint64();
    } else if (key == "json") {
      message.part = false;
      message.payload = std::string(json.RawDocument());
    } else if (key == "part") {
      message.part = true;
      message.payload = json.Bytes();
    } else if (key == "more") {
      message.more = json.Bool();
    } else {
      json.Skip();
    }
  });
  if (message.payload.size() > limits.max_message_bytes) {
    json.Fail(absl::ResourceExhaustedError(
        absl::StrCat("message of ", message.payload.size(), " bytes; limit is ",
                     limits.max_message_bytes, " (Limits::max_message_bytes)")));
  }
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

void ReadFrames(JsonReader& json, const Limits& limits, std::vector<Frame>& frames) {
  json.Array([&] {
    Frame& frame = frames.emplace_back();
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
    } else {
      json.Skip();
    }
  });
}

}  // namespace

void Encode(const Frame& frame, std::string& out) {
  ObjectWriter object(out);
  object.Number("call", frame.call);
  std::string& value = object.Key(kKinds[frame.kind.index()]);
  std::visit([&](const auto& kind) { Write(kind, value); }, frame.kind);
}

void Encode(const std::optional<FrameBatch::SessionInfo>& session, std::string_view frames,
            std::string& out) {
  ObjectWriter object(out);
  if (session) {
    ObjectWriter info(object.Key("session"));
    info.String("id", session->id);
    info.Number("version", session->version);
    info.String("epoch", session->epoch);
    info.Number("leaseMs", session->lease_ms);
    info.Number("pingMs", session->ping_ms);
    info.Number("resumeMs", session->resume_ms);
    info.Number("callWindowBytes", session->call_window_bytes);
    info.Number("sessionWindowBytes", session->session_window_bytes);
    info.Number("maxSendBytes", session->max_send_bytes);
    info.Number("maxMessageBytes", session->max_message_bytes);
    info.Number("heartbeatMs", session->heartbeat_ms);
    info.Number("ack", session->ack);
  }
  WriteFrames(frames, object);
}

void Encode(const OpenRequest& request, std::string_view frames, std::string& out) {
  ObjectWriter object(out);
  if (!request.versions.empty()) {
    object.Key("versions") += '[';
    for (size_t i = 0; i < request.versions.size(); ++i) {
      absl::StrAppend(&out, i > 0 ? "," : "", request.versions[i]);
    }
    out += ']';
  }
  object.String("secret", request.secret);
  object.True("retry", request.retry);
  object.Number("maxMs", request.max_ms);
  object.Number("callWindowBytes", request.call_window_bytes);
  object.Number("sessionWindowBytes", request.session_window_bytes);
  WriteFrames(frames, object);
}

void Encode(const SendRequest& request, std::string_view frames, std::string& out) {
  ObjectWriter object(out);
  object.Number("seq", request.seq);
  object.Number("ack", request.ack);
  WriteFrames(frames, object);
}

void Encode(const AttachRequest& request, std::string& out) {
  ObjectWriter object(out);
  object.Number("after", request.after);
  object.Number("attempt", request.attempt);
  object.Number("maxMs", request.max_ms);
}

void Encode(const SendResponse& response, std::string& out) {
  ObjectWriter object(out);
  object.Number("ack", response.ack);
  object.Number("retryMs", response.retry_ms);
}

absl::Status Decode(std::string_view bytes, const Limits& limits, FrameBatch& batch) {
  JsonReader json(bytes, limits.max_json_depth);
  json.Object([&](std::string_view key) {
    if (key == "session") {
      if (!json.Null()) ReadSession(json, batch.session.emplace());
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
