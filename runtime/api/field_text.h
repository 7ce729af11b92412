// Single values of messages as the texts that paths and queries have.

#ifndef RUNNEL_RUNTIME_API_FIELD_TEXT_H_
#define RUNNEL_RUNTIME_API_FIELD_TEXT_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace runnel {

// The value of a field that is no message; of a repeated one the value at `index`.
std::string FieldText(const google::protobuf::Message& message,
                      const google::protobuf::FieldDescriptor& field, int index = 0);

// Sets the field, or adds to it when it is repeated. INVALID_ARGUMENT when `text` is no such value.
absl::Status SetFieldText(google::protobuf::Message& message,
                          const google::protobuf::FieldDescriptor& field, std::string_view text);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_API_FIELD_TEXT_H_
