// A ServerInterceptor stands around every handler of a server: it may look at and change
// the context, wrap the streams, refuse the call, or only watch.

#ifndef RUNNEL_RUNTIME_SERVER_SERVER_INTERCEPTOR_H_
#define RUNNEL_RUNTIME_SERVER_SERVER_INTERCEPTOR_H_

#include "runtime/server/service.h"

namespace runnel {

// One object serves every call, on every loop, at the same time.
class ServerInterceptor {
 public:
  virtual ~ServerInterceptor() = default;

  // Awaits next(context, in, out), or returns a status without. The arguments outlive the
  // coroutine.
  virtual Awaitable<absl::Status> Intercept(ServerContext& context, MessageReader& in,
                                            MessageWriter& out, const MethodHandler& next) = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SERVER_INTERCEPTOR_H_
