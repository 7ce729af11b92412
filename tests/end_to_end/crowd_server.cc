// A server with room for 10,000 idle connections, and little patience, as a process of its own.
// Prints its URL.

#include <cstdio>

#include "runtime/server/server.h"
#include "tests/end_to_end/open_files.h"
#include "tests/end_to_end/scripted_service.h"

int main() {
  if (!end_to_end::AllowOpenFiles(10'200)) return 1;
  runnel::ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.threads = 1;
  options.limits.max_connections = 10'100;
  options.limits.header_timeout = absl::Seconds(5);
  options.limits.body_progress_timeout = absl::Seconds(5);
  options.limits.keep_alive_timeout = absl::Seconds(5);
  end_to_end::ScriptedService service;
  runnel::Server server(options);
  if (!server.AddService(service).ok() || !server.Start().ok()) return 1;
  runnel::ServeUntilSignalled(server, absl::Seconds(10), [&] {
    std::printf("%s\n", server.url().c_str());
    std::fflush(stdout);
  });
}
