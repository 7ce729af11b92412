// What a field's value may be written as, outside of JSON.

#ifndef TOOLS_CLI_FIELD_VALUE_H_
#define TOOLS_CLI_FIELD_VALUE_H_

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace runnel::cli {

// Whether a message of this type is written as one value: Duration, Timestamp, FieldMask, wrappers,
// Value.
bool HasTextForm(const google::protobuf::Descriptor& type);

// Sets a field, or adds to a list, from its text. INVALID_ARGUMENT says what it should be; the
// field's name is the caller's to say.
absl::Status SetValue(const google::protobuf::FieldDescriptor& field, const std::string& text,
                      google::protobuf::Message& message);
// The same for a string or bytes whose value is known as it is. Strings are UTF-8.
absl::Status SetText(const google::protobuf::FieldDescriptor& field, const std::string& bytes,
                     google::protobuf::Message& message);

// "int32", "chat.v1.Room", "map<string, int64>"; without "repeated".
std::string TypeText(const google::protobuf::FieldDescriptor& field);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_FIELD_VALUE_H_
