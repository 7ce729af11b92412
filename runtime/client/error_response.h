// What a response that is no success means to a client.

#ifndef RUNNEL_RUNTIME_CLIENT_ERROR_RESPONSE_H_
#define RUNNEL_RUNTIME_CLIENT_ERROR_RESPONSE_H_

#include "absl/status/status.h"
#include "runtime/async/awaitable.h"
#include "runtime/core/limits.h"
#include "runtime/http/http_message.h"

namespace runnel {

struct ResponseError {
  ResponseError() = default;

  int http_status = 0;
  absl::Status status;
  // The body is an error of a Runnel or Connect server. Else the answer may be that of a proxy, and
  // the code of the status is what follows from the HTTP status.
  bool from_server = false;
  // The server says that it has not run the method.
  bool never_ran = false;
};

// Reads the body, which may be compressed by gzip.
Awaitable<ResponseError> ErrorOf(HttpResponse response, Limits limits);

// The longest body of an error that is read, in bytes, and the most that may come of it.
inline constexpr size_t kMaxErrorBytes = 64 * 1024;

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_ERROR_RESPONSE_H_
