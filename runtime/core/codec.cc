#include "runtime/core/codec.h"

#include <climits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "google/protobuf/stubs/logging.h"
#include "runtime/core/message_json.h"
#include "runtime/core/proto_scan.h"
#include "runtime/core/protobuf_json.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

using google::protobuf::Message;

const std::string& TypeName(const Message& message) { return message.GetDescriptor()->full_name(); }

absl::Status CheckInitialized(const Message& message) {
  if (message.IsInitialized()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      TypeName(message), " lacks required fields: ", message.InitializationErrorString()));
}

absl::Status CheckUtf8(const Message& message, Utf8Fields fields) {
  const std::optional<std::string> path = FindInvalidUtf8(message, fields);
  if (!path.has_value()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(TypeName(message), ".", *path, " is not valid UTF-8"));
}

absl::Status EncodeProto(const Message& message, std::string& out) {
  const MessageJson* const generated = FindMessageJson(message);
  if (generated == nullptr || !generated->has_valid_utf8(message)) {
    RUNNEL_RETURN_IF_ERROR(CheckUtf8(message, Utf8Fields::kProto3));
  }
  const size_t size = message.ByteSizeLong();
  if (size > INT_MAX) {
    return absl::InvalidArgumentError(
        absl::StrCat(TypeName(message), " of ", size, " bytes; protobuf's own limit is 2 GiB"));
  }
  const size_t start = out.size();
  out.resize(start + size);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(out.data()) + start);
  return absl::OkStatus();
}

// What is wrong with a message whose JSON cannot be written.
absl::Status CannotWrite(const Message& message, const absl::Status& reason) {
  RUNNEL_RETURN_IF_ERROR(CheckUtf8(message, Utf8Fields::kAll));
  return absl::InvalidArgumentError(
      absl::StrCat("cannot write ", TypeName(message), " as JSON: ", reason.message()));
}

absl::Status EncodeJson(const Message& message, std::string& out) {
  const size_t start = out.size();
  const MessageJson* const generated = FindMessageJson(message);
  if (generated == nullptr) RUNNEL_RETURN_IF_ERROR(CheckUtf8(message, Utf8Fields::kAll));
  const absl::Status written =
      generated != nullptr ? generated->write(message, out) : WriteProtobufJson(message, out);
  if (written.ok()) return absl::OkStatus();
  out.resize(start);
  return CannotWrite(message, written);
}

absl::Status DecodeProto(std::string_view bytes, Message& message) {
  bool parsed;
  {
    // protobuf writes a line to stderr for every string that is not UTF-8: a peer could fill a
    // log with it. The error says it instead.
    google::protobuf::LogSilencer silencer;
    parsed = bytes.size() <= INT_MAX &&
             message.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()));
  }
  if (!parsed) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a valid ", TypeName(message), ": ",
                     DescribeProtoError(bytes, *message.GetDescriptor())));
  }
  return CheckInitialized(message);
}

absl::Status DecodeJson(std::string_view json, const Limits& limits, Message& message) {
  const MessageJson* const generated = FindMessageJson(message);
  RUNNEL_RETURN_IF_ERROR(generated != nullptr ? generated->read(json, limits, message)
                                              : ReadProtobufJson(json, limits, message));
  return CheckInitialized(message);
}

}  // namespace

std::string_view CodecName(Codec codec) { return codec == Codec::kJson ? "json" : "proto"; }

absl::Status EncodeMessage(Codec codec, const Message& message, std::string& out) {
  RUNNEL_RETURN_IF_ERROR(CheckInitialized(message));
  return codec == Codec::kJson ? EncodeJson(message, out) : EncodeProto(message, out);
}

absl::Status DecodeMessage(Codec codec, std::string_view bytes, const Limits& limits,
                           Message& message) {
  if (bytes.size() > limits.max_message_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("message of ", bytes.size(), " bytes for ", TypeName(message), "; limit is ",
                     limits.max_message_bytes, " (Limits::max_message_bytes)"));
  }
  return codec == Codec::kJson ? DecodeJson(bytes, limits, message) : DecodeProto(bytes, message);
}

}  // namespace runnel
