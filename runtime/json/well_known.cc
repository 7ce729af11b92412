#include "runtime/json/well_known.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/field_mask_util.h"
#include "google/protobuf/wrappers.pb.h"
#include "runtime/core/protobuf_json.h"
#include "runtime/core/string_view.h"
#include "runtime/core/utf8.h"
#include "runtime/json/json_containers.h"
#include "runtime/json/time_text.h"

namespace runnel {

namespace pb = google::protobuf;

namespace {

// Whether a type in an Any has a JSON of its own, which is then the member "value".
bool IsWellKnown(std::string_view type_url) {
  constexpr std::string_view kPackage = "google.protobuf.";
  constexpr std::string_view kNames[] = {"Any",        "BoolValue",   "BytesValue",  "DoubleValue",
                                         "Duration",   "FieldMask",   "FloatValue",  "Int32Value",
                                         "Int64Value", "ListValue",   "StringValue", "Struct",
                                         "Timestamp",  "UInt32Value", "UInt64Value", "Value"};
  std::string_view name = type_url.substr(type_url.rfind('/') + 1);
  if (!name.starts_with(kPackage)) return false;
  name.remove_prefix(kPackage.size());
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

// Refuses what makes protobuf's reader throw, after a line on stderr: a key that occurs twice, and
// anything beside the value of a well-known type. Any object may be an Any.
bool CheckAny(JsonInput& in) {
  if (in.Peek() == '[') {
    JsonArray elements(in);
    while (elements.Next() && CheckAny(in)) {
    }
    return elements.Done();
  }
  std::string_view ignored;
  if (in.Peek() != '{') return in.Raw(ignored);
  std::set<std::string, std::less<>> keys;
  bool well_known = false;
  JsonMap members(in);
  while (members.Next()) {
    const bool is_type = members.key() == "@type";
    if (!keys.emplace(members.key()).second) {
      members.FailTwice();
    } else if (is_type && in.Peek() == '"') {
      std::string_view type_url;
      if (in.Text(type_url)) well_known = IsWellKnown(type_url);
    } else {
      CheckAny(in);
    }
    if (well_known && keys.size() > 2) in.Fail("expected only \"@type\" and \"value\"");
    if (!in.ok()) break;
  }
  return members.Done();
}

}  // namespace

void WriteJson(const pb::Any& message, JsonOutput& out) {
  std::string json;
  absl::Status written = HasValidUtf8(message)
                             ? WriteProtobufJson(message, json)
                             : absl::InvalidArgumentError("a type URL is not valid UTF-8");
  if (written.ok()) return out.Raw(json);
  out.Fail(std::move(written));
}

bool ReadJson(JsonInput& in, pb::Any& message) {
  if (in.Peek() != '{') return in.Fail("expected an object");
  const size_t start = in.position();
  if (!CheckAny(in)) return false;
  const absl::Status read = ReadProtobufJson(in.Since(start), in.limits(), message);
  if (read.ok()) return true;
  // protobuf knows no offsets: that of the Any has to do.
  constexpr std::string_view kPrefix = "JSON is no valid google.protobuf.Any: ";
  std::string_view what = StdView(read.message());
  if (what.starts_with(kPrefix)) what.remove_prefix(kPrefix.size());
  return in.Fail(start, what);
}

void WriteJson(const pb::Timestamp& message, JsonOutput& out) {
  char text[kMaxTimeText];
  const char* const end = WriteTimestamp({message.seconds(), message.nanos()}, text);
  if (end != nullptr) return out.Raw({text, end});
  out.Fail(absl::InvalidArgumentError(absl::StrCat("a Timestamp of ", message.seconds(), " s and ",
                                                   message.nanos(), " ns is out of range")));
}

bool ReadJson(JsonInput& in, pb::Timestamp& message) {
  std::string_view text;
  SecondsAndNanos time;
  if (!in.Text(text)) return false;
  if (!ReadTimestamp(text, time)) {
    return in.Fail("expected a time such as \"2026-11-21T16:00:00Z\", of the years 1 to 9999");
  }
  message.set_seconds(time.seconds);
  message.set_nanos(time.nanos);
  return true;
}

void WriteJson(const pb::Duration& message, JsonOutput& out) {
  char text[kMaxTimeText];
  const char* const end = WriteDuration({message.seconds(), message.nanos()}, text);
  if (end != nullptr) return out.Raw({text, end});
  out.Fail(absl::InvalidArgumentError(
      absl::StrCat("a Duration of ", message.seconds(), " s and ", message.nanos(),
                   " ns is out of range, or its parts have different signs")));
}

bool ReadJson(JsonInput& in, pb::Duration& message) {
  std::string_view text;
  SecondsAndNanos duration;
  if (!in.Text(text)) return false;
  if (!ReadDuration(text, duration)) {
    return in.Fail("expected a duration such as \"1.5s\", of at most 315576000000 s");
  }
  message.set_seconds(duration.seconds);
  message.set_nanos(duration.nanos);
  return true;
}

void WriteJson(const pb::FieldMask& message, JsonOutput& out) {
  std::string text;
  if (pb::util::FieldMaskUtil::ToJsonString(message, &text)) return out.String(text);
  out.Fail(absl::InvalidArgumentError(
      absl::StrCat("the FieldMask \"", pb::util::FieldMaskUtil::ToString(message),
                   "\" has a path that has no lowerCamelCase form")));
}

bool ReadJson(JsonInput& in, pb::FieldMask& message) {
  std::string_view text;
  if (!in.Text(text)) return false;
  return pb::util::FieldMaskUtil::FromJsonString({text.data(), text.size()}, &message) ||
         in.Fail("expected field paths in lowerCamelCase, with commas between them");
}

void WriteJson(const pb::Struct& message, JsonOutput& out) {
  size_t start;
  if (!out.Begin(start)) return;
  for (const auto& [key, value] : message.fields()) {
    if (!HasJson(value)) continue;
    out.MapKey(std::string_view(key));
    WriteJson(value, out);
  }
  out.EndObject(start);
}

bool ReadJson(JsonInput& in, pb::Struct& message) {
  JsonMap members(in);
  while (members.Next()) {
    const auto [entry, added] = message.mutable_fields()->try_emplace(std::string(members.key()));
    if (!added ? !members.FailTwice() : !ReadJson(in, entry->second)) break;
  }
  return members.Done();
}

void WriteJson(const pb::ListValue& message, JsonOutput& out) {
  size_t start;
  if (!out.Begin(start)) return;
  for (const pb::Value& value : message.values()) {
    if (!HasJson(value)) continue;
    out.Element();
    WriteJson(value, out);
  }
  out.EndArray(start);
}

bool ReadJson(JsonInput& in, pb::ListValue& message) {
  JsonArray elements(in);
  while (elements.Next()) {
    if (!ReadJson(in, *message.add_values())) break;
  }
  return elements.Done();
}

bool HasJson(const pb::Value& message) { return message.kind_case() != pb::Value::KIND_NOT_SET; }

void WriteJson(const pb::Value& message, JsonOutput& out) {
  switch (message.kind_case()) {
    case pb::Value::kNullValue:
      return out.Null();
    case pb::Value::kNumberValue:
      return out.Double(message.number_value());
    case pb::Value::kStringValue:
      return out.String(message.string_value());
    case pb::Value::kBoolValue:
      return out.Bool(message.bool_value());
    case pb::Value::kStructValue:
      return WriteJson(message.struct_value(), out);
    case pb::Value::kListValue:
      return WriteJson(message.list_value(), out);
    case pb::Value::KIND_NOT_SET:
      out.Fail(absl::InvalidArgumentError("a google.protobuf.Value is not set"));
  }
}

bool ReadJson(JsonInput& in, pb::Value& message) {
  switch (in.Peek()) {
    case '{':
      return ReadJson(in, *message.mutable_struct_value());
    case '[':
      return ReadJson(in, *message.mutable_list_value());
    case '"':
      return in.String(*message.mutable_string_value());
    case 't':
    case 'f': {
      bool value = false;
      if (!in.Bool(value)) return false;
      message.set_bool_value(value);
      return true;
    }
    case 'n':
      if (!in.Null()) break;
      message.set_null_value(pb::NULL_VALUE);
      return true;
    default: {
      double value = 0;
      const char first = in.Peek();
      if (first != '-' && (first < '0' || first > '9')) break;
      if (!in.Double(value)) return false;
      message.set_number_value(value);
      return true;
    }
  }
  return in.Fail("expected a value");
}

void WriteJson(const pb::BoolValue& message, JsonOutput& out) { out.Bool(message.value()); }
void WriteJson(const pb::BytesValue& message, JsonOutput& out) { out.Bytes(message.value()); }
void WriteJson(const pb::DoubleValue& message, JsonOutput& out) { out.Double(message.value()); }
void WriteJson(const pb::FloatValue& message, JsonOutput& out) { out.Float(message.value()); }
void WriteJson(const pb::Int32Value& message, JsonOutput& out) { out.Int32(message.value()); }
void WriteJson(const pb::Int64Value& message, JsonOutput& out) { out.Int64(message.value()); }
void WriteJson(const pb::StringValue& message, JsonOutput& out) { out.String(message.value()); }
void WriteJson(const pb::UInt32Value& message, JsonOutput& out) { out.Uint32(message.value()); }
void WriteJson(const pb::UInt64Value& message, JsonOutput& out) { out.Uint64(message.value()); }

namespace {

template <typename T, typename Wrapper>
bool ReadWrapped(JsonInput& in, bool (JsonInput::*read)(T&), Wrapper& message) {
  T value{};
  if (!(in.*read)(value)) return false;
  message.set_value(value);
  return true;
}

}  // namespace

bool HasValidUtf8(const pb::Any& message) { return IsValidUtf8(message.type_url()); }

bool HasValidUtf8(const pb::FieldMask& message) {
  return std::all_of(message.paths().begin(), message.paths().end(),
                     [](const std::string& path) { return IsValidUtf8(path); });
}

bool HasValidUtf8(const pb::ListValue& message) {
  return std::all_of(message.values().begin(), message.values().end(),
                     [](const pb::Value& value) { return HasValidUtf8(value); });
}

bool HasValidUtf8(const pb::StringValue& message) { return IsValidUtf8(message.value()); }

bool HasValidUtf8(const pb::Struct& message) {
  return std::all_of(message.fields().begin(), message.fields().end(), [](const auto& field) {
    return IsValidUtf8(field.first) && HasValidUtf8(field.second);
  });
}

bool HasValidUtf8(const pb::Value& message) {
  switch (message.kind_case()) {
    case pb::Value::kStringValue:
      return IsValidUtf8(message.string_value());
    case pb::Value::kStructValue:
      return HasValidUtf8(message.struct_value());
    case pb::Value::kListValue:
      return HasValidUtf8(message.list_value());
    default:
      return true;
  }
}

bool ReadJson(JsonInput& in, pb::BoolValue& message) {
  return ReadWrapped(in, &JsonInput::Bool, message);
}
bool ReadJson(JsonInput& in, pb::BytesValue& message) { return in.Bytes(*message.mutable_value()); }
bool ReadJson(JsonInput& in, pb::DoubleValue& message) {
  return ReadWrapped(in, &JsonInput::Double, message);
}
bool ReadJson(JsonInput& in, pb::FloatValue& message) {
  return ReadWrapped(in, &JsonInput::Float, message);
}
bool ReadJson(JsonInput& in, pb::Int32Value& message) {
  return ReadWrapped(in, &JsonInput::Int32, message);
}
bool ReadJson(JsonInput& in, pb::Int64Value& message) {
  return ReadWrapped(in, &JsonInput::Int64, message);
}
bool ReadJson(JsonInput& in, pb::StringValue& message) {
  return in.String(*message.mutable_value());
}
bool ReadJson(JsonInput& in, pb::UInt32Value& message) {
  return ReadWrapped(in, &JsonInput::Uint32, message);
}
bool ReadJson(JsonInput& in, pb::UInt64Value& message) {
  return ReadWrapped(in, &JsonInput::Uint64, message);
}

}  // namespace runnel
