// JsonText is a message that is nothing but its JSON: what the command line sends and prints, in
// any type, without making a message of it first. Channels whose codec is Codec::kJson carry it.

#ifndef TOOLS_CLI_JSON_TEXT_H_
#define TOOLS_CLI_JSON_TEXT_H_

#include <string>

#include "google/protobuf/message.h"

namespace runnel::cli {

// What is received is JSON (RFC 8259), in one line; whether it is of the type, nobody has looked.
class JsonText final : public google::protobuf::Message {
 public:
  // `type` is what errors name. It outlives the message.
  explicit JsonText(const google::protobuf::Descriptor& type) : type_(type) {}

  std::string& text() { return text_; }
  const std::string& text() const { return text_; }

  JsonText* New(google::protobuf::Arena* arena) const override;
  bool IsInitialized() const override { return true; }
  void Clear() override { text_.clear(); }
  google::protobuf::Metadata GetMetadata() const override { return {&type_, nullptr}; }
  int GetCachedSize() const override { return 0; }

 private:
  const google::protobuf::Descriptor& type_;
  std::string text_;
};

}  // namespace runnel::cli

#endif  // TOOLS_CLI_JSON_TEXT_H_
