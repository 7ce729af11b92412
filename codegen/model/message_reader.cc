#include "codegen/model/message_reader.h"

#include <google/protobuf/compiler/cpp/names.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codegen/model/api_reader.h"

namespace runnel::codegen {
namespace {

namespace pb = google::protobuf;
namespace pbcpp = google::protobuf::compiler::cpp;

// As runtime/json/json_enum.h has it.
bool ShorterOrLess(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

// Those with a JSON of their own: the functions of runtime/json/well_known.h.
bool IsWellKnown(const pb::Descriptor& type) {
  static const std::set<std::string, std::less<>> kNames = {
      "Any",        "BoolValue",   "BytesValue",  "DoubleValue", "Duration",    "FieldMask",
      "FloatValue", "Int32Value",  "Int64Value",  "ListValue",   "StringValue", "Struct",
      "Timestamp",  "UInt32Value", "UInt64Value", "Value"};
  constexpr std::string_view kPackage = "google.protobuf.";
  const std::string_view name = type.full_name();
  return name.substr(0, kPackage.size()) == kPackage &&
         kNames.count(name.substr(kPackage.size())) != 0;
}

FieldKind KindOf(const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return FieldKind::kInt32;
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return FieldKind::kUint32;
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return FieldKind::kInt64;
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return FieldKind::kUint64;
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return FieldKind::kFloat;
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return FieldKind::kDouble;
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return FieldKind::kBool;
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return field.type() == pb::FieldDescriptor::TYPE_BYTES ? FieldKind::kBytes
                                                             : FieldKind::kString;
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return field.enum_type()->full_name() == "google.protobuf.NullValue" ? FieldKind::kNull
                                                                           : FieldKind::kEnum;
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return field.message_type()->full_name() == "google.protobuf.Value" ? FieldKind::kValue
                                                                      : FieldKind::kMessage;
}

FieldShape ShapeOf(const pb::FieldDescriptor& field) {
  if (field.is_map()) return FieldShape::kMap;
  if (field.is_repeated()) return FieldShape::kRepeated;
  return field.has_presence() ? FieldShape::kExplicit : FieldShape::kImplicit;
}

Enum ReadEnum(const pb::EnumDescriptor& descriptor) {
  Enum type;
  type.cpp_type = pbcpp::QualifiedClassName(&descriptor);
  std::map<int, std::string> by_number;
  for (int i = 0; i < descriptor.value_count(); ++i) {
    const pb::EnumValueDescriptor& value = *descriptor.value(i);
    by_number.emplace(value.number(), value.name());
    type.by_name.push_back({value.name(), value.number()});
  }
  for (auto& [number, name] : by_number) type.by_number.push_back({name, number});
  std::sort(type.by_name.begin(), type.by_name.end(),
            [](const EnumValue& a, const EnumValue& b) { return ShorterOrLess(a.name, b.name); });
  return type;
}

bool IsText(const pb::FieldDescriptor& field) {
  return field.type() == pb::FieldDescriptor::TYPE_STRING &&
         field.file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO3;
}

// Whether a message of the type can hold such a string. `seen` are types that are no answer.
bool MayHoldText(const pb::Descriptor& type, std::set<const pb::Descriptor*>& seen) {
  if (!seen.insert(&type).second) return false;
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    if (IsText(field)) return true;
    if (field.message_type() != nullptr && MayHoldText(*field.message_type(), seen)) return true;
  }
  return false;
}

bool HoldsText(const pb::FieldDescriptor& field) {
  std::set<const pb::Descriptor*> seen;
  return IsText(field) ||
         (field.message_type() != nullptr && MayHoldText(*field.message_type(), seen));
}

bool IsDeprecated(const pb::Descriptor& type) {
  return type.options().deprecated() || type.file()->options().deprecated();
}

class Reader {
 public:
  void AddSent(const pb::Descriptor& type) {
    if (!sent_.insert(&type).second) return;
    (IsWellKnown(type) ? set_.well_known_sent : set_.sent)
        .push_back(pbcpp::QualifiedClassName(&type));
    Add(type);
  }

  MessageSet Take() && { return std::move(set_); }

 private:
  void Add(const pb::Descriptor& type) {
    if (IsWellKnown(type) || !known_.insert(&type).second) return;
    if (IsDeprecated(type)) set_.names_deprecated = true;
    std::vector<const pb::FieldDescriptor*> fields;
    for (int i = 0; i < type.field_count(); ++i) fields.push_back(type.field(i));
    std::sort(fields.begin(), fields.end(),
              [](const auto* a, const auto* b) { return a->number() < b->number(); });

    Message message;
    message.cpp_type = pbcpp::QualifiedClassName(&type);
    std::map<const pb::OneofDescriptor*, size_t> oneofs;
    size_t places = 0;
    for (const pb::FieldDescriptor* descriptor : fields) {
      Field field = ReadField(*descriptor);
      const pb::OneofDescriptor* oneof = descriptor->real_containing_oneof();
      if (oneof == nullptr) {
        field.place = places++;
      } else {
        const auto [entry, added] = oneofs.emplace(oneof, places);
        if (added) ++places;
        field.place = entry->second;
      }
      message.fields.push_back(std::move(field));
    }
    message.keys = KeysOf(fields);
    set_.messages.push_back(std::move(message));
    for (const pb::FieldDescriptor* field : fields) {
      const pb::FieldDescriptor& value =
          field->is_map() ? *field->message_type()->map_value() : *field;
      if (value.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) Add(*value.message_type());
    }
  }

  Field ReadField(const pb::FieldDescriptor& descriptor) {
    Field field;
    field.cpp_name = pbcpp::FieldName(&descriptor);
    field.json_name = descriptor.json_name();
    field.number = descriptor.number();
    field.shape = ShapeOf(descriptor);
    const bool is_map = descriptor.is_map();
    const pb::FieldDescriptor& value =
        is_map ? *descriptor.message_type()->map_value() : descriptor;
    field.kind = KindOf(value);
    if (is_map) {
      field.key_kind = KindOf(*descriptor.message_type()->map_key());
      field.key_holds_text = IsText(*descriptor.message_type()->map_key());
    }
    field.holds_text = HoldsText(value);
    if (value.cpp_type() == pb::FieldDescriptor::CPPTYPE_ENUM) {
      field.enum_index = IndexOf(*value.enum_type());
      field.closed = value.file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO2;
    }
    if (descriptor.options().deprecated()) set_.names_deprecated = true;
    return field;
  }

  // A JSON name goes before a name of the .proto.
  static std::vector<FieldKey> KeysOf(const std::vector<const pb::FieldDescriptor*>& fields) {
    std::map<std::string, size_t> indexes;
    for (size_t i = 0; i < fields.size(); ++i) indexes.emplace(fields[i]->json_name(), i);
    for (size_t i = 0; i < fields.size(); ++i) indexes.emplace(fields[i]->name(), i);
    std::vector<FieldKey> keys;
    for (auto& [key, index] : indexes) keys.push_back({key, index});
    std::sort(keys.begin(), keys.end(),
              [](const FieldKey& a, const FieldKey& b) { return ShorterOrLess(a.key, b.key); });
    return keys;
  }

  size_t IndexOf(const pb::EnumDescriptor& type) {
    const auto [entry, added] = enums_.emplace(&type, set_.enums.size());
    if (added) {
      set_.enums.push_back(ReadEnum(type));
      if (type.options().deprecated()) set_.names_deprecated = true;
    }
    return entry->second;
  }

  MessageSet set_;
  std::set<const pb::Descriptor*> sent_, known_;
  std::map<const pb::EnumDescriptor*, size_t> enums_;
};

}  // namespace

MessageSet ReadMessages(const pb::FileDescriptor& file) {
  Reader reader;
  for (int i = 0; i < file.service_count(); ++i) {
    for (int j = 0; j < file.service(i)->method_count(); ++j) {
      const pb::MethodDescriptor& method = *file.service(i)->method(j);
      reader.AddSent(*method.input_type());
      reader.AddSent(*method.output_type());
      for (const pb::Descriptor* message : ApiMessages(method)) reader.AddSent(*message);
    }
  }
  return std::move(reader).Take();
}

}  // namespace runnel::codegen
