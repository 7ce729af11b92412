// MessageJson is how the JSON that protoc-gen-runnel generated for a type of message is found; and
// the check of its strings, which comes with it.
//
// Each generated x.runnel.cc has a MessageJsonRegistration for every message its services send.
// EncodeMessage and DecodeMessage look there; what they do not find is left to protobuf.

#ifndef RUNNEL_RUNTIME_CORE_MESSAGE_JSON_H_
#define RUNNEL_RUNTIME_CORE_MESSAGE_JSON_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "runtime/core/limits.h"

namespace runnel {

// All are handed messages of the generated class, never another of the same descriptor.
struct MessageJson {
  // Appends the message to `out`, whose length after an error means nothing.
  absl::Status (*write)(const google::protobuf::Message& message, std::string& out);
  // Replaces the message by what the text says.
  absl::Status (*read)(std::string_view json, const Limits& limits,
                       google::protobuf::Message& message);
  // Whether its strings, those of proto3, are UTF-8, as they have to be in the binary form.
  bool (*has_valid_utf8)(const google::protobuf::Message& message);
};

// Lives as long as the program: a static object beside the functions. Registering the same type
// twice is harmless, one of them is used.
class MessageJsonRegistration {
 public:
  // `prototype` is called when somebody looks for a type, not before: protobuf may not have set
  // up its own static objects yet.
  using Prototype = const google::protobuf::Message& (*)();

  MessageJsonRegistration(Prototype prototype, MessageJson functions);
  MessageJsonRegistration(const MessageJsonRegistration&) = delete;
  MessageJsonRegistration& operator=(const MessageJsonRegistration&) = delete;

  const google::protobuf::Message& prototype() const { return prototype_(); }
  const MessageJson& functions() const { return functions_; }
  const MessageJsonRegistration* next() const { return next_; }

 private:
  const Prototype prototype_;
  const MessageJson functions_;
  const MessageJsonRegistration* next_ = nullptr;
};

// What is registered for the class of `message`, nullptr when nothing is. Takes no lock.
const MessageJson* FindMessageJson(const google::protobuf::Message& message);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_MESSAGE_JSON_H_
