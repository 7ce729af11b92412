// Authenticator says who calls: the one place where a server learns it, for direct calls and for
// sessions alike.

#ifndef RUNNEL_RUNTIME_SERVER_AUTHENTICATOR_H_
#define RUNNEL_RUNTIME_SERVER_AUTHENTICATOR_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/http/http_headers.h"
#include "runtime/http/peer_certificate.h"

namespace runnel {

// What is known of a caller. Valid until the authenticator's coroutine has ended.
struct Caller {
  const HttpHeaders& headers;  // of this request
  std::string_view peer;       // "127.0.0.1:53122"
  // What the client has proved by TLS; null where it has shown no certificate.
  const PeerCertificate* certificate;
};

// Returns the caller's principal, or the status to refuse the request with: UNAUTHENTICATED,
// PERMISSION_DENIED. Any name but the empty one, which is that of callers nobody knows; such a name
// should stay the same while a session lives, so a user's, not a token's. Runs for every request,
// before its body is read, on the loop of the connection, so on several threads at once. An
// exception that leaves it refuses the request (UNKNOWN).
using Authenticator = std::function<Awaitable<absl::StatusOr<std::string>>(const Caller&)>;

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_AUTHENTICATOR_H_
