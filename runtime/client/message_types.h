// MessageTypes are types of messages that a program comes to know when it runs, by their names:
// those of a descriptor set, which `protoc --include_imports --descriptor_set_out=FILE` writes.

#ifndef RUNNEL_RUNTIME_CLIENT_MESSAGE_TYPES_H_
#define RUNNEL_RUNTIME_CLIENT_MESSAGE_TYPES_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace runnel {

// A message that keeps its type alive.
using AnyMessage = std::shared_ptr<google::protobuf::Message>;

// Copies share the types. Thread-safe.
class MessageTypes {
 public:
  // Of a serialized google.protobuf.FileDescriptorSet. Files may come in any order, and twice.
  // What they import and the set lacks is taken from this program, as google/protobuf/*.proto
  // often is. INVALID_ARGUMENT says which file is wrong, and how, or what it imports in vain.
  static absl::StatusOr<MessageTypes> FromDescriptorSet(std::string_view bytes);
  // Of a file that has one: NOT_FOUND when it cannot be read.
  static absl::StatusOr<MessageTypes> FromFile(const std::string& path);

  // "package.Message" or "package.Message.Nested". NOT_FOUND says what there is instead.
  absl::StatusOr<AnyMessage> New(std::string_view type) const;
  absl::StatusOr<const google::protobuf::Descriptor*> Find(std::string_view type) const;
  // Of the files in the set, in alphabetical order.
  const std::vector<std::string>& names() const;

 private:
  struct Types;
  explicit MessageTypes(std::shared_ptr<const Types> types);

  std::shared_ptr<const Types> types_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_MESSAGE_TYPES_H_
