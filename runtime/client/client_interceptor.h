// A ClientInterceptor sees every call of a channel: it may change its options, observe or
// replace its messages, or answer it without the server.

#ifndef RUNNEL_RUNTIME_CLIENT_CLIENT_INTERCEPTOR_H_
#define RUNNEL_RUNTIME_CLIENT_CLIENT_INTERCEPTOR_H_

#include <functional>
#include <memory>

#include "runtime/client/call_options.h"
#include "runtime/client/client_call.h"
#include "runtime/core/method_info.h"

namespace runnel {

// Runs on the channel's loop. One object serves every call, at the same time.
class ClientInterceptor {
 public:
  using NewCall = std::function<std::unique_ptr<ClientCall>(const MethodInfo&, CallOptions)>;

  virtual ~ClientInterceptor() = default;

  // Returns next(method, options), or a ClientCall that wraps it.
  virtual std::unique_ptr<ClientCall> Intercept(const MethodInfo& method, CallOptions options,
                                                const NewCall& next) = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_CLIENT_INTERCEPTOR_H_
