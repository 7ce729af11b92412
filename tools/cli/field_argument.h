// FieldArgument is one `path=value` of the command line, which sets a field of a request.

#ifndef TOOLS_CLI_FIELD_ARGUMENT_H_
#define TOOLS_CLI_FIELD_ARGUMENT_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace runnel::cli {

struct FieldArgument {
  std::string path;   // "page.size"
  std::string value;  // as it stands behind = or :=
  bool json = false;  // it was :=

  // nullopt when `word` has no such form.
  static std::optional<FieldArgument> Parse(std::string_view word);
  // The file of a value that is "@FILE".
  std::optional<std::string> File() const;
};

// Sets what `argument` names, in `message` or in messages within; adds to lists and maps. The
// command line's `help requests` describes it. INVALID_ARGUMENT names the field, what is wrong, and
// what there is instead; NOT_FOUND is a file that cannot be read.
absl::Status SetField(const FieldArgument& argument, google::protobuf::Message& message);

// The field that a path without dots names; errors as above.
absl::StatusOr<const google::protobuf::FieldDescriptor*> FindField(
    const google::protobuf::Descriptor& type, std::string_view name);

// The bytes of a file. NOT_FOUND says why there are none.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_FIELD_ARGUMENT_H_
