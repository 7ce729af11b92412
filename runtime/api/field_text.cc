#include "runtime/api/field_text.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"
#include "runtime/core/utf8.h"
#include "runtime/wire/base64.h"

namespace runnel {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string ShortestText(double value, bool single) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char text[40];
  const std::to_chars_result end =
      single ? std::to_chars(text, std::end(text), static_cast<float>(value))
             : std::to_chars(text, std::end(text), value);
  return std::string(text, end.ptr);
}

std::string BytesText(std::string_view bytes) {
  std::string text;
  AppendBase64(bytes, text);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

template <typename T>
std::optional<T> Integer(std::string_view text) {
  T value = 0;
  const std::from_chars_result read =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int> EnumNumber(const FieldDescriptor& field, std::string_view text) {
  const EnumValueDescriptor* value = field.enum_type()->FindValueByName(std::string(text));
  if (value != nullptr) return value->number();
  return Integer<int>(text);
}

}  // namespace

std::string FieldText(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& fields = *message.GetReflection();
  const bool list = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(list ? fields.GetRepeatedInt32(message, &field, index)
                               : fields.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(list ? fields.GetRepeatedInt64(message, &field, index)
                               : fields.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(list ? fields.GetRepeatedUInt32(message, &field, index)
                               : fields.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(list ? fields.GetRepeatedUInt64(message, &field, index)
                               : fields.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return ShortestText(list ? fields.GetRepeatedDouble(message, &field, index)
                               : fields.GetDouble(message, &field),
                          /*single=*/false);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return ShortestText(
          list ? fields.GetRepeatedFloat(message, &field, index) : fields.GetFloat(message, &field),
          /*single=*/true);
    case FieldDescriptor::CPPTYPE_BOOL:
      return (list ? fields.GetRepeatedBool(message, &field, index)
                   : fields.GetBool(message, &field))
                 ? "true"
                 : "false";
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = list ? fields.GetRepeatedEnumValue(message, &field, index)
                              : fields.GetEnumValue(message, &field);
      const EnumValueDescriptor* value = field.enum_type()->FindValueByNumber(number);
      return value != nullptr ? value->name() : absl::StrCat(number);
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text = list ? fields.GetRepeatedString(message, &field, index)
                              : fields.GetString(message, &field);
      return field.type() == FieldDescriptor::TYPE_BYTES ? BytesText(text) : text;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "";
}

absl::Status SetFieldText(Message& message, const FieldDescriptor& field, std::string_view text) {
  const Reflection& fields = *message.GetReflection();
  const bool list = field.is_repeated();
  const auto wrong = [&](std::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("\"", AbslView(text.substr(0, 100)), "\" is no ",
                                                   AbslView(what), ", as ", field.full_name(),
                                                   " is"));
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      const std::optional<int32_t> value = Integer<int32_t>(text);
      if (!value) return wrong("32-bit integer");
      list ? fields.AddInt32(&message, &field, *value) : fields.SetInt32(&message, &field, *value);
      break;
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      const std::optional<int64_t> value = Integer<int64_t>(text);
      if (!value) return wrong("64-bit integer");
      list ? fields.AddInt64(&message, &field, *value) : fields.SetInt64(&message, &field, *value);
      break;
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      const std::optional<uint32_t> value = Integer<uint32_t>(text);
      if (!value) return wrong("unsigned 32-bit integer");
      list ? fields.AddUInt32(&message, &field, *value)
           : fields.SetUInt32(&message, &field, *value);
      break;
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      const std::optional<uint64_t> value = Integer<uint64_t>(text);
      if (!value) return wrong("unsigned 64-bit integer");
      list ? fields.AddUInt64(&message, &field, *value)
           : fields.SetUInt64(&message, &field, *value);
      break;
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT: {
      double value = 0;
      if (!absl::SimpleAtod(AbslView(text), &value)) return wrong("number");
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
        list ? fields.AddDouble(&message, &field, value)
             : fields.SetDouble(&message, &field, value);
      } else {
        const auto single = static_cast<float>(value);
        list ? fields.AddFloat(&message, &field, single)
             : fields.SetFloat(&message, &field, single);
      }
      break;
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      const bool value = text == "true" || text == "1";
      if (!value && text != "false" && text != "0") return wrong("bool");
      list ? fields.AddBool(&message, &field, value) : fields.SetBool(&message, &field, value);
      break;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const std::optional<int> value = EnumNumber(field, text);
      if (!value) return wrong("value of the enum");
      list ? fields.AddEnumValue(&message, &field, *value)
           : fields.SetEnumValue(&message, &field, *value);
      break;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string value;
      if (field.type() == FieldDescriptor::TYPE_BYTES) {
        if (!DecodeAnyBase64(text, value).ok()) return wrong("base64");
      } else {
        value = std::string(text);
        if (!IsValidUtf8(value)) return wrong("UTF-8");
      }
      list ? fields.AddString(&message, &field, std::move(value))
           : fields.SetString(&message, &field, std::move(value));
      break;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return wrong("message");
  }
  return absl::OkStatus();
}

}  // namespace runnel
