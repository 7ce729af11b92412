#include "runtime/core/proto_scan.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"
#include "runtime/core/utf8.h"

namespace runnel {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool WantsUtf8(const FieldDescriptor& field, Utf8Fields fields) {
  if (field.type() != FieldDescriptor::TYPE_STRING) return false;
  return fields == Utf8Fields::kAll || field.file()->syntax() == FileDescriptor::SYNTAX_PROTO3;
}

std::string Join(std::string_view path, std::string_view name) {
  return path.empty() ? std::string(name) : absl::StrCat(AbslView(path), ".", AbslView(name));
}

std::optional<std::string> FindInvalidUtf8InField(const Message& message,
                                                  const FieldDescriptor& field, Utf8Fields fields) {
  const Reflection& reflection = *message.GetReflection();
  const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  std::string scratch;
  if (!field.is_repeated()) {
    if (!reflection.HasField(message, &field)) return std::nullopt;
    if (is_message) {
      auto inner = FindInvalidUtf8(reflection.GetMessage(message, &field), fields);
      if (inner.has_value()) return Join(field.name(), *inner);
    } else if (!IsValidUtf8(reflection.GetStringReference(message, &field, &scratch))) {
      return field.name();
    }
    return std::nullopt;
  }
  const int size = reflection.FieldSize(message, &field);
  for (int i = 0; i < size; ++i) {
    if (is_message) {
      auto inner = FindInvalidUtf8(reflection.GetRepeatedMessage(message, &field, i), fields);
      if (inner.has_value()) return Join(absl::StrCat(field.name(), "[", i, "]"), *inner);
    } else if (!IsValidUtf8(reflection.GetRepeatedStringReference(message, &field, i, &scratch))) {
      return absl::StrCat(field.name(), "[", i, "]");
    }
  }
  return std::nullopt;
}

// A map whose entries can hold no string is left alone: looking at a map's entries by
// reflection makes a copy of it.
bool MayHoldStrings(const FieldDescriptor& field, Utf8Fields fields) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return WantsUtf8(field, fields);
  if (!field.is_map()) return true;
  const FieldDescriptor& value = *field.message_type()->map_value();
  return WantsUtf8(*field.message_type()->map_key(), fields) || WantsUtf8(value, fields) ||
         value.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

// A reader of the wire format that stops at the first thing that is wrong.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : bytes_(bytes) {}

  // The error in a message of `type` that ends at `end`; empty when there is none. `group` is
  // the number of the group it is, whose end tag ends it, or 0.
  std::string Message(const Descriptor* type, size_t end, std::string_view path, int depth,
                      uint32_t group) {
    if (depth > kMaxDepth) return Error("nested more than 100 deep", path);
    while (position_ < end) {
      uint64_t tag;
      if (!Varint(end, tag)) return Error("truncated or malformed tag", path);
      const uint64_t number = tag >> 3;
      if (number == 0 || tag > UINT32_MAX) return Error("invalid field number", path);
      if ((tag & 7) == kEndGroup) {
        if (number != group) return Error("end of a group that was not begun", path);
        return std::string();
      }
      const FieldDescriptor* field =
          type == nullptr ? nullptr : type->FindFieldByNumber(static_cast<int>(number));
      const std::string inner =
          Join(path, field != nullptr ? field->name() : absl::StrCat("field ", number));
      std::string error = Value(field, static_cast<uint32_t>(tag), end, inner, depth);
      if (!error.empty()) return error;
    }
    return group == 0 ? std::string() : Error("group without an end", path);
  }

 private:
  static constexpr int kMaxDepth = 100;
  enum WireType { kVarint, kFixed64, kBytes, kStartGroup, kEndGroup, kFixed32 };

  std::string Value(const FieldDescriptor* field, uint32_t tag, size_t end, std::string_view path,
                    int depth) {
    const Descriptor* type =
        field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE
            ? field->message_type()
            : nullptr;
    uint64_t value;
    switch (tag & 7) {
      case kVarint:
        return Varint(end, value) ? std::string() : Error("truncated or malformed varint", path);
      case kFixed64:
        return Skip(8, end, path);
      case kFixed32:
        return Skip(4, end, path);
      case kStartGroup:
        return Message(type, end, path, depth + 1, tag >> 3);
      case kBytes:
        break;
      default:
        return Error("invalid wire type", path);
    }
    if (!Varint(end, value)) return Error("truncated or malformed length", path);
    if (value > end - position_) return Error("truncated", path);
    if (type != nullptr) return Message(type, position_ + value, path, depth + 1, 0);
    if (field != nullptr && WantsUtf8(*field, Utf8Fields::kProto3) &&
        !IsValidUtf8(bytes_.substr(position_, value))) {
      return Error("invalid UTF-8", path);
    }
    position_ += value;
    return std::string();
  }

  bool Varint(size_t end, uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (position_ >= end) return false;
      const auto byte = static_cast<unsigned char>(bytes_[position_++]);
      if (shift < 64) value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  std::string Skip(size_t size, size_t end, std::string_view path) {
    if (size > end - position_) return Error("truncated", path);
    position_ += size;
    return std::string();
  }

  std::string Error(std::string_view what, std::string_view path) const {
    return path.empty()
               ? absl::StrCat(AbslView(what), " at byte ", position_)
               : absl::StrCat(AbslView(what), " in ", AbslView(path), " at byte ", position_);
  }

  std::string_view bytes_;
  size_t position_ = 0;
};

}  // namespace

std::optional<std::string> FindInvalidUtf8(const Message& message, Utf8Fields fields) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!MayHoldStrings(field, fields)) continue;
    auto found = FindInvalidUtf8InField(message, field, fields);
    if (found.has_value()) return found;
  }
  return std::nullopt;
}

std::string DescribeProtoError(std::string_view bytes, const Descriptor& type) {
  std::string error = WireReader(bytes).Message(&type, bytes.size(), "", 0, 0);
  return error.empty() ? "malformed" : error;
}

}  // namespace runnel
