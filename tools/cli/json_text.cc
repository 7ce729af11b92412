#include "tools/cli/json_text.h"

#include <algorithm>
#include <string_view>

#include "google/protobuf/arena.h"
#include "google/protobuf/empty.pb.h"
#include "runtime/core/json_scan.h"
#include "runtime/core/message_json.h"

namespace runnel::cli {
namespace {

const google::protobuf::Message& Prototype() {
  static const JsonText prototype(*google::protobuf::Empty::descriptor());
  return prototype;
}

absl::Status Write(const google::protobuf::Message& message, std::string& out) {
  out += static_cast<const JsonText&>(message).text();
  return absl::OkStatus();
}

absl::Status Read(std::string_view json, const Limits& limits, google::protobuf::Message& message) {
  const absl::Status scanned = ScanJson(json, limits.max_json_depth);
  if (!scanned.ok()) return scanned;
  std::string& text = static_cast<JsonText&>(message).text();
  text.assign(json);
  // Line ends of JSON stand between its tokens only.
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return absl::OkStatus();
}

// The binary form is nobody's business here.
bool HasValidUtf8(const google::protobuf::Message&) { return true; }

const MessageJsonRegistration registration(&Prototype, MessageJson{&Write, &Read, &HasValidUtf8});

}  // namespace

JsonText* JsonText::New(google::protobuf::Arena* arena) const {
  JsonText* const made = new JsonText(type_);
  if (arena != nullptr) arena->Own(made);
  return made;
}

}  // namespace runnel::cli
