// Authorizer says who may call what: the one place where a server asks, for direct calls, those on
// sessions and those of APIs alike.

#ifndef RUNNEL_RUNTIME_SERVER_AUTHORIZER_H_
#define RUNNEL_RUNTIME_SERVER_AUTHORIZER_H_

#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "runtime/core/metadata.h"

namespace runnel {

// Returns OK, or what the call ends with instead of running: PERMISSION_DENIED as a rule, with what
// the caller can do about it; UNAUTHENTICATED where it ought to say who it is. `method` is
// "/package.Service/Method", `principal` what ServerOptions::authenticate said, empty for anybody.
// Runs before interceptors and handlers, on several threads at once; must not block. An exception
// that leaves it ends the call (UNKNOWN).
using Authorizer = std::function<absl::Status(std::string_view method, std::string_view principal,
                                              const Metadata& metadata)>;

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_AUTHORIZER_H_
