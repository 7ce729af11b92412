// MountedHandler is what answers at a path of a Server, or below one, instead of its services.

#ifndef RUNNEL_RUNTIME_SERVER_MOUNTED_HANDLER_H_
#define RUNNEL_RUNTIME_SERVER_MOUNTED_HANDLER_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>

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

  // False for what everybody may have, such as the files of a page that asks for a password: the
  // server then asks nobody who calls, and `principal` is empty.
  virtual bool asks_who_calls() const { return true; }
};

// By their paths. Filled first, then read by every loop.
using MountedHandlers = std::map<std::string, MountedHandler*, std::less<>>;

// The handler of a path; else that of the longest "/prefix/" that the path begins with; else null.
// "/" by itself is a path, and no prefix.
MountedHandler* FindMounted(const MountedHandlers& mounted, std::string_view path);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_MOUNTED_HANDLER_H_
