// What the emitters know of a .proto file: plain values, every C++ name already chosen.
// DescriptorReader makes them; nothing here knows of descriptors.

#ifndef RUNNEL_CODEGEN_MODEL_FILE_H_
#define RUNNEL_CODEGEN_MODEL_FILE_H_

#include <optional>
#include <string>
#include <vector>

#include "codegen/model/api.h"

namespace runnel::codegen {

enum class CallKind { kUnary, kServerStream, kClientStream, kBidi };

enum class Idempotency { kUnknown, kNoSideEffects, kIdempotent };

// The lines of a comment, without comment marks; safe to be put behind "//".
using Comment = std::vector<std::string>;

struct Method {
  std::string full_name;      // "chat.v1.Chat.Post"
  std::string path;           // "/chat.v1.Chat/Post"
  std::string cpp_name;       // "Post"
  std::string request_type;   // "::chat::v1::PostRequest"
  std::string response_type;  // "::chat::v1::PostResponse"
  CallKind kind = CallKind::kUnary;
  Idempotency idempotency = Idempotency::kUnknown;
  bool resumable = false;
  bool deprecated = false;
  std::optional<Api> api;  // of methods that describe an HTTP API of their own
  Comment comment;
};

struct Service {
  std::string full_name;  // "chat.v1.Chat"
  std::string cpp_name;   // "Chat"
  std::string mock_name;  // "MockChatStub"
  bool deprecated = false;
  Comment comment;
  std::vector<Method> methods;
};

struct File {
  std::string path;           // "chat/v1/chat.proto"
  std::string stem;           // "chat/v1/chat": generated files are stem + ".runnel.h" and so on
  std::string cpp_namespace;  // "chat::v1"; "" for none
  // A service, method or message type in it is deprecated: the generated code names it
  // without a warning.
  bool names_deprecated = false;
  std::vector<Service> services;
};

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_MODEL_FILE_H_
