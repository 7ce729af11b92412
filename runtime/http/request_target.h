// The target of a request, in whichever of its forms a peer writes it.

#ifndef RUNNEL_RUNTIME_HTTP_REQUEST_TARGET_H_
#define RUNNEL_RUNTIME_HTTP_REQUEST_TARGET_H_

#include <string>

#include "absl/status/status.h"
#include "runtime/http/http_headers.h"

namespace runnel {

// Brings `target` into its origin form, "/path?query", and `headers` to one Host that is fit to be
// compared: a target that names the server itself ("http://host/path") stands above the Host
// field (RFC 9112 section 3.2.2). "*" of an OPTIONS stays. INVALID_ARGUMENT when the target, or the
// Host, is none.
absl::Status NormalizeTarget(std::string& target, HttpHeaders& headers);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_REQUEST_TARGET_H_
