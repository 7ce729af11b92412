#include "runtime/wire/generated_frames.h"

#include <string>
#include <variant>

#include "runtime/core/status_code.h"
#include "runtime/core/status_details.h"

namespace runnel {
namespace {

void Fill(const Metadata& metadata,
          google::protobuf::RepeatedPtrField<v1::MetadataEntry>* entries) {
  for (const auto& [key, value] : metadata) {
    v1::MetadataEntry& entry = *entries->Add();
    entry.set_key(key);
    IsBinaryKey(key) ? entry.set_binary(value) : entry.set_text(value);
  }
}

void Fill(const MessageFrame& message, v1::MessageFrame* out) {
  out->set_size(message.size);
  message.part ? out->set_part(message.payload) : out->set_payload(message.payload);
  out->set_more(message.more);
}

}  // namespace

v1::Frame Generated(const Frame& frame) {
  v1::Frame out;
  out.set_call(frame.call);
  struct Visitor {
    v1::Frame& out;
    void operator()(const OpenFrame& open) {
      out.mutable_open()->set_method(open.method);
      Fill(open.metadata, out.mutable_open()->mutable_metadata());
      out.mutable_open()->set_timeout_ms(open.timeout_ms);
      if (open.message) Fill(*open.message, out.mutable_open()->mutable_message());
      out.mutable_open()->set_half_close(open.half_close);
    }
    void operator()(const HeaderFrame& header) {
      Fill(header.metadata, out.mutable_header()->mutable_metadata());
    }
    void operator()(const MessageFrame& message) { Fill(message, out.mutable_message()); }
    void operator()(const HalfCloseFrame&) { out.mutable_half_close(); }
    void operator()(const EndFrame& end) {
      v1::EndFrame& generated = *out.mutable_end();
      if (!end.status.ok()) {
        generated.set_code(std::string(StatusCodeName(end.status.code())));
        generated.set_message(std::string(end.status.message()));
      }
      for (const StatusDetail& detail : GetDetails(end.status)) {
        v1::StatusDetail& one = *generated.add_details();
        one.set_type(detail.type);
        one.set_value(detail.value);
      }
      Fill(end.trailers, generated.mutable_trailers());
      if (end.message) Fill(*end.message, generated.mutable_last());
    }
    void operator()(const CancelFrame&) { out.mutable_cancel(); }
    void operator()(const CreditFrame& credit) { out.mutable_credit()->set_bytes(credit.bytes); }
    void operator()(const PingFrame&) { out.mutable_ping(); }
    void operator()(const PongFrame&) { out.mutable_pong(); }
    void operator()(const GoAwayFrame& go_away) {
      out.mutable_go_away()->set_last_call(go_away.last_call);
      out.mutable_go_away()->set_reason(go_away.reason);
      out.mutable_go_away()->set_retry_ms(go_away.retry_ms);
      out.mutable_go_away()->set_deadline_ms(go_away.deadline_ms);
    }
  };
  std::visit(Visitor{out}, frame.kind);
  return out;
}

v1::SessionInfo Generated(const FrameBatch::SessionInfo& session) {
  v1::SessionInfo out;
  out.set_id(session.id);
  out.set_version(session.version);
  out.set_epoch(session.epoch);
  out.set_lease_ms(session.lease_ms);
  out.set_ping_ms(session.ping_ms);
  out.set_resume_ms(session.resume_ms);
  out.set_call_window_bytes(session.call_window_bytes);
  out.set_session_window_bytes(session.session_window_bytes);
  out.set_max_send_bytes(session.max_send_bytes);
  out.set_max_message_bytes(session.max_message_bytes);
  out.set_heartbeat_ms(session.heartbeat_ms);
  out.set_ack(session.ack);
  out.set_upload_idle_ms(session.upload_idle_ms);
  return out;
}

}  // namespace runnel
