// SharedMessage is a message that many streams send. Its bytes are made once for each codec, when
// the first stream needs them, and all streams copy from the same ones.

#ifndef RUNNEL_RUNTIME_CALL_SHARED_MESSAGE_H_
#define RUNNEL_RUNTIME_CALL_SHARED_MESSAGE_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "runtime/core/codec.h"

namespace runnel {

// Immutable and thread-safe. What it hands out lives as long as it does.
class SharedMessage {
 public:
  // `event_id` is the id of its events, from [A-Za-z0-9._-]; it may be empty.
  SharedMessage(std::shared_ptr<const google::protobuf::Message> message, std::string event_id);
  SharedMessage(const SharedMessage&) = delete;
  SharedMessage& operator=(const SharedMessage&) = delete;

  const google::protobuf::Message& message() const { return *message_; }
  const std::shared_ptr<const google::protobuf::Message>& shared() const { return message_; }
  const std::string& event_id() const { return event_id_; }

  // The message's bytes. INVALID_ARGUMENT when it cannot be encoded (EncodeMessage), each time.
  absl::StatusOr<std::string_view> Encoded(Codec codec) const;

  // Of the message's bytes, once Encoded or Event has returned them.
  size_t EncodedSize(Codec codec) const {
    return codec == Codec::kJson ? json_size_ : proto_.size();
  }

  // The message as an event of a direct call's stream (PROTOCOL.md, A.2), with its id or without.
  enum class Id { kWithout, kWith };
  absl::StatusOr<std::string_view> Event(Codec codec, Id id) const;

 private:
  void EncodeJson() const;
  void EncodeProto() const;

  const std::shared_ptr<const google::protobuf::Message> message_;
  const std::string event_id_;

  // Made on first use.
  mutable std::once_flag json_once_;
  mutable std::once_flag proto_once_;
  mutable std::once_flag proto_event_once_;
  // Why it cannot be encoded. No status: its copies would be counted across threads, out of sight
  // of a thread sanitizer.
  mutable std::string json_error_;
  mutable std::string proto_error_;
  mutable std::string json_event_;
  mutable size_t json_size_ = 0;  // of the message, which json_event_ contains
  mutable std::string proto_;
  mutable std::string proto_event_;
};

using SharedMessagePtr = std::shared_ptr<const SharedMessage>;

// Some that follow one another in a stream.
using SharedMessages = std::span<const SharedMessagePtr>;

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CALL_SHARED_MESSAGE_H_
