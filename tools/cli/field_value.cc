#include "tools/cli/field_value.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "runtime/core/json_scan.h"
#include "runtime/core/json_string.h"
#include "runtime/core/limits.h"
#include "runtime/core/protobuf_json.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/utf8.h"
#include "tools/cli/suggestion.h"

namespace runnel::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

absl::Status NotA(std::string_view what, const std::string& text) {
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is no ", std::string(what)));
}

// By name, number, or the part of the name behind what all names begin with: FORMAT_CSV is csv.
absl::StatusOr<const EnumValueDescriptor*> EnumValue(const EnumDescriptor& type,
                                                     const std::string& text) {
  if (const EnumValueDescriptor* const named = type.FindValueByName(text)) return named;
  int number = 0;
  if (absl::SimpleAtoi(text, &number)) {
    if (const auto* const numbered = type.FindValueByNumber(number)) return numbered;
  }
  std::string end = absl::AsciiStrToUpper(text);
  std::replace(end.begin(), end.end(), '-', '_');
  const EnumValueDescriptor* found = nullptr;
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor* const value = type.value(i);
    names.push_back(value->name());
    const std::string upper = absl::AsciiStrToUpper(value->name());
    if (end.empty() || (upper != end && !absl::EndsWith(upper, "_" + end))) continue;
    if (found != nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", text, "\" may be ", found->name(), " or ", value->name()));
    }
    found = value;
  }
  if (found != nullptr) return found;
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is no ", type.full_name(),
                                                 DidYouMean(text, names), "\nThere are ",
                                                 absl::StrJoin(names, ", "), "."));
}

std::string Quoted(const std::string& text) {
  std::string json;
  AppendJsonString(text, json);
  return json;
}

// The JSON that protobuf has for one of its well-known types.
absl::StatusOr<std::string> WellKnownJson(const Descriptor& type, const std::string& text) {
  const std::string& name = type.name();
  if (name == "Duration") {
    absl::Duration duration;
    double seconds = 0;
    if (absl::SimpleAtod(text, &seconds)) {
      duration = absl::Seconds(seconds);
    } else if (!absl::ParseDuration(text, &duration)) {
      return NotA("Duration such as 500ms, 2s or 1m30s", text);
    }
    timespec parts = absl::ToTimespec(absl::AbsDuration(duration));
    return absl::StrCat("\"", duration < absl::ZeroDuration() ? "-" : "", parts.tv_sec, ".",
                        absl::Dec(parts.tv_nsec, absl::kZeroPad9), "s\"");
  }
  if (name == "Timestamp") {
    absl::Time time;
    std::string error;
    if (text == "now") return Quoted(absl::FormatTime(absl::Now(), absl::UTCTimeZone()));
    if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
      return NotA("Timestamp such as 2030-01-31T12:00:00Z, or now", text);
    }
    return Quoted(text);
  }
  if (name == "FieldMask") return Quoted(text);
  size_t end = 0;
  if (name == "Value" || name == "ListValue" || name == "Struct") {
    const bool json = SkipJsonValue(text, 0, 100, end).ok() && end == text.size();
    if (name != "Value" && !json) return NotA("JSON", text);
    return json ? text : Quoted(text);
  }
  return absl::InternalError(absl::StrCat("no text form of ", type.full_name()));
}

bool IsWrapper(const Descriptor& type) {
  return type.file()->name() == "google/protobuf/wrappers.proto";
}

absl::Status SetMessage(const FieldDescriptor& field, const std::string& text, Message& message) {
  const google::protobuf::Reflection* const reflection = message.GetReflection();
  Message* const inner = field.is_repeated() ? reflection->AddMessage(&message, &field)
                                             : reflection->MutableMessage(&message, &field);
  if (IsWrapper(*field.message_type())) {
    return SetValue(*field.message_type()->field(0), text, *inner);
  }
  RUNNEL_ASSIGN_OR_RETURN(const std::string json, WellKnownJson(*field.message_type(), text));
  const absl::Status read = ReadProtobufJson(json, Limits(), *inner);
  return read.ok() ? read : NotA(field.message_type()->full_name(), text);
}

}  // namespace

bool HasTextForm(const Descriptor& type) {
  if (type.file()->package() != "google.protobuf") return false;
  const std::string& name = type.name();
  return name == "Duration" || name == "Timestamp" || name == "FieldMask" || name == "Value" ||
         name == "ListValue" || name == "Struct" || IsWrapper(type);
}

std::string TypeText(const FieldDescriptor& field) {
  if (field.is_map()) {
    return absl::StrCat("map<", TypeText(*field.message_type()->map_key()), ", ",
                        TypeText(*field.message_type()->map_value()), ">");
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return field.message_type()->full_name();
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return field.enum_type()->full_name();
  return field.type_name();
}

absl::Status SetText(const FieldDescriptor& field, const std::string& bytes, Message& message) {
  if (field.type() == FieldDescriptor::TYPE_STRING && !IsValidUtf8(bytes)) {
    return absl::InvalidArgumentError("is a string, and this is not UTF-8");
  }
  const google::protobuf::Reflection* const reflection = message.GetReflection();
  if (field.is_repeated()) {
    reflection->AddString(&message, &field, bytes);
  } else {
    reflection->SetString(&message, &field, bytes);
  }
  return absl::OkStatus();
}

absl::Status SetValue(const FieldDescriptor& field, const std::string& text, Message& message) {
  const google::protobuf::Reflection* const reflection = message.GetReflection();
  // One number, of whichever type: parsed by `parse`, and set or added.
  const auto number = [&](auto value, auto parse, auto set, auto add) -> absl::Status {
    if (!parse(text, &value)) return NotA(field.type_name(), text);
    if (field.is_repeated()) {
      (reflection->*add)(&message, &field, value);
    } else {
      (reflection->*set)(&message, &field, value);
    }
    return absl::OkStatus();
  };
  using google::protobuf::Reflection;
  const auto integer = [](const std::string& digits, auto* out) {
    return absl::SimpleAtoi(digits, out);
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return number(int32_t{0}, integer, &Reflection::SetInt32, &Reflection::AddInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return number(int64_t{0}, integer, &Reflection::SetInt64, &Reflection::AddInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return number(uint32_t{0}, integer, &Reflection::SetUInt32, &Reflection::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return number(uint64_t{0}, integer, &Reflection::SetUInt64, &Reflection::AddUInt64);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return number(
          0.0, [](const std::string& t, double* out) { return absl::SimpleAtod(t, out); },
          &Reflection::SetDouble, &Reflection::AddDouble);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return number(
          0.0f, [](const std::string& t, float* out) { return absl::SimpleAtof(t, out); },
          &Reflection::SetFloat, &Reflection::AddFloat);
    case FieldDescriptor::CPPTYPE_BOOL:
      return number(
          false, [](const std::string& t, bool* out) { return absl::SimpleAtob(t, out); },
          &Reflection::SetBool, &Reflection::AddBool);
    case FieldDescriptor::CPPTYPE_ENUM: {
      RUNNEL_ASSIGN_OR_RETURN(const EnumValueDescriptor* const value,
                              EnumValue(*field.enum_type(), text));
      if (field.is_repeated()) {
        reflection->AddEnum(&message, &field, value);
      } else {
        reflection->SetEnum(&message, &field, value);
      }
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_STRING:
      return SetText(field, text, message);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetMessage(field, text, message);
  }
  return absl::InternalError("a field of unknown type");
}

}  // namespace runnel::cli
