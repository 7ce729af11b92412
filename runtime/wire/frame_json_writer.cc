#include <charconv>
#include <utility>
#include <vector>

#include "runtime/core/json_string.h"
#include "runtime/core/status_code.h"
#include "runtime/core/status_details.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/base64.h"
#include "runtime/wire/frame_json.h"

namespace runnel::frame_json {
namespace {

// absl::StrAppend fills what it adds with zeros first.
void AppendNumber(uint64_t value, std::string& out) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
}

// The members of one object. Those with their default value are left out.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  ~ObjectWriter() { out_ += '}'; }

  // Writes a key; the value is to follow.
  std::string& Key(std::string_view key) {
    out_.append(std::exchange(first_, false) ? "\"" : ",\"").append(key).append("\":");
    return out_;
  }
  void Number(std::string_view key, uint64_t value) {
    if (value != 0) AppendNumber(value, Key(key));
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
  } else if (!message.payload.empty()) {
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

void WriteFrames(std::string_view frames, ObjectWriter& object) {
  if (!frames.empty()) object.Key("frames").append("[").append(frames).append("]");
}

// What nearly all frames are: the same as by Write, with as little ado as can be.
void EncodeWholeMessage(uint64_t call, const MessageFrame& message, std::string& out) {
  out.append("{\"call\":");
  AppendNumber(call, out);
  out.append(",\"message\":{\"size\":");
  AppendNumber(message.size, out);
  out.append(",\"json\":").append(message.payload).append("}}");
}

}  // namespace

void Encode(const Frame& frame, std::string& out) {
  const auto* message = std::get_if<MessageFrame>(&frame.kind);
  if (message != nullptr && !message->part && message->size > 0 && frame.call > 0 &&
      !message->payload.empty()) {
    return EncodeWholeMessage(frame.call, *message, out);
  }
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
    info.Number("uploadIdleMs", session->upload_idle_ms);
  }
  WriteFrames(frames, object);
}

void Encode(const OpenRequest& request, std::string_view frames, std::string& out) {
  ObjectWriter object(out);
  if (!request.versions.empty()) {
    object.Key("versions") += '[';
    for (size_t i = 0; i < request.versions.size(); ++i) {
      if (i > 0) out += ',';
      AppendNumber(request.versions[i], out);
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

}  // namespace runnel::frame_json
