// Where a command gets its types from: files, or the server itself.

#ifndef TOOLS_CLI_SCHEMA_SOURCE_H_
#define TOOLS_CLI_SCHEMA_SOURCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "runtime/core/method_info.h"
#include "tools/cli/options.h"
#include "tools/cli/schema.h"

namespace runnel::cli {

// Whether files are named, so that no server is needed.
bool HasSchemaFiles(const Options& options);
// Those of --proto or --descriptors. Errors are mistakes (failure.h).
absl::StatusOr<google::protobuf::FileDescriptorSet> SchemaFiles(const Options& options);
// Those, or what the server at `url` answers runnel.v1.Descriptors/GetDescriptorSet with.
absl::StatusOr<Schema> LoadSchema(const Options& options, const std::string& url);

// What a command calls.
struct Target {
  std::string url;
  Schema schema;
  const google::protobuf::MethodDescriptor* method;
  std::string path;
  MethodInfo info() const { return MethodInfoOf(*method, path); }
};

// Takes the address and the method from the front of `options.words`.
absl::StatusOr<Target> TakeTarget(Options& options);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_SCHEMA_SOURCE_H_
