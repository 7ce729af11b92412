// The errors of HTTP APIs: JSON that says what went wrong, and the status it stands for.

#ifndef RUNNEL_RUNTIME_API_API_ERROR_H_
#define RUNNEL_RUNTIME_API_API_ERROR_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "runtime/api/api_method.h"
#include "runtime/core/limits.h"

namespace runnel {

// What `errors` say of a status that is not OK. Its ErrorInfo may name the kind, as its reason.
int ApiErrorHttpStatus(const ApiErrors& errors, const absl::Status& status);
std::string ApiErrorJson(const ApiErrors& errors, const absl::Status& status);

// The status that JSON stands for: its message is the server's, and the kind of error is the reason
// of its ErrorInfo. `http_status` is the response's, 0 in a stream. Nullopt when the JSON has no
// error where `errors` say.
std::optional<absl::Status> ParseApiError(const ApiErrors& errors, std::string_view json,
                                          int http_status, const Limits& limits);

// What an HTTP status means where nothing else is said.
absl::StatusCode ApiCodeForHttp(int http_status);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_API_API_ERROR_H_
