#include <variant>

#include "runtime/core/status_code.h"
#include "runtime/core/status_details.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/frame_proto.h"
#include "runtime/wire/proto_wire.h"

namespace runnel::frame_proto {
namespace {

// Each function puts the fields of one message.

template <typename Sink>
void PutMetadata(Sink& sink, uint32_t field, const Metadata& metadata) {
  for (const auto& [key, value] : metadata) {
    PutMessage(sink, field, [&key = key, &value = value](auto& entry) {
      PutString(entry, 1, key);
      IsBinaryKey(key) ? PutBytes(entry, 3, value) : PutString(entry, 2, value);
    });
  }
}

template <typename Sink>
void PutFields(Sink& sink, const MessageFrame& message) {
  PutUint64(sink, 1, message.size);
  PutBytes(sink, message.part ? 3 : 2, message.payload);
  PutUint64(sink, 4, message.more ? 1 : 0);
}

template <typename Sink>
void PutFields(Sink& sink, const OpenFrame& open) {
  PutString(sink, 1, open.method);
  PutMetadata(sink, 2, open.metadata);
  PutUint64(sink, 3, open.timeout_ms);
  if (open.message) {
    PutMessage(sink, 4, [&](auto& nested) { PutFields(nested, *open.message); });
  }
  PutUint64(sink, 5, open.half_close ? 1 : 0);
}

template <typename Sink>
void PutFields(Sink& sink, const HeaderFrame& header) {
  PutMetadata(sink, 1, header.metadata);
}

template <typename Sink>
void PutFields(Sink& sink, const EndFrame& end) {
  if (!end.status.ok()) {
    PutBytes(sink, 1, StatusCodeName(end.status.code()));
    PutString(sink, 2, StdView(end.status.message()));
    for (const StatusDetail& detail : GetDetails(end.status)) {
      PutMessage(sink, 3, [&](auto& nested) {
        PutString(nested, 1, detail.type);
        PutBytes(nested, 2, detail.value);
      });
    }
  }
  PutMetadata(sink, 4, end.trailers);
  if (end.message) {
    PutMessage(sink, 5, [&](auto& nested) { PutFields(nested, *end.message); });
  }
}

template <typename Sink>
void PutFields(Sink& sink, const CreditFrame& credit) {
  PutUint64(sink, 1, credit.bytes);
}

template <typename Sink>
void PutFields(Sink& sink, const GoAwayFrame& go_away) {
  PutUint64(sink, 1, go_away.last_call);
  PutString(sink, 2, go_away.reason);
  PutUint64(sink, 3, go_away.retry_ms);
  PutUint64(sink, 4, go_away.deadline_ms);
}

template <typename Sink>
void PutFields(Sink&, const HalfCloseFrame&) {}
template <typename Sink>
void PutFields(Sink&, const CancelFrame&) {}
template <typename Sink>
void PutFields(Sink&, const PingFrame&) {}
template <typename Sink>
void PutFields(Sink&, const PongFrame&) {}

template <typename Sink>
void PutFields(Sink& sink, const Frame& frame) {
  PutUint64(sink, 1, frame.call);
  // The kinds stand in the variant in the order of their field numbers.
  const uint32_t field = static_cast<uint32_t>(frame.kind.index()) + 2;
  std::visit(
      [&](const auto& kind) {
        PutMessage(sink, field, [&](auto& nested) { PutFields(nested, kind); });
      },
      frame.kind);
}

template <typename Sink>
void PutFields(Sink& sink, const FrameBatch::SessionInfo& session) {
  PutBytes(sink, 1, session.id);
  PutUint64(sink, 2, session.version);
  PutBytes(sink, 3, session.epoch);
  PutUint64(sink, 4, session.lease_ms);
  PutUint64(sink, 5, session.ping_ms);
  PutUint64(sink, 6, session.resume_ms);
  PutUint64(sink, 7, session.call_window_bytes);
  PutUint64(sink, 8, session.session_window_bytes);
  PutUint64(sink, 9, session.max_send_bytes);
  PutUint64(sink, 10, session.max_message_bytes);
  PutUint64(sink, 11, session.heartbeat_ms);
  PutUint64(sink, 12, session.ack);
  PutUint64(sink, 13, session.upload_idle_ms);
}

}  // namespace

void Encode(const Frame& frame, std::string& out) {
  ProtoCounter counter;
  PutFields(counter, frame);
  ProtoAppender sink(out);
  sink.Varint(kFrames << 3 | 2);
  sink.Varint(counter.size());
  PutFields(sink, frame);
}

void Encode(const std::optional<FrameBatch::SessionInfo>& session, std::string_view frames,
            std::string& out) {
  ProtoAppender sink(out);
  if (session) PutMessage(sink, 1, [&](auto& nested) { PutFields(nested, *session); });
  sink.Raw(frames);
}

void Encode(const OpenRequest& request, std::string_view frames, std::string& out) {
  ProtoAppender sink(out);
  if (!request.versions.empty()) {
    PutMessage(sink, 1, [&](auto& packed) {
      for (const uint32_t version : request.versions) packed.Varint(version);
    });
  }
  PutBytes(sink, 2, request.secret);
  PutUint64(sink, 3, request.retry ? 1 : 0);
  PutUint64(sink, 4, request.max_ms);
  PutUint64(sink, 5, request.call_window_bytes);
  PutUint64(sink, 6, request.session_window_bytes);
  sink.Raw(frames);
}

void Encode(const SendRequest& request, std::string_view frames, std::string& out) {
  ProtoAppender sink(out);
  PutUint64(sink, 1, request.seq);
  PutUint64(sink, 2, request.ack);
  sink.Raw(frames);
}

void Encode(const AttachRequest& request, std::string& out) {
  ProtoAppender sink(out);
  PutUint64(sink, 1, request.after);
  PutUint64(sink, 2, request.attempt);
  PutUint64(sink, 3, request.max_ms);
}

void Encode(const SendResponse& response, std::string& out) {
  ProtoAppender sink(out);
  PutUint64(sink, 1, response.ack);
  PutUint64(sink, 2, response.retry_ms);
}

}  // namespace runnel::frame_proto
