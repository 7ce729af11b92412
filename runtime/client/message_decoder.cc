#include "runtime/client/message_decoder.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "runtime/core/codec.h"
#include "runtime/core/status_macros.h"
#include "runtime/wire/base64.h"

namespace runnel {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Shared by the copies of the decoder.
struct Plan {
  EventData data;
  Limits limits;
  std::map<std::string, const FieldDescriptor*, std::less<>> fields;
};

absl::StatusOr<const FieldDescriptor*> FieldOf(const Descriptor& type, const std::string& name,
                                               const std::string& event) {
  const FieldDescriptor* const field = type.FindFieldByName(name);
  const std::string what =
      absl::StrCat("the data of event \"", event, "\" cannot be ", type.full_name(), ".", name);
  if (field == nullptr) return absl::InvalidArgumentError(absl::StrCat(what, ": no such field"));
  if (field->is_repeated()) return absl::InvalidArgumentError(absl::StrCat(what, ": repeated"));
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE &&
      field->type() != FieldDescriptor::TYPE_STRING) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": neither a message nor a string"));
  }
  return field;
}

absl::Status DecodeWhole(const Plan& plan, const std::string& data, Message& message) {
  if (plan.data == EventData::kJson) {
    return DecodeMessage(Codec::kJson, data, plan.limits, message);
  }
  std::string bytes;
  RUNNEL_RETURN_IF_ERROR(DecodeAnyBase64(data, bytes));
  return DecodeMessage(Codec::kProto, bytes, plan.limits, message);
}

absl::Status DecodeField(const Plan& plan, const std::string& data, const FieldDescriptor& field,
                         Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return DecodeWhole(plan, data, *reflection.MutableMessage(&message, &field));
  }
  reflection.SetString(&message, &field, data);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MessageDecoder> NewMessageDecoder(const Descriptor& type,
                                                 const EventStreamOptions& options) {
  auto plan = std::make_shared<Plan>();
  plan->data = options.data;
  plan->limits = options.limits;
  for (const auto& [event, name] : options.fields) {
    RUNNEL_ASSIGN_OR_RETURN(plan->fields[event], FieldOf(type, name, event));
  }
  return [plan = std::shared_ptr<const Plan>(std::move(plan))](const SourceEvent& event,
                                                               Message& message) {
    const auto field = plan->fields.find(event.type);
    const absl::Status decoded = field == plan->fields.end()
                                     ? DecodeWhole(*plan, event.data, message)
                                     : DecodeField(*plan, event.data, *field->second, message);
    return decoded.ok() ? EventOutcome::Message() : EventOutcome::Bad(decoded);
  };
}

}  // namespace runnel
