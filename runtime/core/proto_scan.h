// Finding out what is wrong with a binary message, or with strings in a message, so that an
// error can say where. protobuf itself says no more than "failed".

#ifndef RUNNEL_RUNTIME_CORE_PROTO_SCAN_H_
#define RUNNEL_RUNTIME_CORE_PROTO_SCAN_H_

#include <optional>
#include <string>
#include <string_view>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace runnel {

// Which string fields have to hold UTF-8: in the binary form proto3's only, in JSON all.
enum class Utf8Fields { kProto3, kAll };

// The path of the first string in `message` that is not UTF-8 ("rooms[2].name").
std::optional<std::string> FindInvalidUtf8(const google::protobuf::Message& message,
                                           Utf8Fields fields);

// Why `bytes`, which protobuf refused, are no message of this type, and where:
// "truncated in rooms.name at byte 17".
std::string DescribeProtoError(std::string_view bytes, const google::protobuf::Descriptor& type);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_PROTO_SCAN_H_
