#include "tests/conformance/json_comparison.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/util/json_util.h"
#include "runtime/core/string_view.h"

namespace runnel::conformance {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// protobuf looks at the names and numbers of unknown fields too, knows brackets in field masks, and
// takes neither points nor exponents nor the sign of an unsigned zero in the quotation marks of an
// integer.
bool MayRefuse(std::string_view error) {
  for (const char* reason : {"exceeds the range", "fields must have a name", "Invalid FieldMask"}) {
    if (error.find(reason) != std::string_view::npos) return true;
  }
  constexpr std::string_view kInvalid = "invalid value ";
  const size_t start = error.find(kInvalid);
  if (start == std::string_view::npos) return false;
  std::string_view value = error.substr(start + kInvalid.size());
  const bool quoted = value.starts_with('"');
  if (quoted) value.remove_prefix(1);
  value = value.substr(0, value.find_first_of("\" "));
  if (value.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return false;
  // The largest float is less than its nine digits say.
  if (error.find("FLOAT") != std::string_view::npos) return value.find("3.4028") <= 1;
  const bool is_integer =
      error.find("INT") != std::string_view::npos || error.find("FIXED") != std::string_view::npos;
  return is_integer && (value.find_first_of(".eE") != std::string_view::npos ||
                        value.find_first_not_of("-0") == std::string_view::npos);
}

// A number that is written with a point or an exponent and more digits than a double has: as an
// integer protobuf rounds it.
bool HasLongNumber(std::string_view json) {
  size_t digits = 0;
  bool broken = false;
  for (const char c : json) {
    if (c >= '0' && c <= '9') {
      ++digits;
    } else if (c == '.' || c == 'e' || c == 'E') {
      broken = true;
    } else if (c != '-' && c != '+') {
      digits = 0;
      broken = false;
    }
    if (broken && digits > 15) return true;
  }
  return false;
}

bool IsNullIn(const FieldDescriptor& field, const Message& message, int i) {
  const auto& reflection = *message.GetReflection();
  if (field.enum_type() != nullptr) {
    return field.enum_type()->full_name() == "google.protobuf.NullValue";
  }
  return field.message_type() != nullptr &&
         field.message_type()->full_name() == "google.protobuf.Value" &&
         reflection.GetRepeatedMessage(message, &field, i).GetDescriptor() ==
             google::protobuf::Value::descriptor() &&
         static_cast<const google::protobuf::Value&>(
             reflection.GetRepeatedMessage(message, &field, i))
             .has_null_value();
}

// Takes out what else JSON.md lets differ: signs of zero, field masks, and nulls in lists.
void Level(Message& message) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (is_message && field->message_type()->full_name() == "google.protobuf.FieldMask") {
      reflection.ClearField(&message, field);
      continue;
    }
    if (!field->is_repeated()) {
      if (is_message) {
        Level(*reflection.MutableMessage(&message, field));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
        reflection.SetDouble(&message, field, reflection.GetDouble(message, field) + 0.0);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_FLOAT) {
        reflection.SetFloat(&message, field, reflection.GetFloat(message, field) + 0.0f);
      }
      continue;
    }
    for (int i = reflection.FieldSize(message, field) - 1; i >= 0; --i) {
      if (!field->is_map() && IsNullIn(*field, message, i)) {
        // Order says nothing any more where one is missing; both are levelled alike.
        for (int j = i; j + 1 < reflection.FieldSize(message, field); ++j) {
          reflection.SwapElements(&message, field, j, j + 1);
        }
        reflection.RemoveLast(&message, field);
      } else if (is_message) {
        Level(*reflection.MutableRepeatedMessage(&message, field, i));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
        reflection.SetRepeatedDouble(&message, field, i,
                                     reflection.GetRepeatedDouble(message, field, i) + 0.0);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_FLOAT) {
        reflection.SetRepeatedFloat(&message, field, i,
                                    reflection.GetRepeatedFloat(message, field, i) + 0.0f);
      }
    }
  }
}

}  // namespace

std::string DeterministicBytes(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  message.SerializePartialToCodedStream(&out);
  out.Trim();
  return bytes;
}

absl::Status ReadByProtobuf(std::string_view json, Message& message) {
  google::protobuf::LogSilencer silencer;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  try {
    const auto status =
        google::protobuf::util::JsonStringToMessage({json.data(), json.size()}, &message, options);
    if (status.ok()) return absl::OkStatus();
    return absl::InvalidArgumentError(status.message().ToString());
  } catch (const google::protobuf::FatalException& error) {
    return absl::InternalError(error.what());
  }
}

std::string Difference(std::string_view json, const Message& ours) {
  std::unique_ptr<Message> protobufs(ours.New());
  const absl::Status by_protobuf = ReadByProtobuf(json, *protobufs);
  if (!by_protobuf.ok()) {
    if (MayRefuse(StdView(by_protobuf.message()))) return std::string();
    return absl::StrCat("protobuf refuses it: ", by_protobuf.message());
  }
  if (DeterministicBytes(ours) == DeterministicBytes(*protobufs)) return std::string();
  std::unique_ptr<Message> levelled(ours.New());
  levelled->CopyFrom(ours);
  for (Message* message : {levelled.get(), protobufs.get()}) {
    message->DiscardUnknownFields();
    Level(*message);
  }
  if (DeterministicBytes(*levelled) == DeterministicBytes(*protobufs)) return std::string();
  if (HasLongNumber(json)) return std::string();
  return absl::StrCat("protobuf reads another message: ", protobufs->ShortDebugString(),
                      "\n  instead of ", levelled->ShortDebugString());
}

}  // namespace runnel::conformance
