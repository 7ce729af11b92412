// The API key of the examples' servers.

#ifndef SERVICES_EXAMPLES_MARKOV_KEY_CHECK_H_
#define SERVICES_EXAMPLES_MARKOV_KEY_CHECK_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "runnel/server.h"

namespace examples::markov {

// Lets in who shows the key, in the field of that name behind the prefix ("authorization", "Bearer
// "); everybody, where the key is empty.
inline runnel::Authenticator RequireKey(std::string key, std::string field, std::string prefix) {
  if (key.empty()) return nullptr;
  struct Check {
    static runnel::Awaitable<absl::StatusOr<std::string>> Run(bool right) {
      if (!right) co_return absl::UnauthenticatedError("the API key is not this server's");
      co_return std::string("key");
    }
  };
  return [expected = prefix + key, field = std::move(field)](const runnel::Caller& caller) {
    const std::string_view shown = caller.headers.Get(field).value_or("");
    return Check::Run(shown == expected);
  };
}

}  // namespace examples::markov

#endif  // SERVICES_EXAMPLES_MARKOV_KEY_CHECK_H_
