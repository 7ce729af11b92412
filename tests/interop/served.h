// A server with a ScriptedService on a port of its own.

#ifndef RUNNEL_TESTS_INTEROP_SERVED_H_
#define RUNNEL_TESTS_INTEROP_SERVED_H_

#include <cstdlib>

#include "runtime/server/server.h"
#include "tests/end_to_end/scripted_service.h"

namespace interop {

class Served {
 public:
  explicit Served(runnel::ServerOptions options = {}) : server_(OnFreePort(std::move(options))) {
    if (!server_.AddService(service_).ok() || !server_.Start().ok()) std::abort();
  }
  ~Served() {
    service_.journal().Add("release");
    server_.Shutdown(absl::ZeroDuration());
  }

  int port() const { return server_.port(); }
  end_to_end::Journal& journal() { return service_.journal(); }

 private:
  static runnel::ServerOptions OnFreePort(runnel::ServerOptions options) {
    options.listen = "127.0.0.1:0";
    return options;
  }

  end_to_end::ScriptedService service_;
  runnel::Server server_;
};

}  // namespace interop

#endif  // RUNNEL_TESTS_INTEROP_SERVED_H_
