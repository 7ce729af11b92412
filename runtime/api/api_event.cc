#include "runtime/api/api_event.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "runtime/api/api_error.h"
#include "runtime/core/codec.h"
#include "runtime/core/json_string.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::string_view kUnnamed = "message";
constexpr std::string_view kAnyName = "*";

const FieldDescriptor& FieldOf(const Message& message, int number) {
  return *message.GetDescriptor()->FindFieldByNumber(number);
}

// runnel.v1.OtherEvent, by the numbers of its fields: the class is the program's.
std::string OtherText(const Message& other, int number) {
  return other.GetReflection()->GetString(other, &FieldOf(other, number));
}
void SetOtherText(Message& other, int number, std::string_view text) {
  other.GetReflection()->SetString(&other, &FieldOf(other, number), std::string(text));
}
constexpr int kOtherName = 1;
constexpr int kOtherData = 2;

void AppendFrame(std::string_view name, std::string_view id, std::string_view data,
                 std::string& out) {
  if (!name.empty() && name != kUnnamed) out.append("event: ").append(name).push_back('\n');
  if (!id.empty()) out.append("id: ").append(id).push_back('\n');
  while (true) {
    const size_t end = data.find_first_of("\r\n");
    out.append("data: ").append(data.substr(0, end)).push_back('\n');
    if (end == data.npos) break;
    data.remove_prefix(end + (data.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  out.push_back('\n');
}

// `{"a":1}` becomes `{"type":"name","a":1}`.
void InsertName(std::string_view member, std::string_view name, std::string& json) {
  std::string first = "{";
  AppendJsonString(member, first);
  first.push_back(':');
  AppendJsonString(name, first);
  if (json != "{}") first.push_back(',');
  json.replace(0, 1, first);
}

bool CanBeName(std::string_view name) {
  return name.find_first_of(std::string_view("\r\n\0", 3)) == name.npos && !name.starts_with(' ');
}

// Whether the JSON may have the member: what is certain is for whoever parses it to find out.
bool MayHave(std::string_view json, std::string_view member) {
  for (size_t at = json.find(member); at != json.npos; at = json.find(member, at + 1)) {
    if (at > 0 && json[at - 1] == '"') return true;
  }
  return false;
}

std::optional<absl::Status> SentError(const ApiMethod& method, std::string_view name,
                                      std::string_view data, const Limits& limits) {
  const ApiErrors& errors = *method.errors;
  if (!errors.event.empty()) {
    if (name != errors.event) return std::nullopt;
    std::optional<absl::Status> error = ParseApiError(errors, data, 0, limits);
    if (error) return error;
    return absl::UnknownError(
        absl::StrCat("the server has sent an error: ", AbslView(data.substr(0, 1024))));
  }
  if (errors.in.empty() || !MayHave(data, errors.in)) return std::nullopt;
  return ParseApiError(errors, data, 0, limits);
}

const ApiEvent* FindEvent(const ApiMethod& method, std::string_view name) {
  const ApiEvent* other = nullptr;
  for (const ApiEvent& event : method.events) {
    if (event.name == name) return &event;
    if (event.name == kAnyName) other = &event;
  }
  return other;
}

ApiEventKind ReadData(std::string_view data, const Limits& limits, Message& message,
                      absl::Status& status) {
  if (data.empty()) return ApiEventKind::kSkipped;
  status = DecodeMessage(Codec::kJson, data, limits, message);
  return ApiEventKind::kMessage;
}

}  // namespace

absl::Status AppendApiEvent(const ApiMethod& method, const Message& message, std::string_view id,
                            std::string& out) {
  std::string json;
  if (method.events.empty()) {
    RUNNEL_RETURN_IF_ERROR(EncodeMessage(Codec::kJson, message, json));
    AppendFrame(method.event, id, json, out);
    return absl::OkStatus();
  }
  for (const ApiEvent& event : method.events) {
    const FieldDescriptor& field = FieldOf(message, event.field);
    if (!message.GetReflection()->HasField(message, &field)) continue;
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      AppendFrame(event.name, id, message.GetReflection()->GetString(message, &field), out);
      return absl::OkStatus();
    }
    const Message& member = message.GetReflection()->GetMessage(message, &field);
    if (event.name == kAnyName) {
      const std::string name = OtherText(member, kOtherName);
      if (!CanBeName(name)) {
        return absl::InvalidArgumentError("the name of an event has a line end in it");
      }
      AppendFrame(name, id, OtherText(member, kOtherData), out);
      return absl::OkStatus();
    }
    RUNNEL_RETURN_IF_ERROR(EncodeMessage(Codec::kJson, member, json));
    if (!method.name_in.empty()) InsertName(method.name_in, event.name, json);
    AppendFrame(event.name, id, json, out);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("a ", message.GetTypeName(), " without any of its events"));
}

void AppendApiEnd(const ApiMethod& method, const absl::Status& status, std::string& out) {
  if (!status.ok()) {
    AppendFrame(method.errors->event, "", ApiErrorJson(*method.errors, status), out);
  } else if (!method.done.empty()) {
    AppendFrame("", "", method.done, out);
  }
}

ApiEventContent ReadApiEvent(const ApiMethod& method, std::string_view name, std::string_view data,
                             const Limits& limits, Message& message) {
  ApiEventContent content;
  if (!method.done.empty() && data == method.done) {
    content.kind = ApiEventKind::kEnd;
    return content;
  }
  if (std::optional<absl::Status> error = SentError(method, name, data, limits)) {
    content.kind = ApiEventKind::kEnd;
    content.sent = *std::move(error);
    return content;
  }
  if (method.events.empty()) {
    if (name != (method.event.empty() ? kUnnamed : method.event)) {
      content.kind = ApiEventKind::kUnknown;
    } else {
      content.kind = ReadData(data, limits, message, content.status);
    }
    return content;
  }
  const ApiEvent* event = FindEvent(method, name);
  if (event == nullptr) {
    content.kind = ApiEventKind::kUnknown;
    return content;
  }
  message.Clear();
  content.kind = ApiEventKind::kMessage;
  const FieldDescriptor& field = FieldOf(message, event->field);
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    message.GetReflection()->SetString(&message, &field, std::string(data));
  } else {
    Message& member = *message.GetReflection()->MutableMessage(&message, &field);
    if (event->name == kAnyName) {
      SetOtherText(member, kOtherName, name);
      SetOtherText(member, kOtherData, data);
    } else {
      content.kind = ReadData(data, limits, member, content.status);
    }
  }
  if (event->ends_stream && content.kind == ApiEventKind::kMessage) {
    content.kind = ApiEventKind::kLastMessage;
  }
  return content;
}

}  // namespace runnel
