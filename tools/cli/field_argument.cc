#include "tools/cli/field_argument.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "runtime/core/limits.h"
#include "runtime/core/protobuf_json.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "tools/cli/field_value.h"
#include "tools/cli/suggestion.h"

namespace runnel::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status Wrong(const FieldArgument& argument, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(argument.path, ": ", AbslView(why)));
}

absl::Status InPath(const FieldArgument& argument, const absl::Status& status) {
  if (status.ok() || absl::IsNotFound(status)) return status;
  return Wrong(argument, StdView(status.message()));
}

// The JSON `{"name": value}`, read into `message` beside what it holds.
absl::Status MergeJson(const FieldDescriptor& field, std::string_view json, Message& message) {
  std::unique_ptr<Message> part(message.New());
  Limits limits;
  limits.unknown_json = UnknownJson::kRefuse;
  RUNNEL_RETURN_IF_ERROR(ReadProtobufJson(
      absl::StrCat("{\"", field.json_name(), "\":", AbslView(json), "}"), limits, *part));
  // Instead of what is there, but for lists and maps.
  if (!field.is_repeated()) message.GetReflection()->ClearField(&message, &field);
  message.MergeFrom(*part);
  return absl::OkStatus();
}

// A field of a `oneof` whose other member is set would take its place.
absl::Status CheckOneof(const FieldDescriptor& field, const Message& message) {
  const google::protobuf::OneofDescriptor* const oneof = field.real_containing_oneof();
  if (oneof == nullptr) return absl::OkStatus();
  const FieldDescriptor* const set =
      message.GetReflection()->GetOneofFieldDescriptor(message, oneof);
  if (set == nullptr || set == &field) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("only one of ", set->name(), " and ", field.name(),
                                                 " can be set, they are of the oneof ",
                                                 oneof->name()));
}

// Where a path stands: `rest` is what is behind the field.
struct Place {
  Message* message;
  std::string_view rest;
};

absl::Status SetIn(const FieldArgument& argument, Place place);

// An entry of a map: `rest` is its key, and with values that are messages, behind a dot, a path.
absl::Status SetEntry(const FieldArgument& argument, const FieldDescriptor& field, Place place) {
  const FieldDescriptor* const key = field.message_type()->map_key();
  const FieldDescriptor* const value = field.message_type()->map_value();
  std::string_view key_text = place.rest;
  std::string_view rest;
  const size_t dot = key_text.find('.');
  if (value->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && dot != std::string_view::npos &&
      !HasTextForm(*value->message_type())) {
    rest = key_text.substr(dot + 1);
    key_text = key_text.substr(0, dot);
  }
  if (key_text.empty()) return absl::InvalidArgumentError("is a map: write map.key=value");
  const Reflection* const reflection = place.message->GetReflection();
  // Protobuf's reflection knows the entries of a map as messages of a list: one of this key goes
  // on.
  Message* entry = nullptr;
  std::unique_ptr<Message> wanted(
      reflection->GetMessageFactory()->GetPrototype(field.message_type())->New());
  RUNNEL_RETURN_IF_ERROR(SetValue(*key, std::string(key_text), *wanted));
  const std::string wanted_key = wanted->ShortDebugString();
  for (int i = 0; i < reflection->FieldSize(*place.message, &field); ++i) {
    Message* const there = reflection->MutableRepeatedMessage(place.message, &field, i);
    std::unique_ptr<Message> only_key(there->New());
    only_key->CopyFrom(*there);
    only_key->GetReflection()->ClearField(only_key.get(), value);
    if (only_key->ShortDebugString() == wanted_key) entry = there;
  }
  if (entry == nullptr) {
    entry = reflection->AddMessage(place.message, &field);
    entry->CopyFrom(*wanted);
  }
  if (!rest.empty()) {
    Message* const inner = entry->GetReflection()->MutableMessage(entry, value);
    return SetIn(argument, Place{inner, rest});
  }
  if (argument.json) return MergeJson(*value, argument.value, *entry);
  return SetValue(*value, argument.value, *entry);
}

// An element of a list of messages: `rest` is "0.name".
absl::Status SetElement(const FieldArgument& argument, const FieldDescriptor& field, Place place) {
  const Reflection* const reflection = place.message->GetReflection();
  const size_t dot = place.rest.find('.');
  const std::string_view number = place.rest.substr(0, dot);
  const int size = reflection->FieldSize(*place.message, &field);
  int index = 0;
  if (!absl::SimpleAtoi(AbslView(number), &index) || index < 0 || dot == std::string_view::npos ||
      field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    return absl::InvalidArgumentError(
        absl::StrCat(field.name(), " is a list: write ", field.name(),
                     field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE
                         ? absl::StrCat(".0.",
                                        field.message_type()->field_count() > 0
                                            ? field.message_type()->field(0)->name()
                                            : "field",
                                        "=… for its first element")
                         : "=… for each of its elements"));
  }
  if (index > size) {
    return absl::InvalidArgumentError(absl::StrCat(
        field.name(), " has ", size, " elements so far: the next is ", field.name(), ".", size));
  }
  Message* const element = index == size
                               ? reflection->AddMessage(place.message, &field)
                               : reflection->MutableRepeatedMessage(place.message, &field, index);
  return SetIn(argument, Place{element, place.rest.substr(dot + 1)});
}

absl::Status SetIn(const FieldArgument& argument, Place place) {
  const size_t dot = place.rest.find('.');
  RUNNEL_ASSIGN_OR_RETURN(const FieldDescriptor* const field,
                          FindField(*place.message->GetDescriptor(), place.rest.substr(0, dot)));
  RUNNEL_RETURN_IF_ERROR(CheckOneof(*field, *place.message));
  if (dot != std::string_view::npos) {
    const Place behind{place.message, place.rest.substr(dot + 1)};
    if (field->is_map()) return SetEntry(argument, *field, behind);
    if (field->is_repeated()) return SetElement(argument, *field, behind);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      return absl::InvalidArgumentError(
          absl::StrCat(field->name(), " is a ", TypeText(*field), ", and has no fields"));
    }
    Message* const inner = place.message->GetReflection()->MutableMessage(place.message, field);
    return SetIn(argument, Place{inner, behind.rest});
  }
  if (argument.json) return MergeJson(*field, argument.value, *place.message);
  if (field->is_map()) {
    return absl::InvalidArgumentError(absl::StrCat("is a map: write ", argument.path,
                                                   ".KEY=VALUE, or ", argument.path, ":=JSON"));
  }
  const std::optional<std::string> file = argument.File();
  if (file && (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING)) {
    RUNNEL_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(*file));
    return SetText(*field, bytes, *place.message);
  }
  const bool message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  const bool any_json = message && argument.value.starts_with('{') && !field->is_repeated();
  if (any_json) return MergeJson(*field, argument.value, *place.message);
  if (message && !HasTextForm(*field->message_type())) {
    const Descriptor& type = *field->message_type();
    const std::string inner = type.field_count() > 0 ? type.field(0)->name() : "field";
    return absl::InvalidArgumentError(absl::StrCat(
        "is a message (", type.full_name(), "): write ", argument.path,
        field->is_repeated() ? ".0." : ".", inner, "=…, or ", argument.path, ":=JSON"));
  }
  // A backslash keeps an @ from being a file.
  std::string_view text = argument.value;
  if (text.starts_with("\\@")) text.remove_prefix(1);
  return SetValue(*field, std::string(text), *place.message);
}

}  // namespace

std::optional<FieldArgument> FieldArgument::Parse(std::string_view word) {
  const size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  FieldArgument argument;
  argument.json = word[equals - 1] == ':';
  argument.path = std::string(word.substr(0, argument.json ? equals - 1 : equals));
  argument.value = std::string(word.substr(equals + 1));
  // A path begins with a field's name; JSON and files do not.
  const char first = argument.path.empty() ? '\0' : argument.path.front();
  if (first != '_' && !absl::ascii_isalpha(static_cast<unsigned char>(first))) return std::nullopt;
  return argument;
}

std::optional<std::string> FieldArgument::File() const {
  if (json || value.size() < 2 || value.front() != '@') return std::nullopt;
  return value.substr(1);
}

absl::StatusOr<const FieldDescriptor*> FindField(const Descriptor& type, std::string_view name) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* const field = type.field(i);
    if (field->name() == name || field->json_name() == name) return field;
    names.push_back(field->name());
  }
  if (names.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(type.full_name(), " has no fields, so no ", AbslView(name)));
  }
  return absl::InvalidArgumentError(absl::StrCat(type.full_name(), " has no field ", AbslView(name),
                                                 DidYouMean(name, names), "\nIt has ",
                                                 absl::StrJoin(names, ", "), "."));
}

absl::Status SetField(const FieldArgument& argument, Message& message) {
  return InPath(argument, SetIn(argument, Place{&message, argument.path}));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (file && bytes) return bytes.str();
  // An empty file fails to be copied, but can be read.
  if (file.is_open() && bytes.str().empty() && file.eof() == false && !file.bad()) return "";
  return absl::NotFoundError(absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
}

}  // namespace runnel::cli
