// TypedChannel makes a channel of strings one of messages, both ways: protobuf messages here, their
// JSON or base64 in Dart.
//
//   runnel::TypedChannel<Order, Update> orders(*connection);
//   absl::StatusOr<std::optional<Order>> order = co_await orders.Read();
//   absl::Status sent = co_await orders.Send(update);

#ifndef RUNNEL_RUNTIME_SSE_TYPED_CHANNEL_H_
#define RUNNEL_RUNTIME_SSE_TYPED_CHANNEL_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "runtime/async/awaitable.h"
#include "runtime/core/limits.h"
#include "runtime/sse/string_channel.h"

namespace runnel {

// What the strings are.
enum class MessageText {
  kJson,    // canonical proto3 JSON: `toProto3Json` and `mergeFromProto3Json` in Dart
  kBase64,  // of the binary form, padded: `base64Encode(message.writeToBuffer())` in Dart
};

struct TypedChannelOptions {
  MessageText text = MessageText::kJson;
  Limits limits;  // max_message_bytes, max_json_depth, unknown_json; of messages that arrive
};

// INVALID_ARGUMENT when the message cannot be encoded.
absl::StatusOr<std::string> TextOfMessage(MessageText kind,
                                          const google::protobuf::Message& message);
// Replaces `message`. INVALID_ARGUMENT and RESOURCE_EXHAUSTED say what is wrong with `text`; base64
// may be in the alphabet for URLs, and without padding.
absl::Status ParseMessageText(std::string_view text, const TypedChannelOptions& options,
                              google::protobuf::Message& message);

// Use it from one coroutine for reading, and from any for sending. The channel, which is an
// SseConnection or an SseClient, outlives it.
template <typename In, typename Out>
class TypedChannel {
 public:
  explicit TypedChannel(StringChannel& channel, TypedChannelOptions options = {})
      : channel_(channel), options_(std::move(options)) {}

  // The next message; nullopt when the channel was closed. A message that is none is an error,
  // INVALID_ARGUMENT, or RESOURCE_EXHAUSTED with read_error_is_final() false, and the next Read
  // goes on; the others are the channel's.
  Awaitable<absl::StatusOr<std::optional<In>>> Read() {
    text_.clear();
    final_ = false;
    absl::StatusOr<std::optional<std::string>> text = co_await channel_.Read();
    if (!text.ok()) {
      final_ = !absl::IsInvalidArgument(text.status());
      co_return text.status();
    }
    if (!*text) co_return std::optional<In>();
    text_ = **std::move(text);
    In message;
    const absl::Status parsed = ParseMessageText(text_, options_, message);
    if (!parsed.ok()) co_return parsed;
    co_return std::optional<In>(std::move(message));
  }

  // Whether the error that Read returned last is the channel's, which has failed.
  bool read_error_is_final() const { return final_; }
  // The string that Read got last, whatever it was.
  const std::string& text() const { return text_; }

  // INVALID_ARGUMENT when the message cannot be encoded; nothing is sent then.
  Awaitable<absl::Status> Send(const Out& message) {
    return SendText(channel_, TextOfMessage(options_.text, message));
  }

 private:
  static Awaitable<absl::Status> SendText(StringChannel& channel,
                                          absl::StatusOr<std::string> text) {
    if (!text.ok()) co_return text.status();
    co_return co_await channel.Send(*std::move(text));
  }

  StringChannel& channel_;
  const TypedChannelOptions options_;
  std::string text_;
  bool final_ = false;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SSE_TYPED_CHANNEL_H_
