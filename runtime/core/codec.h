// Codec turns a message into bytes and back: canonical proto3 JSON, or the binary form.
//
// JSON is written and read by the code that protoc-gen-runnel generated for the messages of a
// service. For others protobuf's own does it, which is 20 to 40 times slower; a scan goes before
// its reader, which takes what is no JSON, and quadratic time for some of it.

#ifndef RUNNEL_RUNTIME_CORE_CODEC_H_
#define RUNNEL_RUNTIME_CORE_CODEC_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "runtime/core/limits.h"

namespace runnel {

enum class Codec { kJson, kProto };

// "json" or "proto", as they stand in media types and in `codec=`.
std::string_view CodecName(Codec codec);

// Appends the encoded message to `out`. Fails with INVALID_ARGUMENT, and leaves `out` as it
// was, when the message cannot be encoded: invalid UTF-8 in a string, a Timestamp out of
// range, an Any of unknown type, a missing proto2 required field.
absl::Status EncodeMessage(Codec codec, const google::protobuf::Message& message, std::string& out);

// Replaces `message` by what `bytes` say. INVALID_ARGUMENT says where and why they are not
// valid; RESOURCE_EXHAUSTED names the limit they exceed (max_message_bytes, max_json_depth).
// JSON: RFC 8259 strictly; what is unknown is ignored or refused (Limits::unknown_json).
absl::Status DecodeMessage(Codec codec, std::string_view bytes, const Limits& limits,
                           google::protobuf::Message& message);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_CODEC_H_
