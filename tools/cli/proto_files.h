// .proto files as descriptors, without protoc.

#ifndef TOOLS_CLI_PROTO_FILES_H_
#define TOOLS_CLI_PROTO_FILES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.pb.h"

namespace runnel::cli {

// The files, and what they import, which is looked for in `directories`, beside them, and in this
// program (google/protobuf/*.proto, runnel/v1/options.proto). INVALID_ARGUMENT lists what is wrong,
// with places: "chat.proto:12:3: …".
absl::StatusOr<google::protobuf::FileDescriptorSet> ParseProtoFiles(
    const std::vector<std::string>& files, const std::vector<std::string>& directories);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_PROTO_FILES_H_
