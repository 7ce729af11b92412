#include "runtime/sse/typed_channel.h"

#include "runtime/core/codec.h"
#include "runtime/core/status_macros.h"
#include "runtime/wire/base64.h"

namespace runnel {

absl::StatusOr<std::string> TextOfMessage(MessageText kind,
                                          const google::protobuf::Message& message) {
  std::string bytes;
  const Codec codec = kind == MessageText::kJson ? Codec::kJson : Codec::kProto;
  RUNNEL_RETURN_IF_ERROR(EncodeMessage(codec, message, bytes));
  if (kind == MessageText::kJson) return bytes;
  // Dart's decoder wants the padding.
  std::string text(PaddedBase64Size(bytes.size()), '=');
  WritePaddedBase64(bytes, text.data());
  return text;
}

absl::Status ParseMessageText(std::string_view text, const TypedChannelOptions& options,
                              google::protobuf::Message& message) {
  if (options.text == MessageText::kJson) {
    return DecodeMessage(Codec::kJson, text, options.limits, message);
  }
  std::string bytes;
  RUNNEL_RETURN_IF_ERROR(DecodeAnyBase64(text, bytes));
  return DecodeMessage(Codec::kProto, bytes, options.limits, message);
}

}  // namespace runnel
