// Status codes by name and as HTTP statuses, as the Connect protocol defines them
// (connectrpc.com/docs/protocol, "Error codes" and "HTTP to error code").

#ifndef RUNNEL_RUNTIME_CORE_STATUS_CODE_H_
#define RUNNEL_RUNTIME_CORE_STATUS_CODE_H_

#include <optional>
#include <string_view>

#include "absl/status/status.h"

namespace runnel {

// "invalid_argument"; "canceled" with one l; "unknown" for a number that is no code. "ok" for
// kOk, which Connect has no name for.
std::string_view StatusCodeName(absl::StatusCode code);
// The reverse, for the 16 names of errors.
std::optional<absl::StatusCode> StatusCodeFromName(std::string_view name);

// The HTTP status that carries an error of this code.
int HttpStatusFor(absl::StatusCode code);
// What a response of this HTTP status means when its body does not say.
absl::StatusCode StatusCodeForHttp(int http_status);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_STATUS_CODE_H_
