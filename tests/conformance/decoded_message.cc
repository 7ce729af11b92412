#include "tests/conformance/decoded_message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/util/json_util.h>

#include <map>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "runnel/v1/channel.pb.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "tests/end_to_end/scripted.pb.h"

namespace conformance {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using runnel::AbslView;
using runnel::Codec;

constexpr size_t kMaxPartBytes = 64 * 1024;
// What a file calls a field, or a kind of frame, that no version has yet.
constexpr char kUnknown[] = "$unknown";

absl::Status Invalid(const std::string& what) { return absl::InvalidArgumentError(what); }

std::string ToBase64(const std::string& bytes) {
  std::string text = absl::Base64Escape(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

absl::StatusOr<std::string> FromBase64(const Json& text) {
  std::string bytes;
  if (!text.is_string() || !absl::Base64Unescape(text.get<std::string>(), &bytes)) {
    return Invalid("not base64: " + text.dump());
  }
  return bytes;
}

std::unique_ptr<Message> NewMessage(std::string_view type) {
  // Links the schema in.
  static const auto* const pool = runnel::v1::Frame::descriptor()->file()->pool();
  const auto* descriptor = pool->FindMessageTypeByName("runnel.v1." + std::string(type));
  if (descriptor == nullptr) return nullptr;
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor)->New());
}

// The messages of calls: replies go down, requests up.
std::unique_ptr<Message> NewPayload(std::string_view type) {
  if (type == "FrameBatch") return std::make_unique<end_to_end::v1::Reply>();
  return std::make_unique<end_to_end::v1::Request>();
}

// --- the messages of calls ---

absl::StatusOr<std::string> PayloadOf(Codec codec, std::string_view type, const Json& json) {
  if (codec == Codec::kJson) return json.dump();
  std::unique_ptr<Message> message = NewPayload(type);
  const auto read = google::protobuf::util::JsonStringToMessage(json.dump(), message.get());
  if (!read.ok()) return Invalid("the message of a call: " + read.ToString());
  return message->SerializeAsString();
}

absl::StatusOr<Json> JsonOfPayload(Codec codec, std::string_view type, const std::string& payload) {
  if (codec == Codec::kJson) {
    Json json = Json::parse(payload, nullptr, false);
    if (json.is_discarded()) return Invalid("the message of a call is not JSON");
    return json;
  }
  std::unique_ptr<Message> message = NewPayload(type);
  if (!message->ParseFromString(payload)) return Invalid("the message of a call is not one");
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(*message, &text).ok()) {
    return Invalid("the message of a call has no JSON");
  }
  return Json::parse(text);
}

// The object that holds a message's `size` and `json`, in any frame; null when there is none.
Json* MessageIn(Json& frame) {
  if (!frame.is_object()) return nullptr;
  if (frame.contains("message")) return &frame["message"];
  for (const auto& [kind, member] : {std::pair("open", "message"), std::pair("end", "last")}) {
    if (frame.contains(kind) && frame[kind].is_object() && frame[kind].contains(member)) {
      return &frame[kind][member];
    }
  }
  return nullptr;
}

// --- encoding ---

absl::Status ExpandFrame(Codec codec, std::string_view type, Json frame, Json& frames) {
  if (frame.contains("end") && frame["end"].contains("details")) {
    frame["end"]["details"] = EncodeDetails(frame["end"]["details"]);
  }
  Json* message = MessageIn(frame);
  if (message == nullptr || !message->is_object() || !message->contains("json")) {
    frames.push_back(std::move(frame));
    return absl::OkStatus();
  }
  RUNNEL_ASSIGN_OR_RETURN(const std::string payload, PayloadOf(codec, type, (*message)["json"]));
  const size_t parts = message->value("parts", size_t{0});
  if (parts == 0) {
    Json whole = {{"size", payload.size()}};
    for (const auto& [key, value] : message->items()) whole[key] = value;
    if (codec == Codec::kProto) {
      whole.erase("json");
      whole["payload"] = ToBase64(payload);
    }
    *message = std::move(whole);
    frames.push_back(std::move(frame));
    return absl::OkStatus();
  }
  for (size_t i = 0, at = 0; i < parts; ++i) {
    const size_t left = payload.size() - at;
    const size_t bytes = i + 1 == parts ? left : left / (parts - i);
    Json part = Json::object();
    if (i == 0) part["size"] = message->value("size", payload.size());
    part["part"] = ToBase64(payload.substr(at, bytes));
    if (i + 1 < parts) part["more"] = true;
    at += bytes;
    frames.push_back({{"call", frame.value("call", uint64_t{0})}, {"message", std::move(part)}});
  }
  return absl::OkStatus();
}

void SpellUnknown(Json& json) {
  if (json.is_object() && json.contains(kUnknown)) {
    json.erase(kUnknown);
    json["ofALaterVersion"] = {{"x", {1, "}", nullptr}}};
  }
  if (!json.is_structured()) return;
  for (auto& value : json) SpellUnknown(value);
}

absl::Status SetFields(const Json& json, Message& message);

absl::Status SetField(const Json& json, const FieldDescriptor* field, Message& message) {
  const auto& reflection = *message.GetReflection();
  const bool repeated = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetFields(json, repeated ? *reflection.AddMessage(&message, field)
                                      : *reflection.MutableMessage(&message, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      if (!json.is_number_unsigned()) break;
      reflection.SetUInt64(&message, field, json.get<uint64_t>());
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_UINT32:
      if (!json.is_number_unsigned()) break;
      if (repeated) {
        reflection.AddUInt32(&message, field, json.get<uint32_t>());
      } else {
        reflection.SetUInt32(&message, field, json.get<uint32_t>());
      }
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_BOOL:
      if (!json.is_boolean()) break;
      reflection.SetBool(&message, field, json.get<bool>());
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_STRING: {
      if (!json.is_string()) break;
      std::string value = json.get<std::string>();
      if (field->type() == FieldDescriptor::TYPE_BYTES) {
        RUNNEL_ASSIGN_OR_RETURN(value, FromBase64(json));
      }
      reflection.SetString(&message, field, std::move(value));
      return absl::OkStatus();
    }
    default:
      break;
  }
  return Invalid(absl::StrCat("the field ", field->full_name(), " cannot be ", json.dump()));
}

absl::Status SetFields(const Json& json, Message& message) {
  if (!json.is_object()) return Invalid("an object belongs where this is: " + json.dump());
  for (const auto& [key, value] : json.items()) {
    if (key == kUnknown) {
      message.GetReflection()->MutableUnknownFields(&message)->AddLengthDelimited(999, "later");
      continue;
    }
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByCamelcaseName(key);
    if (field == nullptr) return Invalid("there is no field " + key);
    if (!field->is_repeated()) {
      RUNNEL_RETURN_IF_ERROR(SetField(value, field, message));
      continue;
    }
    for (const Json& element : value) RUNNEL_RETURN_IF_ERROR(SetField(element, field, message));
  }
  return absl::OkStatus();
}

// --- decoding ---

Json JsonOf(const Message& message);

Json JsonOfField(const Message& message, const FieldDescriptor* field, int index) {
  const auto& reflection = *message.GetReflection();
  const bool repeated = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return JsonOf(repeated ? reflection.GetRepeatedMessage(message, field, index)
                             : reflection.GetMessage(message, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.GetUInt64(message, field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return repeated ? reflection.GetRepeatedUInt32(message, field, index)
                      : reflection.GetUInt32(message, field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, field);
    default: {
      const std::string value = reflection.GetString(message, field);
      return field->type() == FieldDescriptor::TYPE_BYTES ? ToBase64(value) : value;
    }
  }
}

Json JsonOf(const Message& message) {
  Json json = Json::object();
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string& name = field->json_name();
    if (!field->is_repeated()) {
      json[name] = JsonOfField(message, field, 0);
      continue;
    }
    json[name] = Json::array();
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      json[name].push_back(JsonOfField(message, field, i));
    }
  }
  // What the schema does not have is seen, and so refused, by whoever compares.
  if (!message.GetReflection()->GetUnknownFields(message).empty()) json[kUnknown] = true;
  return json;
}

bool IsDefault(const Json& json) {
  return json.is_null() || json == 0 || json == false || json == "" ||
         (json.is_array() && json.empty());
}

void StripDefaults(Json& json) {
  if (json.is_array()) {
    for (Json& element : json) StripDefaults(element);
  }
  if (!json.is_object()) return;
  for (auto member = json.begin(); member != json.end();) {
    if (member.key() == "json") {
      ++member;
      continue;
    }
    StripDefaults(member.value());
    member = IsDefault(member.value()) ? json.erase(member) : std::next(member);
  }
}

absl::Status SpellFrame(Codec codec, std::string_view type, Json& frame) {
  if (frame.contains("end") && frame["end"].contains("details")) {
    frame["end"]["details"] = SpellDetails(frame["end"]["details"]);
  }
  Json* message = MessageIn(frame);
  if (message == nullptr || message->contains("part")) return absl::OkStatus();
  if (codec == Codec::kProto) {
    std::string payload;
    if (message->contains("payload")) {
      RUNNEL_ASSIGN_OR_RETURN(payload, FromBase64((*message)["payload"]));
    }
    RUNNEL_ASSIGN_OR_RETURN((*message)["json"], JsonOfPayload(codec, type, payload));
    message->erase("payload");
    if (message->value("size", uint64_t{0}) == payload.size()) message->erase("size");
    return absl::OkStatus();
  }
  if (!message->contains("json")) return Invalid("a message frame without a message");
  if (message->value("size", uint64_t{0}) == (*message)["json"].dump().size()) {
    message->erase("size");
  }
  return absl::OkStatus();
}

}  // namespace

Json SpellDetails(const Json& details) {
  Json spelled = Json::array();
  for (const Json& detail : details) {
    absl::Status status = absl::UnknownError("");
    const absl::StatusOr<std::string> value = FromBase64(detail.value("value", ""));
    if (value.ok()) {
      const runnel::StatusDetail one{detail.value("type", ""), *value};
      runnel::AddDetail(status, one);
    }
    const std::optional<runnel::ErrorInfo> info = runnel::GetErrorInfo(status);
    if (!info) {
      spelled.push_back(detail);
      continue;
    }
    Json entry = {{"reason", info->reason}, {"domain", info->domain}};
    for (const auto& [key, text] : info->metadata) entry["metadata"][key] = text;
    spelled.push_back(std::move(entry));
  }
  return spelled;
}

Json EncodeDetails(const Json& details) {
  Json encoded = Json::array();
  for (const Json& detail : details) {
    if (!detail.contains("reason")) {
      encoded.push_back(detail);
      continue;
    }
    runnel::ErrorInfo info;
    info.reason = detail.value("reason", "");
    info.domain = detail.value("domain", "runnel");
    if (detail.contains("metadata")) {
      for (const auto& [key, text] : detail["metadata"].items()) info.metadata[key] = text;
    }
    const absl::Status status = runnel::WithErrorInfo(absl::UnknownError(""), info);
    for (const runnel::StatusDetail& one : runnel::GetDetails(status)) {
      encoded.push_back({{"type", one.type}, {"value", ToBase64(one.value)}});
    }
  }
  return encoded;
}

absl::StatusOr<std::string> EncodeDecoded(Codec codec, std::string_view type, Json decoded) {
  std::unique_ptr<Message> message = NewMessage(type);
  if (message == nullptr) return Invalid(absl::StrCat("there is no message ", AbslView(type)));
  if (decoded.contains("frames")) {
    Json frames = Json::array();
    for (const Json& frame : decoded["frames"]) {
      RUNNEL_RETURN_IF_ERROR(ExpandFrame(codec, type, frame, frames));
    }
    decoded["frames"] = std::move(frames);
  }
  if (codec == Codec::kJson) {
    SpellUnknown(decoded);
    return decoded.dump();
  }
  RUNNEL_RETURN_IF_ERROR(SetFields(decoded, *message));
  return message->SerializeAsString();
}

absl::StatusOr<Json> DecodeMessage(Codec codec, std::string_view type, std::string_view bytes) {
  Json decoded;
  if (codec == Codec::kJson) {
    decoded = Json::parse(bytes, nullptr, false);
    if (!decoded.is_object()) return Invalid(absl::StrCat("not a JSON object: ", AbslView(bytes)));
  } else {
    std::unique_ptr<Message> message = NewMessage(type);
    if (message == nullptr || !message->ParseFromArray(bytes.data(), bytes.size())) {
      return Invalid(absl::StrCat("not a message ", AbslView(type)));
    }
    decoded = JsonOf(*message);
  }
  StripDefaults(decoded);
  if (decoded.contains("frames")) {
    for (Json& frame : decoded["frames"]) {
      RUNNEL_RETURN_IF_ERROR(SpellFrame(codec, type, frame));
    }
  }
  return decoded;
}

absl::StatusOr<std::vector<Json>> JoinParts(Codec codec, std::string_view type,
                                            const std::vector<Json>& frames) {
  struct Partial {
    Json first;
    std::string payload;
    int parts = 0;
  };
  std::map<uint64_t, Partial> partial;
  std::vector<Json> joined;
  for (const Json& frame : frames) {
    if (!frame.contains("message") || !frame["message"].contains("part")) {
      joined.push_back(frame);
      continue;
    }
    const uint64_t call = frame.value("call", uint64_t{0});
    const Json& message = frame["message"];
    Partial& one = partial[call];
    RUNNEL_ASSIGN_OR_RETURN(const std::string part, FromBase64(message["part"]));
    if (part.size() > kMaxPartBytes) {
      return Invalid(absl::StrCat("a part of ", part.size(), " bytes"));
    }
    if (message.contains("size") != (one.parts == 0)) {
      return Invalid("`size` belongs to the first part of a message, and to that alone");
    }
    if (one.parts++ == 0) one.first = frame;
    one.payload += part;
    if (message.value("more", false)) continue;
    if (one.first["message"]["size"] != one.payload.size()) {
      return Invalid(absl::StrCat("the parts of a message of ", one.first["message"]["size"].dump(),
                                  " bytes add up to ", one.payload.size()));
    }
    RUNNEL_ASSIGN_OR_RETURN(Json json, JsonOfPayload(codec, type, one.payload));
    joined.push_back(
        {{"call", call}, {"message", {{"json", std::move(json)}, {"parts", one.parts}}}});
    partial.erase(call);
  }
  if (!partial.empty()) return Invalid("a message lacks its last part");
  return joined;
}

}  // namespace conformance
