// The requests of HTTP APIs: which part of a message is in the path, in the query and in the body.

#ifndef RUNNEL_RUNTIME_API_API_REQUEST_H_
#define RUNNEL_RUNTIME_API_API_REQUEST_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/api/api_method.h"
#include "runtime/api/path_template.h"
#include "runtime/core/limits.h"

namespace runnel {

struct ApiRequest {
  std::string target;               // path and query
  std::optional<std::string> body;  // JSON
};

// `request` as a request for `method`, with the field `when` set to what a call that streams, or
// not, has there. INVALID_ARGUMENT when a field of the path is empty, or a string is not UTF-8.
absl::StatusOr<ApiRequest> EncodeApiRequest(const ApiMethod& method,
                                            const google::protobuf::Message& request, bool streams);

// Replaces `request` by what a request says. INVALID_ARGUMENT says what is wrong with it. Unknown
// parameters of the query mean nothing.
absl::Status DecodeApiRequest(const ApiMethod& method, const PathTemplate::Values& path,
                              std::string_view query, std::string_view body, const Limits& limits,
                              google::protobuf::Message& request);

// Whether a request asks for the stream of `method`, whose `when` is a field.
bool AsksForStream(const ApiMethod& method, const google::protobuf::Message& request);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_API_API_REQUEST_H_
