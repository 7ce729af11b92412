// The JSON of protobuf itself, for messages that have no generated code, and for what is in an Any.

#ifndef RUNNEL_RUNTIME_CORE_PROTOBUF_JSON_H_
#define RUNNEL_RUNTIME_CORE_PROTOBUF_JSON_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "runtime/core/limits.h"

namespace runnel {

// Appends. After an error, which is INVALID_ARGUMENT, the length of `out` means nothing. Strings
// of the message are UTF-8: somebody has looked.
absl::Status WriteProtobufJson(const google::protobuf::Message& message, std::string& out);

// Replaces the message, behind a strict scan. Required fields may be missing afterwards.
absl::Status ReadProtobufJson(std::string_view json, const Limits& limits,
                              google::protobuf::Message& message);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_PROTOBUF_JSON_H_
