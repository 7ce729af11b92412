// What a server tells of itself by gRPC's reflection, where it has no runnel.v1.Descriptors.

#ifndef TOOLS_CLI_REFLECTION_H_
#define TOOLS_CLI_REFLECTION_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.pb.h"
#include "tools/cli/connection.h"

namespace runnel::cli {

struct ReflectedFiles {
  google::protobuf::FileDescriptorSet files;  // those of the services, and what they import
  std::set<std::string> services;
};

// Asks grpc.reflection.v1.ServerReflection, in calls that send all before they read: so a server
// needs no more than HTTP/1.1. The status is that of the first call that fails.
absl::StatusOr<ReflectedFiles> AskReflection(Connection& connection);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_REFLECTION_H_
