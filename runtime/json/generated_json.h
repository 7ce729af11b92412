// GeneratedJson makes the functions that protoc-gen-runnel wrote for a message known to the
// codec. A static object of generated code.

#ifndef RUNNEL_RUNTIME_JSON_GENERATED_JSON_H_
#define RUNNEL_RUNTIME_JSON_GENERATED_JSON_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "runtime/core/message_json.h"
#include "runtime/json/json_input.h"
#include "runtime/json/json_output.h"

namespace runnel {

template <typename T, void (*kWrite)(const T&, JsonOutput&), bool (*kRead)(JsonInput&, T&),
          bool (*kHasValidUtf8)(const T&)>
class GeneratedJson {
 public:
  GeneratedJson() : registration_(&Prototype, MessageJson{&Write, &Read, &HasValidUtf8}) {}

 private:
  static const google::protobuf::Message& Prototype() { return T::default_instance(); }

  static absl::Status Write(const google::protobuf::Message& message, std::string& out) {
    JsonOutput output(out);
    kWrite(static_cast<const T&>(message), output);
    return std::move(output).Finish();
  }

  static absl::Status Read(std::string_view json, const Limits& limits,
                           google::protobuf::Message& message) {
    message.Clear();
    JsonInput input(json, limits);
    if (kRead(input, static_cast<T&>(message)) && input.AtEnd()) return absl::OkStatus();
    return input.Error(T::descriptor()->full_name());
  }

  static bool HasValidUtf8(const google::protobuf::Message& message) {
    return kHasValidUtf8(static_cast<const T&>(message));
  }

  const MessageJsonRegistration registration_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_JSON_GENERATED_JSON_H_
