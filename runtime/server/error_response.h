// Errors as HTTP responses, in the form of the Connect protocol.

#ifndef RUNNEL_RUNTIME_SERVER_ERROR_RESPONSE_H_
#define RUNNEL_RUNTIME_SERVER_ERROR_RESPONSE_H_

#include <string_view>

#include "absl/status/status.h"
#include "runtime/core/codec.h"
#include "runtime/http/http_message.h"

namespace runnel {

// The body says `status` as JSON; the HTTP status follows from its code.
HttpResponse ErrorResponse(const absl::Status& status);
// The same with an HTTP status that says more than the code does (404, 405, 415).
HttpResponse ErrorResponse(int http_status, const absl::Status& status);

// The same to a client that expects envelopes: HTTP is content, the end of the stream is not.
HttpResponse EnvelopeErrorResponse(Codec codec, const absl::Status& status);

// A response whose body is all there.
HttpResponse BytesResponse(std::string_view content_type, std::string body);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_ERROR_RESPONSE_H_
