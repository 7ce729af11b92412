// Schema is what the command line knows of a server's services: their descriptors, comments
// included.

#ifndef TOOLS_CLI_SCHEMA_H_
#define TOOLS_CLI_SCHEMA_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "runtime/client/message_types.h"
#include "runtime/core/method_info.h"

namespace runnel::cli {

// Copies share the types. All that is found lives as long as one of them.
class Schema {
 public:
  // INVALID_ARGUMENT says what is wrong with the files.
  static absl::StatusOr<Schema> Of(const google::protobuf::FileDescriptorSet& files);

  // Forgets services of other names: a file may have some that the server has not.
  void KeepServices(const std::set<std::string>& names);

  // In alphabetical order.
  const std::vector<const google::protobuf::ServiceDescriptor*>& services() const {
    return services_;
  }
  const MessageTypes& types() const { return types_; }

  // By the full name, or by the end of it where only one service, method or type has that:
  // "chat.v1.Chat", "Chat", "Chat/Post", "chat.v1.Chat.Post", "Post". NOT_FOUND says what there is.
  absl::StatusOr<const google::protobuf::ServiceDescriptor*> FindService(
      std::string_view name) const;
  absl::StatusOr<const google::protobuf::MethodDescriptor*> FindMethod(std::string_view name) const;
  absl::StatusOr<const google::protobuf::Descriptor*> FindMessage(std::string_view name) const;

  // Any of these, or an enum; one of them is set.
  struct Symbol {
    const google::protobuf::ServiceDescriptor* service = nullptr;
    const google::protobuf::MethodDescriptor* method = nullptr;
    const google::protobuf::Descriptor* message = nullptr;
    const google::protobuf::EnumDescriptor* enumeration = nullptr;
  };
  absl::StatusOr<Symbol> Find(std::string_view name) const;

  // "Service/Method" of all, each as short as it can be typed.
  std::vector<std::string> MethodNames() const;

 private:
  explicit Schema(MessageTypes types) : types_(std::move(types)) {}

  MessageTypes types_;
  std::vector<const google::protobuf::ServiceDescriptor*> services_;
};

// "/chat.v1.Chat/Post"
std::string PathOf(const google::protobuf::MethodDescriptor& method);
CallKind KindOf(const google::protobuf::MethodDescriptor& method);
// "unary", "server stream", "client stream", "bidi stream"
std::string_view KindName(CallKind kind);
// What the runtime needs to call it. `path` is PathOf, and outlives what is returned.
MethodInfo MethodInfoOf(const google::protobuf::MethodDescriptor& method, std::string_view path);
// The comment before a declaration as one line; only its first sentence.
std::string FirstSentence(const google::protobuf::SourceLocation& location);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_SCHEMA_H_
