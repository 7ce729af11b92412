#ifndef RUNNEL_RUNTIME_HTTP_TCP_CONNECTOR_H_
#define RUNNEL_RUNTIME_HTTP_TCP_CONNECTOR_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/http/byte_stream.h"
#include "runtime/http/http_url.h"
#include "runtime/http/tls_context.h"

namespace runnel {

// Resolves `address` and connects to the first of its addresses that answers, on the executor
// of the awaiting coroutine; with `tls`, which may be null, that includes the handshake.
// UNAVAILABLE names the address and the reason; so it does when all of that takes longer than
// `timeout`.
Awaitable<absl::StatusOr<std::shared_ptr<ByteStream>>> ConnectTcp(HostPort address,
                                                                  std::shared_ptr<TlsContext> tls,
                                                                  Clock& clock,
                                                                  absl::Duration timeout);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_TCP_CONNECTOR_H_
