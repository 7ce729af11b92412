// The path of an API with fields in it: "/v1/models/{model}:generate".

#ifndef RUNNEL_CODEGEN_MODEL_API_PATH_H_
#define RUNNEL_CODEGEN_MODEL_API_PATH_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace runnel::codegen {

// The fields of a path, in order. INVALID_ARGUMENT says what is wrong with it: what
// runtime/api/path_template.h could not tell apart.
absl::StatusOr<std::vector<std::string>> ReadApiPath(std::string_view path);

// The path with {} in place of each field: two that are the same then are for the same requests.
std::string ShapeOfApiPath(std::string_view path);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_MODEL_API_PATH_H_
