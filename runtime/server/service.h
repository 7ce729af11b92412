// Service is what generated service classes derive from, and ServerMethod what they hand to
// the server: a method with its types taken off.

#ifndef RUNNEL_RUNTIME_SERVER_SERVICE_H_
#define RUNNEL_RUNTIME_SERVER_SERVICE_H_

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "runtime/async/awaitable.h"
#include "runtime/call/message_stream.h"
#include "runtime/core/method_info.h"
#include "runtime/server/server_context.h"

namespace runnel {

class MountedHandler;

// Runs one call of any kind to its end: reads requests, writes responses, returns the status.
// The arguments outlive the coroutine.
using MethodHandler =
    std::function<Awaitable<absl::Status>(ServerContext&, MessageReader&, MessageWriter&)>;

struct ServerMethod {
  const MethodInfo* info = nullptr;  // lives for ever
  MethodHandler handler;
  size_t index = 0;  // in MethodRegistry::methods, which sets it
};

class Service {
 public:
  virtual ~Service() = default;
  // Every method, bound to this object. Generated. The odd name stays clear of rpc names.
  virtual std::vector<ServerMethod> runnel_methods() = 0;
  // The server is about to serve: the full names of all its services, in alphabetical order.
  virtual void runnel_start(const std::vector<std::string>& services) { (void)services; }
  // Server::Shutdown has begun, on its thread: nothing is refused yet (ServerOptions::drain_delay).
  virtual void runnel_drain() {}
  // What it answers beside its methods, by paths: AddService adds them as AddHandler would.
  virtual std::vector<std::pair<std::string, MountedHandler*>> runnel_handlers() { return {}; }
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SERVICE_H_
