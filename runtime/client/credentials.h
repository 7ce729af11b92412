// Credentials are what a channel shows to its server with every HTTP request.

#ifndef RUNNEL_RUNTIME_CLIENT_CREDENTIALS_H_
#define RUNNEL_RUNTIME_CLIENT_CREDENTIALS_H_

#include <functional>

#include "absl/status/statusor.h"
#include "runtime/core/metadata.h"

namespace runnel {

// Returns header fields ("authorization"), or why there are none, which is then what calls end
// with. Asked before every request, those of sessions included, on the channel's loop: a token that
// is renewed takes effect at once. Must not block. A session belongs to the principal that opened
// it: for another user make another channel.
using Credentials = std::function<absl::StatusOr<Metadata>()>;

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_CREDENTIALS_H_
