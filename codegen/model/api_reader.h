// ReadApi turns the options of a method that describes an HTTP API into the model, beside ReadFile.

#ifndef RUNNEL_CODEGEN_MODEL_API_READER_H_
#define RUNNEL_CODEGEN_MODEL_API_READER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "codegen/model/api.h"

namespace google::protobuf {
class Descriptor;
class MethodDescriptor;
class ServiceDescriptor;
}  // namespace google::protobuf

namespace runnel::codegen {

// Nullopt for a method without such options. INVALID_ARGUMENT, with file and line, for options that
// contradict each other or the messages.
absl::StatusOr<std::optional<Api>> ReadApi(const google::protobuf::MethodDescriptor& method);

// What no method alone shows: that two of them are for the same requests. ReadApi has accepted the
// methods.
absl::Status CheckApis(const google::protobuf::ServiceDescriptor& service);

// What tells a unary method from the stream in the same place (Api::when); empty where there is
// none.
std::string WhenBeside(const google::protobuf::MethodDescriptor& method);

// The messages whose JSON travels beside those that the method sends: its body, and the members of
// its events.
std::vector<const google::protobuf::Descriptor*> ApiMessages(
    const google::protobuf::MethodDescriptor& method);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_MODEL_API_READER_H_
