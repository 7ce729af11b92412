// MountedHandler is what answers at a path of a Server instead of its services.

#ifndef RUNNEL_RUNTIME_SERVER_MOUNTED_HANDLER_H_
#define RUNNEL_RUNTIME_SERVER_MOUNTED_HANDLER_H_

#include <functional>
#include <map>
#include <string>

#include "runtime/async/awaitable.h"
#include "runtime/http/http_message.h"

namespace runnel {

class MountedHandler {
 public:
  virtual ~MountedHandler() = default;

  // As HttpHandler::Handle, on every loop of the server at once. The server has asked who calls
  // (ServerOptions::authenticate), and has refused the pages that may not (ServerOptions::origins);
  // it adds to the response what lets the others read it.
  virtual Awaitable<HttpResponse> Handle(HttpRequest request, std::string principal) = 0;
};

// By their paths. Filled first, then read by every loop.
using MountedHandlers = std::map<std::string, MountedHandler*, std::less<>>;

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_MOUNTED_HANDLER_H_
