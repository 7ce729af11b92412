#include "runtime/call/shared_message.h"

#include <utility>

#include "absl/status/status.h"
#include "runtime/core/status_macros.h"
#include "runtime/wire/event_writer.h"

namespace runnel {
namespace {

constexpr std::string_view kEventEnd = "\n\n";

// "id: 7\n"
size_t IdLineSize(std::string_view id) { return id.empty() ? 0 : id.size() + 5; }

}  // namespace

SharedMessage::SharedMessage(std::shared_ptr<const google::protobuf::Message> message,
                             std::string event_id)
    : message_(std::move(message)), event_id_(std::move(event_id)) {}

void SharedMessage::EncodeJson() const {
  std::string json;
  const absl::Status encoded = EncodeMessage(Codec::kJson, *message_, json);
  if (!encoded.ok()) {
    json_error_ = std::string(encoded.message());
    return;
  }
  EventFields fields;
  fields.id = event_id_;
  json_event_.reserve(IdLineSize(event_id_) + json.size() + 8);
  AppendEvent(fields, json, json_event_);
  json_size_ = json.size();
}

void SharedMessage::EncodeProto() const {
  const absl::Status encoded = EncodeMessage(Codec::kProto, *message_, proto_);
  if (!encoded.ok()) proto_error_ = std::string(encoded.message());
}

absl::StatusOr<std::string_view> SharedMessage::Encoded(Codec codec) const {
  if (codec == Codec::kJson) {
    std::call_once(json_once_, &SharedMessage::EncodeJson, this);
    if (!json_error_.empty()) return absl::InvalidArgumentError(json_error_);
    const size_t begin = json_event_.size() - kEventEnd.size() - json_size_;
    return std::string_view(json_event_).substr(begin, json_size_);
  }
  std::call_once(proto_once_, &SharedMessage::EncodeProto, this);
  if (!proto_error_.empty()) return absl::InvalidArgumentError(proto_error_);
  return std::string_view(proto_);
}

absl::StatusOr<std::string_view> SharedMessage::Event(Codec codec, Id id) const {
  RUNNEL_RETURN_IF_ERROR(Encoded(codec).status());
  if (codec == Codec::kProto) {
    std::call_once(proto_event_once_, [this] {
      EventFields fields;
      fields.id = event_id_;
      AppendBase64Event(fields, proto_, proto_event_);
    });
  }
  std::string_view event = codec == Codec::kJson ? json_event_ : proto_event_;
  if (id == Id::kWithout) event.remove_prefix(IdLineSize(event_id_));
  return event;
}

}  // namespace runnel
