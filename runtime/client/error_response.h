// What a response that is no success says.

#ifndef RUNNEL_RUNTIME_CLIENT_ERROR_RESPONSE_H_
#define RUNNEL_RUNTIME_CLIENT_ERROR_RESPONSE_H_

#include "absl/status/status.h"
#include "runtime/async/awaitable.h"
#include "runtime/core/limits.h"
#include "runtime/http/http_message.h"

namespace runnel {

// The longest body that is read for its message.
inline constexpr size_t kMaxErrorBytes = 64 * 1024;

// The error in the body, if it is one of the Connect protocol; else what the HTTP status means.
// Never OK.
Awaitable<absl::Status> ErrorOf(HttpResponse response, Limits limits);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_ERROR_RESPONSE_H_
