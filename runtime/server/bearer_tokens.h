// An Authenticator that knows callers by tokens, which are in a file:
//
//   runnel::BearerTokensOptions tokens;
//   tokens.file = "/etc/shop/tokens";
//   RUNNEL_ASSIGN_OR_RETURN(options.authenticate, runnel::AuthenticateByTokens(tokens));
//
// A client sends `Authorization: Bearer TOKEN`. The file has a line for each token:
//
//   # who     token
//   ada       sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b
//   backups   plain:correct-horse-battery-staple
//
// The first field is the principal, who may have several tokens. The second is best a hash, so that
// the file gives nobody a token. This makes a token and its hash:
//
//   token=$(openssl rand -hex 32); echo "$token"
//   echo "sha256:$(printf %s "$token" | sha256sum | cut -d' ' -f1)"
//
// No salt is needed, as such a token cannot be guessed; words of people do not belong here.

#ifndef RUNNEL_RUNTIME_SERVER_BEARER_TOKENS_H_
#define RUNNEL_RUNTIME_SERVER_BEARER_TOKENS_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/clock.h"
#include "runtime/server/authenticator.h"

namespace runnel {

struct BearerTokensOptions {
  std::string file;
  // Told how each reading anew went, on the loop of a connection; must not block. Where not set,
  // what went wrong is said on the program's standard error.
  std::function<void(const absl::Status&)> on_reload;
  Clock* clock = nullptr;  // Clock::Real() where not set
};

// Reads the file, which has at most 1 MiB. It is looked at once a second, when somebody calls, and
// read anew when it has changed, on the loop of that call: keep it on a disk of this machine, and
// where there are thousands of tokens, not in a file. A new one that is wrong, or gone, leaves the
// tokens as they were; an empty one is right, and refuses everybody. INVALID_ARGUMENT names the
// line, NOT_FOUND the file; no message has anything of a token.
//
// A caller without one of the tokens is UNAUTHENTICATED. The time that takes says nothing about the
// tokens.
absl::StatusOr<Authenticator> AuthenticateByTokens(BearerTokensOptions options);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_BEARER_TOKENS_H_
