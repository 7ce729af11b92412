#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "runtime/core/string_view.h"
#include "tests/conformance/random_message.h"

namespace runnel::conformance {
namespace {

namespace pb = google::protobuf;

class Varier {
 public:
  explicit Varier(Random& random) : random_(random) {}

  std::string Message(const pb::Message& message) {
    const pb::Descriptor& type = *message.GetDescriptor();
    const std::string& name = type.full_name();
    constexpr std::string_view kPackage = "google.protobuf.";
    if (name.starts_with(kPackage)) {
      const std::string_view own = std::string_view(name).substr(kPackage.size());
      if (own == "Timestamp" || own == "Duration") return Time(message);
      if (own == "FieldMask" || own == "Any") return Plain(message);
      if (own == "Value") return Value(static_cast<const pb::Value&>(message));
      if (own == "Struct") return Map(message, *type.field(0));
      if (own == "ListValue") return List(message, *type.field(0));
      if (own.ends_with("Value")) return Scalar(message, *type.field(0), -1);
    }
    std::vector<std::string> members;
    const pb::Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < type.field_count(); ++i) {
      const pb::FieldDescriptor& field = *type.field(i);
      const bool there = field.is_repeated() ? reflection.FieldSize(message, &field) > 0
                                             : reflection.HasField(message, &field);
      if (there) {
        members.push_back(Member(KeyOf(field), Field(message, field)));
      } else if (random_.OneIn(64) && !HasNull(field)) {
        members.push_back(Member(KeyOf(field), "null"));
      } else if (random_.OneIn(64) && field.is_repeated()) {
        members.push_back(Member(KeyOf(field), field.is_map() ? "{ }" : "[ ]"));
      }
    }
    if (random_.OneIn(4)) members.push_back(Member("unknownField", R"([{"a":[1e3,"\n"]},null])"));
    return Object(std::move(members));
  }

 private:
  // Null is a value of it. In place of a list of them protobuf 3.21 takes it for a list of one.
  static bool HasNull(const pb::FieldDescriptor& field) {
    return (field.message_type() != nullptr &&
            field.message_type()->full_name() == "google.protobuf.Value") ||
           (field.enum_type() != nullptr &&
            field.enum_type()->full_name() == "google.protobuf.NullValue");
  }

  // The JSON name or that of the .proto, unless it is the JSON name of another field.
  std::string KeyOf(const pb::FieldDescriptor& field) {
    if (random_.OneIn(2)) return field.json_name();
    const pb::Descriptor& type = *field.containing_type();
    for (int i = 0; i < type.field_count(); ++i) {
      if (type.field(i)->json_name() == field.name()) return field.json_name();
    }
    return field.name();
  }

  std::string Field(const pb::Message& message, const pb::FieldDescriptor& field) {
    if (field.is_map()) return Map(message, field);
    if (field.is_repeated()) return List(message, field);
    return Scalar(message, field, -1);
  }

  std::string Map(const pb::Message& message, const pb::FieldDescriptor& field) {
    std::vector<std::string> members;
    const pb::Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const pb::Message& entry = reflection.GetRepeatedMessage(message, &field, i);
      members.push_back(Member(MapKey(entry, *field.message_type()->map_key()),
                               Scalar(entry, *field.message_type()->map_value(), -1)));
    }
    return Object(std::move(members));
  }

  std::string MapKey(const pb::Message& entry, const pb::FieldDescriptor& field) {
    const pb::Reflection& r = *entry.GetReflection();
    switch (field.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_INT32:
        return absl::StrCat(r.GetInt32(entry, &field));
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        return absl::StrCat(r.GetUInt32(entry, &field));
      case pb::FieldDescriptor::CPPTYPE_INT64:
        return absl::StrCat(r.GetInt64(entry, &field));
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        return absl::StrCat(r.GetUInt64(entry, &field));
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        return r.GetBool(entry, &field) ? "true" : "false";
      default:
        return r.GetString(entry, &field);
    }
  }

  std::string List(const pb::Message& message, const pb::FieldDescriptor& field) {
    std::string json = "[" + Space();
    for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
      if (i > 0) absl::StrAppend(&json, ",", Space());
      absl::StrAppend(&json, Scalar(message, field, i), Space());
    }
    return json + "]";
  }

  // The value of a field, or an element of one when `i` is not -1.
  std::string Scalar(const pb::Message& message, const pb::FieldDescriptor& field, int i) {
    const pb::Reflection& r = *message.GetReflection();
    const bool single = i < 0;
    switch (field.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_INT32:
        return Integer(single ? r.GetInt32(message, &field)
                              : r.GetRepeatedInt32(message, &field, i));
      case pb::FieldDescriptor::CPPTYPE_INT64:
        return Integer(single ? r.GetInt64(message, &field)
                              : r.GetRepeatedInt64(message, &field, i));
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        return Integer(single ? r.GetUInt32(message, &field)
                              : r.GetRepeatedUInt32(message, &field, i));
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        return Integer(single ? r.GetUInt64(message, &field)
                              : r.GetRepeatedUInt64(message, &field, i));
      case pb::FieldDescriptor::CPPTYPE_FLOAT:
        return Floating(
            single ? r.GetFloat(message, &field) : r.GetRepeatedFloat(message, &field, i), 9);
      case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        return Floating(
            single ? r.GetDouble(message, &field) : r.GetRepeatedDouble(message, &field, i), 17);
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        return (single ? r.GetBool(message, &field) : r.GetRepeatedBool(message, &field, i))
                   ? "true"
                   : "false";
      case pb::FieldDescriptor::CPPTYPE_ENUM:
        return Enum(*field.enum_type(), single ? r.GetEnumValue(message, &field)
                                               : r.GetRepeatedEnumValue(message, &field, i));
      case pb::FieldDescriptor::CPPTYPE_STRING: {
        const std::string text =
            single ? r.GetString(message, &field) : r.GetRepeatedString(message, &field, i);
        return field.type() == pb::FieldDescriptor::TYPE_BYTES ? Bytes(text) : Text(text);
      }
      case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        break;
    }
    return Message(single ? r.GetMessage(message, &field)
                          : r.GetRepeatedMessage(message, &field, i));
  }

  template <typename T>
  std::string Integer(T value) {
    std::string text = absl::StrCat(value);
    switch (random_.Below(6)) {
      case 0:
      case 1:
        return Text(text);
      case 2:
        return random_.OneIn(2) && value >= 0 ? Text("+0" + text) : text;
      case 3:  // only what a double holds
        if (std::abs(static_cast<double>(value)) < 0x1p53) return text + ".000e+0";
        return text;
      case 4:
        if (std::abs(static_cast<double>(value)) < 0x1p50 && value % 10 == 0 && value != 0) {
          return absl::StrCat(text.substr(0, text.size() - 1), "E01");
        }
        return text;
      default:
        return text;
    }
  }

  std::string Floating(double value, int digits) {
    if (std::isnan(value)) return Text("NaN");
    if (std::isinf(value)) return Text(value > 0 ? "Infinity" : "-Infinity");
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, random_.OneIn(2) ? "%.*g" : "%.*e", digits, value);
    // In a string, protobuf 3.21 refuses the nine digits of the largest float: it is less.
    if (std::abs(value) == std::numeric_limits<float>::max()) return buffer;
    return random_.OneIn(2) ? Text(buffer) : buffer;
  }

  // Numbers in a Value must not stand in strings.
  std::string Value(const pb::Value& value) {
    switch (value.kind_case()) {
      case pb::Value::kNumberValue:
        return absl::StrFormat("%.17g", value.number_value());
      case pb::Value::kStringValue:
        return Text(value.string_value());
      case pb::Value::kBoolValue:
        return value.bool_value() ? "true" : "false";
      case pb::Value::kStructValue:
        return Message(value.struct_value());
      case pb::Value::kListValue:
        return Message(value.list_value());
      default:
        return "null";
    }
  }

  std::string Enum(const pb::EnumDescriptor& type, int number) {
    if (type.full_name() == "google.protobuf.NullValue") {
      return random_.OneIn(2) ? "null" : "\"NULL_VALUE\"";
    }
    std::vector<std::string> names;
    for (int i = 0; i < type.value_count(); ++i) {
      if (type.value(i)->number() == number) names.push_back(type.value(i)->name());
    }
    if (names.empty() || random_.OneIn(4)) return absl::StrCat(number);
    if (random_.OneIn(8)) return absl::StrCat("\"", number, "\"");
    return Text(names[random_.Below(names.size())]);
  }

  std::string Bytes(std::string_view bytes) {
    std::string text;
    const bool url_safe = random_.OneIn(2);
    if (url_safe) {
      absl::WebSafeBase64Escape(AbslView(bytes), &text);
    } else {
      absl::Base64Escape(AbslView(bytes), &text);
    }
    while (text.ends_with('=')) text.pop_back();
    if (random_.OneIn(2)) text.append((4 - text.size() % 4) % 4, '=');
    return Text(text);
  }

  std::string Plain(const pb::Message& message) {
    std::string json;
    (void)pb::util::MessageToJsonString(message, &json);
    return json;
  }

  // With more decimals than it needs.
  std::string Time(const pb::Message& message) {
    std::string json = Plain(message);
    const size_t end = json.find_first_of("sZ");
    const size_t point = json.find('.');
    if (point != std::string::npos && end - point <= 9 && random_.OneIn(2)) json.insert(end, "0");
    if (point == std::string::npos && random_.OneIn(4)) json.insert(end, ".000");
    if (json.ends_with("Z\"") && random_.OneIn(2)) {
      absl::StrReplaceAll({{"Z", random_.OneIn(2) ? "+00:00" : "-00:00"}}, &json);
    }
    return json;
  }

  std::string Text(std::string_view text) {
    std::string json = "\"";
    const bool often = random_.OneIn(4);
    for (size_t i = 0; i < text.size();) {
      const auto c = static_cast<unsigned char>(text[i]);
      const size_t length = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
      const bool must = c < 0x20 || c == '"' || c == '\\';
      if (must || random_.OneIn(often ? 3 : 32)) {
        json += Escape(text.substr(i, length));
      } else {
        json += text.substr(i, length);
      }
      i += length;
    }
    return json + '"';
  }

  std::string Escape(std::string_view character) {
    const std::string_view kPlain = "\"\\/\b\f\n\r\t", kLetters = "\"\\/bfnrt";
    const size_t found = kPlain.find(character);
    if (found != std::string_view::npos && random_.OneIn(2)) {
      return std::string("\\") + kLetters[found];
    }
    char32_t c = static_cast<unsigned char>(character[0]);
    if (character.size() > 1) c &= 0x7f >> character.size();
    for (const char next : character.substr(1)) c = c << 6 | (next & 0x3f);
    const auto unit = [this](char32_t u) {
      return random_.OneIn(2) ? absl::StrFormat("\\u%04x", static_cast<uint32_t>(u))
                              : absl::StrFormat("\\u%04X", static_cast<uint32_t>(u));
    };
    if (c < 0x10000) return unit(c);
    return unit(0xd800 + ((c - 0x10000) >> 10)) + unit(0xdc00 + ((c - 0x10000) & 0x3ff));
  }

  std::string Member(std::string_view key, std::string_view value) {
    return absl::StrCat(Text(key), Space(), ":", Space(), AbslView(value), Space());
  }

  std::string Object(std::vector<std::string> members) {
    for (size_t i = members.size(); i > 1; --i)
      std::swap(members[i - 1], members[random_.Below(i)]);
    std::string json = "{" + Space();
    for (size_t i = 0; i < members.size(); ++i) {
      if (i > 0) absl::StrAppend(&json, ",", Space());
      json += members[i];
    }
    return json + "}";
  }

  std::string Space() {
    if (!random_.OneIn(8)) return std::string();
    constexpr std::string_view kSpaces[] = {" ", "\n", "\t", "\r\n", "   "};
    return std::string(kSpaces[random_.Below(std::size(kSpaces))]);
  }

  Random& random_;
};

}  // namespace

std::string VariedJson(Random& random, const pb::Message& message) {
  return Varier(random).Message(message);
}

}  // namespace runnel::conformance
